//! Acknowledgements over HTTP [5.2 f, 7.3 a]: given by the person, and by nobody else.

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::expand::MemberName;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::policies::{CoverageView, reads_everybody};
use crate::v1::records;
use actix_web::http::StatusCode;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::acknowledgements::{Acknowledgement, Circumstances, Overall};
use ratchet_domain::change::{Birth, Change, Record};
use ratchet_domain::id::{MemberId, PolicyId, PolicyVersionId};
use ratchet_domain::members::Member;
use ratchet_domain::policies::Policy;
use ratchet_domain::policy_versions::PolicyVersion;
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::acknowledgements::{self as table, Filter};
use ratchet_persistence::settings;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};

/// That somebody knows what a policy says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AcknowledgementView {
    #[serde(flatten)]
    pub head: HeadView,
    /// The policy.
    pub policy_id: PolicyId,
    /// What the policy was called then.
    #[schema(example = "Use of laptops")]
    pub policy_title: String,
    /// The version that was acknowledged.
    pub version_id: PolicyVersionId,
    /// Its number.
    #[schema(example = 3)]
    pub version_number: i64,
    /// Who.
    pub member_id: MemberId,
    /// The member's name; only with `expand=member`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberName>,
    /// Since when the member had been asked.
    pub asked_on: NaiveDate,
    /// The last day on which it was in time.
    pub due_on: NaiveDate,
    /// The day it was given.
    pub given_on: NaiveDate,
    /// Whether it came after its time.
    pub late: bool,
    /// Nothing can be done to it; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of acknowledgements can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AcknowledgementQuery {
    /// Of the policy of this id or reference, whatever the version.
    #[param(value_type = Option<String>, example = "POL-2026-0001")]
    policy: Option<Named>,
    /// Of the version of this id or reference.
    #[param(value_type = Option<String>, example = "POV-2026-0001")]
    version: Option<Named>,
    /// By this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    member: Option<Who>,
    /// Given at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Acknowledgement {
    type View = AcknowledgementView;
    type Query = AcknowledgementQuery;
    const PATH: &'static str = "acknowledgements";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("member", "member_id")];
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("policy", "policy_id", Prefix::Policy), ("policy_version", "version_id", Prefix::PolicyVersion)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> AcknowledgementView {
        let late = self.is_late();
        let Self { head, policy, policy_title, version, number, member, asked_on, due_on, given_on } = self.clone();
        AcknowledgementView {
            head: (&head).into(),
            policy_id: policy,
            policy_title,
            version_id: version,
            version_number: number,
            member_id: member,
            member: None,
            asked_on,
            due_on,
            given_on,
            late,
            transitions,
        }
    }

    fn settle(query: &mut AcknowledgementQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("policy", &[Prefix::Policy], &mut query.policy)?;
        look.up("version", &[Prefix::PolicyVersion], &mut query.version)?;
        look.up("member", &[Prefix::Member], &mut query.member)
    }

    fn filter(query: AcknowledgementQuery, by: &Actor, _: NaiveDate) -> Filter {
        let AcknowledgementQuery { policy, version, member, updated_since } = query;
        Filter {
            policy: policy.map(Named::id),
            version: version.map(Named::id),
            member: member.map(|who| who.resolve(by)),
            updated_since,
        }
    }
}

/// What the caller acknowledges, for itself alone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAcknowledgement {
    /// The version that holds, by reference or id: what was read is what is acknowledged.
    #[schema(example = "POV-2026-0012")]
    version: String,
}

/// How far policies are acknowledged.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OverallCoverageView {
    /// How many acknowledgements are asked for over all policies.
    #[schema(example = 462)]
    pub asked: usize,
    /// How many of them were given.
    #[schema(example = 441)]
    pub acknowledged: usize,
    /// How many are overdue.
    #[schema(example = 4)]
    pub overdue: usize,
    /// How many in a hundred were given, rounded down to one decimal; `null` where none is asked for.
    #[schema(example = 95.4)]
    pub percent: Option<f64>,
    /// Each policy that holds.
    pub policies: Vec<CoverageView>,
}

/// List acknowledgements.
#[utoipa::path(
    tag = "policies",
    params(PageParameters, AcknowledgementQuery),
    responses((status = 200, body = Page<AcknowledgementView>))
)]
#[get("/acknowledgements")]
pub(crate) async fn list_acknowledgements(call: Call, list: List<AcknowledgementQuery>) -> Result<Answer, ApiError> {
    call.list::<Acknowledgement>(list).await
}

/// Acknowledge the version of a policy that holds: for oneself, once.
#[utoipa::path(
    tag = "policies",
    params(WriteParameters),
    request_body = CreateAcknowledgement,
    responses((status = 201, body = AcknowledgementView))
)]
#[post("/acknowledgements")]
pub(crate) async fn create_acknowledgement(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateAcknowledgement>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateAcknowledgement, by, birth, tx| give(&input.version, by, birth, tx))
        .await
}

fn give(named: &str, by: &Actor, birth: Birth, tx: &mut Tx<'_>) -> Result<Change<Acknowledgement>, ApiError> {
    let version: PolicyVersion = records::known("/version", named, by, tx)?;
    let policy: Policy = tx.load(Locator::Id(version.policy.0))?;
    let me = by.member().ok_or(Refusal::Forbidden)?;
    let member: Member = tx.load(Locator::Id(me.0))?;
    let (now, organisation) = (tx.now(), by.organisation);
    let rules = settings::rules(organisation, tx.connection())?;
    let circumstances = Circumstances {
        joined_on: rules.today(member.head().created_at),
        is_given: table::is_given(organisation, (version.id(), me), tx.connection())?,
        today: rules.today(now),
    };
    Ok(Acknowledgement::give(&version, &policy, circumstances, by, birth)?)
}

/// Read an acknowledgement.
#[utoipa::path(
    tag = "policies",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = AcknowledgementView))
)]
#[get("/acknowledgements/{id}")]
pub(crate) async fn get_acknowledgement(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Acknowledgement>(target, parameters).await
}

/// Read how far every policy that holds is acknowledged, and all of them together.
///
/// Derived now from audiences, members and the versions that hold.
#[utoipa::path(tag = "policies", responses((status = 200, body = OverallCoverageView)))]
#[get("/acknowledgements/coverage")]
pub(crate) async fn get_acknowledgement_coverage(call: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    reads_everybody(&call.actor)?;
    let (organisation, now) = (call.actor.organisation, call.app.now());
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let rules = settings::rules(organisation, connection)?;
        Ok(table::coverage(organisation, &rules, now, connection)?)
    };
    let each = call.app.store.read(read).await?;
    let overall = Overall::of(&each);
    let Overall { asked, acknowledged, overdue } = overall;
    let policies = each.into_iter().map(|coverage| CoverageView::of(coverage.policy, Some(coverage))).collect();
    let percent = overall.percent();
    Answer::json(StatusCode::OK, &OverallCoverageView { asked, acknowledged, overdue, percent, policies })
}

pub(crate) fn configure(routes: &mut Routes) {
    // The path without an id first: it would be taken for one.
    routes
        .service(list_acknowledgements)
        .service(create_acknowledgement)
        .service(get_acknowledgement_coverage)
        .service(get_acknowledgement);
}
