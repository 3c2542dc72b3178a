//! Changes over HTTP [6.3, 8.1, A.8.32].

mod bodies;
mod view;

pub(crate) use bodies::{
    AmendChange, ApproveChange, CloseChange, CompleteChange, CreateChange, ExplainChange, MoveChange, RejectChange,
    ReviewChange, ReviseChange, ScheduleChange,
};
pub(crate) use view::{ChangeRevisionView, ChangeView};

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::effect::SeenEffect;
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Change;
use ratchet_domain::changes::{
    self as domain, Assessment, Facts, Kind, Level, PlannedChange, StageName, Verb, Verdict,
};
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::changes::Filter;
use ratchet_persistence::effects::Effective;
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// What a list of changes can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangeQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "approved,scheduled")]
    state: Option<Vec<StageName>>,
    /// Of one of these kinds, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Kind>>, example = "emergency")]
    kind: Option<Vec<Kind>>,
    /// Whose strongest impact was assessed as one of these, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Level>>, example = "high")]
    impact: Option<Vec<Level>>,
    /// Judged as one of these, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Verdict>>, example = "harmful")]
    verdict: Option<Vec<Verdict>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for PlannedChange {
    type View = ChangeView;
    type Query = ChangeQuery;
    const PATH: &'static str = "changes";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("template", "template_id", Prefix::ChangeTemplate)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> ChangeView {
        ChangeView::of(self, transitions)
    }

    fn settle(query: &mut ChangeQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: ChangeQuery, by: &Actor, _: NaiveDate) -> Filter {
        let ChangeQuery { state, kind, impact, verdict, owner, updated_since } = query;
        Filter { stage: state, kind, impact, verdict, owner: owner.map(|who| who.resolve(by)), updated_since }
    }
}

/// List changes.
#[utoipa::path(tag = "changes", params(PageParameters, ChangeQuery), responses((status = 200, body = Page<ChangeView>)))]
#[get("/changes")]
pub(crate) async fn list_changes(call: Call, list: List<ChangeQuery>) -> Result<Answer, ApiError> {
    call.list::<PlannedChange>(list).await
}

/// Request a change, as a draft.
///
/// A standard change names a template that is approved, which says what is done; a normal one and an emergency say it in
/// their own words.
#[utoipa::path(
    tag = "changes",
    params(WriteParameters),
    request_body = CreateChange,
    responses((status = 201, body = ChangeView))
)]
#[post("/changes")]
pub(crate) async fn create_change(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateChange>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateChange, by, birth, tx| {
        let draft = input.into_draft(by, tx)?;
        Ok(PlannedChange::request(draft, by, birth)?)
    })
    .await
}

/// Read a change.
#[utoipa::path(
    tag = "changes",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ChangeView))
)]
#[get("/changes/{id}")]
pub(crate) async fn get_change(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<PlannedChange>(target, parameters).await
}

/// Read what the indicators of a change say of it: each series before and after.
///
/// Compared is what was measured in the baseline days before the start with what was measured in the monitoring days after
/// the completion, as the assessment says. Once the change is reviewed this is the frozen comparison of the verdict.
#[utoipa::path(
    tag = "changes",
    params(("id" = String, Path)),
    responses((status = 200, body = SeenEffect<StageName>))
)]
#[get("/changes/{id}/effect")]
pub(crate) async fn get_effect(call: Call, target: Target, _: Query<Nothing>) -> Result<Answer, ApiError> {
    call.effect(target, |change: &PlannedChange| change.stage.name()).await
}

