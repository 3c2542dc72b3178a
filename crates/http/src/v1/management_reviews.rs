//! Management reviews over HTTP [9.3.1-9.3.3].

mod inputs;
mod view;

pub(crate) use inputs::get_inputs;
pub(crate) use view::ManagementReviewView;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::{bounded, bounded_given};
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member, existing_members};
use crate::routing::Routes;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use inputs::StatementBody;
use ratchet_domain::access::{Actor, Role};
use ratchet_domain::change::Change;
use ratchet_domain::id::MemberId;
use ratchet_domain::management_reviews::{
    self as domain, Approve, Consider, Decide, DecisionKind, Hold, ManagementReview, Period, Raises, ReviewAmendment,
    ReviewDraft, StageName, Standing, Statements, Topic, Verb,
};
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::management_reviews::{self, Filter};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{members, settings};
use serde::Deserialize;

/// What a list of management reviews can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ManagementReviewQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "scheduled,prepared")]
    state: Option<Vec<StageName>>,
    /// Chaired by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    chair: Option<Who>,
    /// Planned for a day before this one.
    #[serde(default, deserialize_with = "bounded")]
    scheduled_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for ManagementReview {
    type View = ManagementReviewView;
    type Query = ManagementReviewQuery;
    const PATH: &'static str = "management-reviews";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("chair", "chair_id")];
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("previous", "previous_id", Prefix::ManagementReview)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> ManagementReviewView {
        ManagementReviewView::of(self, transitions)
    }

    fn settle(query: &mut ManagementReviewQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("chair", &[Prefix::Member], &mut query.chair)
    }

    fn filter(query: ManagementReviewQuery, by: &Actor, _: NaiveDate) -> Filter {
        let ManagementReviewQuery { state, chair, scheduled_before, updated_since } = query;
        Filter { stage: state, chair: chair.map(|who| who.resolve(by)), scheduled_before, updated_since }
    }
}

/// A management review to be scheduled.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateManagementReview {
    /// One line.
    #[schema(example = "Management review of 2026", max_length = 200)]
    title: String,
    /// The day for which it is planned.
    #[serde(deserialize_with = "bounded")]
    scheduled_on: NaiveDate,
    /// The first day of the time it looks at.
    #[serde(deserialize_with = "bounded")]
    period_from: NaiveDate,
    /// The last day of it.
    #[serde(deserialize_with = "bounded")]
    period_until: NaiveDate,
    /// Who chairs it and approves its minutes: an active member with the role `management`.
    chair_id: MemberId,
    /// Who is invited beside the chair, at most 50.
    #[serde(default)]
    attendee_ids: Vec<MemberId>,
}

/// Plain fields to change; an absent one stays. Which may be touched depends on the state.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendManagementReview {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// The day for which it is planned; until it was held.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = NaiveDate)]
    scheduled_on: Option<NaiveDate>,
    /// The first day of the time it looks at; until it was held.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = NaiveDate)]
    period_from: Option<NaiveDate>,
    /// The last day of it; until it was held.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = NaiveDate)]
    period_until: Option<NaiveDate>,
    /// Who chairs it; until the minutes are approved.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    chair_id: Option<MemberId>,
    /// Who is invited beside the chair; until it was held.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<MemberId>)]
    attendee_ids: Option<Vec<MemberId>>,
    /// Who came; once it was held.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<MemberId>)]
    present_ids: Option<Vec<MemberId>>,
}

/// What people say to the inputs b, c and e; what is left out stays as it was said before.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrepareManagementReview {
    /// b: what has changed in external and internal issues.
    #[serde(default)]
    issues: Option<StatementBody>,
    /// c: what has changed in what interested parties need and expect.
    #[serde(default)]
    interested_parties: Option<StatementBody>,
    /// e: what customers, regulators, suppliers and employees say.
    #[serde(default)]
    feedback: Option<StatementBody>,
}

impl From<PrepareManagementReview> for Statements {
    fn from(body: PrepareManagementReview) -> Self {
        let PrepareManagementReview { issues, interested_parties, feedback } = body;
        Self {
            issues: issues.map(Into::into),
            interested_parties: interested_parties.map(Into::into),
            feedback: feedback.map(Into::into),
        }
    }
}

/// That the meeting took place.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldManagementReview {
    /// On which day: not before the inputs were frozen.
    #[serde(deserialize_with = "bounded")]
    held_on: NaiveDate,
    /// Who came, invited or not, at most 50.
    present_ids: Vec<MemberId>,
}

