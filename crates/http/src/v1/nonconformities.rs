//! Nonconformities over HTTP [10.2].

mod bodies;
mod similar;
mod view;

pub(crate) use bodies::{
    AmendNonconformity, AnalyseNonconformity, CloseNonconformity, ConfirmNonconformity, ContainNonconformity,
    CreateNonconformity, ImplementNonconformity, PlanNonconformity, RejectNonconformity, ReopenNonconformity,
    VerifyNonconformity,
};
pub(crate) use view::NonconformityView;

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed, requirement};
use crate::record::discredit;
use crate::record::effect::{SeenEffect, named_indicators};
use crate::record::mistakes::{MarkDuplicateNonconformity, VoidRecord, mark_duplicate};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::NonconformityId;
use ratchet_domain::mistakes::Voidable;
use ratchet_domain::nonconformities::{self as domain, Grade, Nonconformity, Source, StageName, Verb};
use ratchet_domain::reference::Prefix;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::nonconformities::Filter;
use serde::Deserialize;

/// What a list of nonconformities can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NonconformityQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "confirmed,analysed")]
    state: Option<Vec<StageName>>,
    /// Noticed in one of these ways, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Source>>, example = "audit,indicator")]
    source: Option<Vec<Source>>,
    /// Of one of these grades, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Grade>>, example = "major")]
    grade: Option<Vec<Grade>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// About this clause or control.
    #[serde(default, deserialize_with = "requirement")]
    #[param(example = "A.8.8")]
    requirement: Option<String>,
    /// Due before this day.
    #[serde(default, deserialize_with = "bounded")]
    due_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Nonconformity {
    type View = NonconformityView;
    type Query = NonconformityQuery;
    const PATH: &'static str = "nonconformities";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> NonconformityView {
        NonconformityView::of(self, transitions)
    }

    fn fill(views: &mut [NonconformityView], by: &Actor, connection: &mut AnyConnection) -> Result<(), ApiError> {
        let views = views.iter_mut().map(|view| {
            let is_effective = view.verdict.as_ref().is_some_and(|verdict| verdict.effective);
            (is_effective.then_some((NonconformityId(view.head.id), None)), &mut view.discredit)
        });
        discredit::say(views, by, connection)
    }

    fn settle(query: &mut NonconformityQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: NonconformityQuery, by: &Actor, _: NaiveDate) -> Filter {
        let NonconformityQuery { state, source, grade, owner, requirement, due_before, updated_since } = query;
        let owner = owner.map(|who| who.resolve(by));
        Filter { stage: state, source, grade, owner, requirement, due_before, updated_since }
    }
}

/// List nonconformities.
#[utoipa::path(
    tag = "nonconformities",
    params(PageParameters, NonconformityQuery),
    responses((status = 200, body = Page<NonconformityView>))
)]
#[get("/nonconformities")]
pub(crate) async fn list_nonconformities(call: Call, list: List<NonconformityQuery>) -> Result<Answer, ApiError> {
    call.list::<Nonconformity>(list).await
}

/// Raise a nonconformity.
#[utoipa::path(
    tag = "nonconformities",
    params(WriteParameters),
    request_body = CreateNonconformity,
    responses((status = 201, body = NonconformityView))
)]
#[post("/nonconformities")]
pub(crate) async fn create_nonconformity(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateNonconformity>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateNonconformity, by, birth, tx| {
        Ok(Nonconformity::raise(input.into_draft(tx)?, by, birth)?)
    })
    .await
}

/// Read a nonconformity.
#[utoipa::path(
    tag = "nonconformities",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = NonconformityView))
)]
#[get("/nonconformities/{id}")]
pub(crate) async fn get_nonconformity(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Nonconformity>(target, parameters).await
}

/// Read what the indicators of a nonconformity say of its treatment: each series before and after [10.2 d].
///
/// Compared are the 90 days before its cause was known and the time since what was to be done about it is, for two years at
/// most; what lies between is neither. Once that is judged this is the frozen comparison of the verdict, where that has one.
#[utoipa::path(
    tag = "nonconformities",
    params(("id" = String, Path)),
    responses((status = 200, body = SeenEffect<StageName>))
)]
#[get("/nonconformities/{id}/effect")]
pub(crate) async fn get_nonconformity_effect(
    call: Call,
    target: Target,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    call.effect(target, |case: &Nonconformity| case.stage.name()).await
}