/// Amend the draft of a change; later it is revised.
#[utoipa::path(
    tag = "changes",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendChange, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ChangeView))
)]
#[patch("/changes/{id}")]
pub(crate) async fn amend_change(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendChange>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |change: PlannedChange, input: AmendChange, by, tx| {
        let amendment = input.into_amendment("", by, tx)?;
        Ok(change.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "changes", record PlannedChange, view ChangeView;

    /// Submit a change for its assessment; a standard one is approved by its template.
    submit_change "/changes/{id}/submit" Submit MoveChange
    |change, MoveChange {}, facts, by, tx| change.submit(facts, by, tx.now());

    /// Revise a change before it starts: its assessment and its approval become stale, and a stale approval starts nothing.
    revise_change "/changes/{id}/revise" Revise ReviseChange
    |change, ReviseChange { content, reason }, facts, by, tx| content.into_amendment("/content", by, tx)
        .and_then(|content| Ok(change.revise((content, reason), facts, by, tx.now())?));

    /// Assess a change: consequences, impact, integrity of the system, resources, responsibilities, risks [6.3, A.8.32].
    assess_change "/changes/{id}/assess" Assess Assessment
    |change, input, facts, by, tx| change.assess(input, facts, by, tx.now());

    /// Approve a change as it stands now; never by who requested it, and a high impact by the management alone.
    approve_change "/changes/{id}/approve" Approve ApproveChange
    |change, ApproveChange { note, exception_reason }, facts, by, tx|
        change.approve(domain::Approve { note, exception_reason }, facts, by, tx.now());

    /// Reject a change: it can be revised, and becomes a draft again.
    reject_change "/changes/{id}/reject" Reject RejectChange
    |change, RejectChange { reason, exception_reason }, facts, by, tx|
        change.reject(domain::Reject { reason, exception_reason }, facts, by, tx.now());

    /// Schedule a change that is approved.
    schedule_change "/changes/{id}/schedule" Schedule ScheduleChange
    |change, input, facts, by, tx| change.schedule(input.into(), facts, by, tx.now());

    /// Start a change; an emergency at once, to be approved within three working days.
    start_change "/changes/{id}/start" Start MoveChange
    |change, MoveChange {}, facts, by, tx| change.start(facts, by, tx.now());

    /// Complete a change whose tasks are closed: from now on its effect is watched.
    complete_change "/changes/{id}/complete" Complete CompleteChange
    |change, input, facts, by, tx| change.complete(input.summary, facts, by, tx.now());

    /// Roll a change back.
    roll_back_change "/changes/{id}/roll-back" RollBack ExplainChange
    |change, input, facts, by, tx| change.roll_back(input.reason, facts, by, tx.now());

    /// Review what came of a change, once it was watched; never by who implemented it. Its indicators are compared, and the
    /// comparison is frozen with the verdict.
    review_change "/changes/{id}/review" Review ReviewChange
    |change, input, facts, by, tx| review(change, input, facts, by, tx);

    /// Close a change; a harmful one needs the case that deals with the harm. Its indicators' charts begin a new phase.
    close_change "/changes/{id}/close" Close CloseChange
    |change, CloseChange { lessons, case }, facts, by, tx| case
        .map(|case| records::named("/case", &case, by, tx.connection()))
        .transpose()
        .and_then(|case| Ok(change.close(domain::Close { lessons, case }, facts, by, tx.now())?));

    /// Cancel a change before it starts.
    cancel_change "/changes/{id}/cancel" Cancel ExplainChange
    |change, input, facts, by, tx| change.cancel(input.reason, facts, by, tx.now());
}

fn review(
    change: PlannedChange,
    input: ReviewChange,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<PlannedChange>, ApiError> {
    let ReviewChange { verdict, conclusion, exception_reason } = input;
    let unmade = || Refusal::state("wrong_state", "a change is reviewed once it is made");
    let effect = change.measured(tx.now(), tx.connection())?.ok_or_else(unmade)?;
    let review = domain::Review { verdict, conclusion, effect, exception_reason };
    Ok(change.review(review, facts, by, tx.now())?)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_changes)
        .service(create_change)
        .service(get_change)
        .service(get_effect)
        .service(amend_change)
        .service(submit_change)
        .service(revise_change)
        .service(assess_change)
        .service(approve_change)
        .service(reject_change)
        .service(schedule_change)
        .service(start_change)
        .service(complete_change)
        .service(roll_back_change)
        .service(review_change)
        .service(close_change)
        .service(cancel_change);
}