/// What was discussed of one input.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsideredInput {
    /// Which input.
    input: Topic,
    /// How it was dealt with.
    standing: Standing,
    /// What was discussed, or why there was nothing.
    #[schema(example = "Patching is the weak spot; the shipyard's image is the cause", max_length = 10_000)]
    discussion: String,
}

/// What was discussed of inputs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsiderManagementReview {
    /// 1 to 10, each once.
    inputs: Vec<ConsideredInput>,
}

/// What was decided [9.3.3].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideManagementReview {
    /// What it is about.
    kind: DecisionKind,
    /// What is to happen; its first line names the action.
    #[schema(example = "A second person for patching, from October on", max_length = 10_000)]
    text: String,
    /// Who sees to it.
    responsible_id: MemberId,
    /// The day by which it is to be done.
    #[serde(deserialize_with = "bounded")]
    due_on: NaiveDate,
    /// What is raised beside the action: an improvement for the register, or a draft of a change, both with this text.
    #[serde(default)]
    raises: Option<Raises>,
}

/// What top management concludes [9.3.1].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConcludeManagementReview {
    /// Whether the system still fits the organisation.
    #[schema(example = "It fits: both sites work by it", max_length = 10_000)]
    suitability: String,
    /// Whether it is enough.
    #[schema(example = "It lacks somebody for suppliers", max_length = 10_000)]
    adequacy: String,
    /// Whether it does what it is for.
    #[schema(example = "Days to close fell from 61 to 34", max_length = 10_000)]
    effectiveness: String,
}

/// That the minutes are approved.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveManagementReview {
    /// Why nothing had to be decided; needed only when nothing was.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    no_decision_because: Option<String>,
}

/// Why it is not held.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelManagementReview {
    /// Kept in the journal.
    #[schema(example = "Only two of six came", max_length = 10_000)]
    reason: String,
}

/// What is to be known beside the minutes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddAddendumManagementReview {
    /// The minutes themselves stay as they are.
    #[schema(example = "The budget in decision 2 is for both sites", max_length = 10_000)]
    text: String,
}

/// Refuses a chair who is not active here, or not of top management.
pub(crate) fn check_chair(chair: MemberId, tx: &mut Tx<'_>) -> Result<(), ApiError> {
    existing_member("/chair_id", chair, tx)?;
    let (organisation, now) = (tx.actor().organisation, tx.now());
    let today = settings::rules(organisation, tx.connection())?.today(now);
    if !members::holds(organisation, chair, (Role::Management, today), tx.connection())? {
        let detail = "must hold the role management: the chair approves the minutes";
        return Err(Refusal::invalid("/chair_id", "not_management", detail).into());
    }
    Ok(())
}

/// Refuses people whom a body names and who are not active here, and a chair who is not of top management.
fn check_people(
    chair: Option<MemberId>,
    attendees: Option<&[MemberId]>,
    present: Option<&[MemberId]>,
    tx: &mut Tx<'_>,
) -> Result<(), ApiError> {
    if let Some(chair) = chair {
        check_chair(chair, tx)?;
    }
    existing_members("/attendee_ids", attendees.unwrap_or_default(), tx)?;
    existing_members("/present_ids", present.unwrap_or_default(), tx)
}

/// List management reviews.
#[utoipa::path(
    tag = "management-reviews",
    params(PageParameters, ManagementReviewQuery),
    responses((status = 200, body = Page<ManagementReviewView>))
)]
#[get("/management-reviews")]
pub(crate) async fn list_management_reviews(call: Call, list: List<ManagementReviewQuery>) -> Result<Answer, ApiError> {
    call.list::<ManagementReview>(list).await
}

/// Schedule a management review.
#[utoipa::path(
    tag = "management-reviews",
    params(WriteParameters),
    request_body = CreateManagementReview,
    responses((status = 201, body = ManagementReviewView))
)]
#[post("/management-reviews")]
pub(crate) async fn create_management_review(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateManagementReview>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateManagementReview, by, birth, tx| {
        let CreateManagementReview { title, scheduled_on, period_from, period_until, chair_id, attendee_ids } = input;
        check_people(Some(chair_id), Some(&attendee_ids), None, tx)?;
        let facts = management_reviews::facts(by.organisation, None, tx.now(), tx.connection())?;
        let period = Period { from: period_from, until: period_until };
        let draft = ReviewDraft { title, scheduled_on, period, chair: chair_id, attendees: attendee_ids };
        Ok(ManagementReview::schedule(draft, &facts, by, birth)?)
    })
    .await
}

/// Read a management review.
#[utoipa::path(
    tag = "management-reviews",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ManagementReviewView))
)]
#[get("/management-reviews/{id}")]
pub(crate) async fn get_management_review(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<ManagementReview>(target, parameters).await
}