/// Amend a nonconformity's plain fields.
#[utoipa::path(
    tag = "nonconformities",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendNonconformity, content_type = "application/merge-patch+json"),
    responses((status = 200, body = NonconformityView))
)]
#[patch("/nonconformities/{id}")]
pub(crate) async fn amend_nonconformity(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendNonconformity>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |case: Nonconformity, input, by, tx| {
        let AmendNonconformity { title, statement, objective_evidence, requirement, indicators, owner_id, due_on } =
            input;
        if let Some(owner) = owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        let indicators = indicators.map(|named| named_indicators("/indicators", &named, tx)).transpose()?;
        let amendment = domain::Amendment {
            title,
            statement,
            objective_evidence,
            requirement,
            indicators,
            owner: owner_id,
            due_on,
        };
        Ok(case.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "nonconformities", record Nonconformity, view NonconformityView;

    /// Confirm that it is a nonconformity: grade and owner are set.
    confirm_nonconformity "/nonconformities/{id}/confirm" Confirm ConfirmNonconformity
    |case, ConfirmNonconformity { grade, owner_id }, facts, by, tx|
        existing_member("/owner_id", owner_id, tx)
            .and_then(|()| Ok(case.confirm(domain::Confirm { grade, owner: owner_id }, facts, by, tx.now())?));

    /// Reject it: it is no nonconformity.
    reject_nonconformity "/nonconformities/{id}/reject" Reject RejectNonconformity
    |case, input, facts, by, tx| case.reject(input.reason, facts, by, tx.now());

    /// Record the immediate correction and how consequences are dealt with [10.2 a].
    contain_nonconformity "/nonconformities/{id}/contain" Contain ContainNonconformity
    |case, ContainNonconformity { correction, consequences }, facts, by, tx|
        case.contain(domain::Contain { correction, consequences }, facts, by, tx.now());

    /// Record why it happened and whether it could happen elsewhere [10.2 b].
    analyse_nonconformity "/nonconformities/{id}/analyse" Analyse AnalyseNonconformity
    |case, input, facts, by, tx|
        input.looked_up(by, tx).and_then(|input| Ok(case.analyse(input, facts, by, tx.now())?));

    /// Decide what follows: actions, or a justified none [10.2 b, c].
    plan_nonconformity "/nonconformities/{id}/plan" Plan PlanNonconformity
    |case, input, facts, by, tx| case.plan(input.into(), facts, by, tx.now());

    /// The work is done: set the day from which its effect can be judged [10.2 c].
    implement_nonconformity "/nonconformities/{id}/implement" Implement ImplementNonconformity
    |case, input, facts, by, tx| case.implement(input.check_on, facts, by, tx.now());

    /// Judge whether what was done has worked; never by who did it [10.2 d]. The indicators that the treatment is to move are
    /// compared before and after, or those that are named, and the comparison is frozen with the verdict.
    verify_nonconformity "/nonconformities/{id}/verify" Verify VerifyNonconformity
    |case, input, facts, by, tx|
        input.measured(&case, tx).and_then(|input| Ok(case.verify(input, facts, by, tx.now())?));

    /// Close it: what the management system and its people have learned [10.2 e-g].
    close_nonconformity "/nonconformities/{id}/close" Close CloseNonconformity
    |case, CloseNonconformity { isms_change, lessons, no_correction_because }, facts, by, tx|
        case.close(domain::Close { isms_change, lessons, no_correction_because }, facts, by, tx.now());

    /// Reopen it: it came back, or had been closed in error.
    reopen_nonconformity "/nonconformities/{id}/reopen" Reopen ReopenNonconformity
    |case, ReopenNonconformity { recurred, reason }, facts, by, tx|
        case.reopen(recurred, reason, facts, by, tx.now());

    /// Void it: it was raised by mistake. Before its effectiveness is judged; what is only reported is rejected.
    void_nonconformity "/nonconformities/{id}/void" Void VoidRecord
    |case, input, facts, by, tx| case.void(input.reason, facts, by, tx.now());

    /// Say that another nonconformity says the same: that one takes over reporter, tags, links and evidence.
    mark_duplicate_nonconformity "/nonconformities/{id}/mark-duplicate" MarkDuplicate MarkDuplicateNonconformity
    |case, input, facts, by, tx| mark_duplicate(case, &input.of, facts, by, tx);
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_nonconformities)
        .service(create_nonconformity)
        .service(get_nonconformity)
        .service(get_nonconformity_effect)
        .service(similar::get_similar_nonconformities)
        .service(amend_nonconformity)
        .service(confirm_nonconformity)
        .service(reject_nonconformity)
        .service(contain_nonconformity)
        .service(analyse_nonconformity)
        .service(plan_nonconformity)
        .service(implement_nonconformity)
        .service(verify_nonconformity)
        .service(close_nonconformity)
        .service(reopen_nonconformity)
        .service(void_nonconformity)
        .service(mark_duplicate_nonconformity);
}
