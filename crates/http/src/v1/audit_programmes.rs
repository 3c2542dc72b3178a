//! Audit programmes over HTTP [9.2.2].

mod bodies;
mod coverage;
mod view;

pub(crate) use view::AuditProgrammeView;

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::mistakes::VoidRecord;
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::http::StatusCode;
use actix_web::{get, patch, post};
use bodies::{AmendAuditProgramme, ApproveAuditProgramme, CloseAuditProgramme, CreateAuditProgramme};
use chrono::{DateTime, NaiveDate, Utc};
use coverage::AuditCoverageView;
use ratchet_domain::access::Actor;
use ratchet_domain::audit_programmes::{self as domain, AuditProgramme, StageName, Verb};
use ratchet_domain::mistakes::Voidable;
use ratchet_persistence::audit_programmes::{Filter, coverage as computed};
use serde::Deserialize;

/// What a list of audit programmes can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditProgrammeQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "approved")]
    state: Option<Vec<StageName>>,
    /// For a time that this day is part of.
    #[serde(default, deserialize_with = "bounded")]
    on: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for AuditProgramme {
    type View = AuditProgrammeView;
    type Query = AuditProgrammeQuery;
    const PATH: &'static str = "audit-programmes";

    fn view(&self, transitions: Option<Vec<Transition>>) -> AuditProgrammeView {
        AuditProgrammeView::of(self, transitions)
    }

    fn filter(query: AuditProgrammeQuery, _: &Actor, _: NaiveDate) -> Filter {
        let AuditProgrammeQuery { state, on, updated_since } = query;
        Filter { stage: state, on, updated_since }
    }
}

/// List audit programmes.
#[utoipa::path(
    tag = "audit-programmes",
    params(PageParameters, AuditProgrammeQuery),
    responses((status = 200, body = Page<AuditProgrammeView>))
)]
#[get("/audit-programmes")]
pub(crate) async fn list_audit_programmes(call: Call, list: List<AuditProgrammeQuery>) -> Result<Answer, ApiError> {
    call.list::<AuditProgramme>(list).await
}

/// Draft an audit programme.
#[utoipa::path(
    tag = "audit-programmes",
    params(WriteParameters),
    request_body = CreateAuditProgramme,
    responses((status = 201, body = AuditProgrammeView))
)]
#[post("/audit-programmes")]
pub(crate) async fn create_audit_programme(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateAuditProgramme>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateAuditProgramme, by, birth, tx| {
        Ok(AuditProgramme::draft(input.into_content(by, tx)?, by, birth)?)
    })
    .await
}

/// Read an audit programme.
#[utoipa::path(
    tag = "audit-programmes",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = AuditProgrammeView))
)]
#[get("/audit-programmes/{id}")]
pub(crate) async fn get_audit_programme(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<AuditProgramme>(target, parameters).await
}

/// Read what was audited within the three years that end with the programme, what is planned, and what neither.
///
/// Clauses, controls that are not excluded, and processes, each with the audits that are about it and the worst that they
/// found.
#[utoipa::path(
    tag = "audit-programmes",
    params(("id" = String, Path)),
    responses((status = 200, body = AuditCoverageView))
)]
#[get("/audit-programmes/{id}/coverage")]
pub(crate) async fn get_audit_coverage(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let programme: AuditProgramme = records::get(locator, &by, connection)?;
        Ok((computed(&programme, connection)?, programme.head.version))
    };
    let (coverage, version) = call.app.store.read(read).await?;
    let answer = Answer::json(StatusCode::OK, &AuditCoverageView::from(coverage))?.with_etag(version);
    Ok(answer.unless_known(call.header("if-none-match")?))
}

/// Amend an audit programme's plain fields.
#[utoipa::path(
    tag = "audit-programmes",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendAuditProgramme, content_type = "application/merge-patch+json"),
    responses((status = 200, body = AuditProgrammeView))
)]
#[patch("/audit-programmes/{id}")]
pub(crate) async fn amend_audit_programme(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendAuditProgramme>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |programme: AuditProgramme, input: AmendAuditProgramme, by, tx| {
        Ok(programme.amend(input.into_amendment(by, tx)?, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "audit-programmes", record AuditProgramme, view AuditProgrammeView;

    /// Approve an audit programme, or approve it anew after a change.
    approve_audit_programme "/audit-programmes/{id}/approve" Approve ApproveAuditProgramme
    |programme, ApproveAuditProgramme {}, facts, by, tx| programme.approve(facts, by, tx.now());

    /// Close an audit programme: its audits are over, and it is said why planned ones were not conducted.
    close_audit_programme "/audit-programmes/{id}/close" Close CloseAuditProgramme
    |programme, CloseAuditProgramme { summary, not_audited_because }, facts, by, tx|
        programme.close(domain::Close { summary, not_audited_because }, facts, by, tx.now());

    /// Void an audit programme: it was drafted by mistake. Before it is approved, and with no audit of it open.
    void_audit_programme "/audit-programmes/{id}/void" Void VoidRecord
    |programme, input, facts, by, tx| programme.void(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_audit_programmes)
        .service(create_audit_programme)
        .service(get_audit_programme)
        .service(get_audit_coverage)
        .service(amend_audit_programme)
        .service(approve_audit_programme)
        .service(close_audit_programme)
        .service(void_audit_programme);
}