/// Amend a management review's plain fields.
#[utoipa::path(
    tag = "management-reviews",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendManagementReview, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ManagementReviewView))
)]
#[patch("/management-reviews/{id}")]
pub(crate) async fn amend_management_review(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendManagementReview>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |review: ManagementReview, input: AmendManagementReview, by, tx| {
        let AmendManagementReview {
            title,
            scheduled_on,
            period_from,
            period_until,
            chair_id,
            attendee_ids,
            present_ids,
        } = input;
        check_people(chair_id, attendee_ids.as_deref(), present_ids.as_deref(), tx)?;
        let facts = tx.facts(&review)?;
        let amendment = ReviewAmendment {
            title,
            scheduled_on,
            period_from,
            period_until,
            chair: chair_id,
            attendees: attendee_ids,
            present: present_ids,
        };
        Ok(review.amend(amendment, &facts, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "management-reviews", record ManagementReview, view ManagementReviewView;

    /// Freeze the inputs: what live data says now, and what people say to b, c and e [9.3.2].
    ///
    /// It may be repeated until the meeting. Each snapshot is kept with its digest and never computed again.
    prepare_management_review "/management-reviews/{id}/prepare" Prepare PrepareManagementReview
    |review, input, facts, _by, tx| management_reviews::prepare(review, input.into(), facts, tx);

    /// Record that the meeting took place and who came.
    hold_management_review "/management-reviews/{id}/hold" Hold HoldManagementReview
    |review, HoldManagementReview { held_on, present_ids }, facts, by, tx| check_people(None, None, Some(&present_ids), tx)
        .and_then(|()| Ok(review.hold(Hold { held_on, present: present_ids }, facts, by, tx.now())?));

    /// Record what was discussed of inputs; said again, it replaces what was said of the same input.
    consider_management_review "/management-reviews/{id}/consider" Consider ConsiderManagementReview
    |review, input, facts, by, tx| review.consider(considered(input), facts, by, tx.now());

    /// Record a decision: its action is made with it, assigned to whoever is responsible [9.3.3].
    decide_management_review "/management-reviews/{id}/decide" Decide DecideManagementReview
    |review, input, facts, _by, tx| decide(review, input, facts, tx);

    /// Record whether the management system is suitable, adequate and effective [9.3.1].
    conclude_management_review "/management-reviews/{id}/conclude" Conclude ConcludeManagementReview
    |review, ConcludeManagementReview { suitability, adequacy, effectiveness }, facts, by, tx|
        review.conclude(domain::Conclusions { suitability, adequacy, effectiveness }, facts, by, tx.now());

    /// Approve the minutes, as the chair: they are locked, and the next review is scheduled.
    approve_management_review "/management-reviews/{id}/approve" Approve ApproveManagementReview
    |review, ApproveManagementReview { no_decision_because }, _facts, _by, tx|
        management_reviews::approve(review, Approve { no_decision_because }, tx);

    /// Cancel a review: it is not held, or could decide nothing.
    cancel_management_review "/management-reviews/{id}/cancel" Cancel CancelManagementReview
    |review, input, facts, by, tx| review.cancel(input.reason, facts, by, tx.now());

    /// Add to approved minutes what has to be known beside them.
    add_addendum_management_review "/management-reviews/{id}/add-addendum" AddAddendum AddAddendumManagementReview
    |review, input, facts, by, tx| review.add_addendum(input.text, facts, by, tx.now());
}

fn considered(body: ConsiderManagementReview) -> Vec<Consider> {
    let inputs = body.inputs.into_iter();
    inputs.map(|ConsideredInput { input, standing, discussion }| Consider { input, standing, discussion }).collect()
}

fn decide(
    review: ManagementReview,
    body: DecideManagementReview,
    facts: &domain::Facts,
    tx: &mut Tx<'_>,
) -> Result<Change<ManagementReview>, ApiError> {
    let DecideManagementReview { kind, text, responsible_id, due_on, raises } = body;
    existing_member("/responsible_id", responsible_id, tx)?;
    let decision = Decide { kind, text, responsible: responsible_id, due_on, raises };
    Ok(management_reviews::decide(review, decision, facts, tx)?)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_management_reviews)
        .service(create_management_review)
        .service(get_management_review)
        .service(amend_management_review)
        .service(get_inputs)
        .service(prepare_management_review)
        .service(hold_management_review)
        .service(consider_management_review)
        .service(decide_management_review)
        .service(conclude_management_review)
        .service(approve_management_review)
        .service(cancel_management_review)
        .service(add_addendum_management_review);
}
