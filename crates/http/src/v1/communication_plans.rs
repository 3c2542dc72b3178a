//! Communication plans over HTTP [7.4].

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::{bounded, bounded_given};
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::expand::MemberName;
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Change;
use ratchet_domain::communication_plans::{
    Amendment, CarriedOut, CarryOut, CommunicationPlan, CommunicationPlanDraft, Stage, StageName, Verb,
};
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::communication_plans::Filter;
use ratchet_persistence::{settings, tx::Tx};
use serde::{Deserialize, Serialize};

/// What the organisation communicates.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CommunicationPlanView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// On what [7.4 a].
    #[schema(example = "State of information security")]
    pub subject: String,
    /// When [7.4 b].
    #[schema(example = "Each quarter")]
    pub timing: String,
    /// With whom [7.4 c].
    #[schema(example = "Everybody")]
    pub audience: String,
    /// How [7.4 d].
    #[schema(example = "All-hands meeting")]
    pub channel: String,
    /// Who does it.
    pub owner_id: MemberId,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// The next day on which it is to be done; `null` while it waits for an occasion.
    pub next_on: Option<NaiveDate>,
    /// The clauses and controls it serves.
    pub requirements: Vec<String>,
    /// The last time it was done; earlier ones are in its history.
    pub last: Option<CarriedOutView>,
    /// How often it was done.
    pub times: i64,
    /// Why it is not done any more.
    pub retired_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// That it was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CommunicationCarriedOut)]
pub(crate) struct CarriedOutView {
    /// On which day.
    pub on: NaiveDate,
    /// What was said and to whom.
    pub summary: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl From<&CarriedOut> for CarriedOutView {
    fn from(last: &CarriedOut) -> Self {
        let CarriedOut { on, summary, at, by } = last.clone();
        Self { on, summary, at, by }
    }
}

/// What a list of communication plans can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CommunicationPlanQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "in_force")]
    state: Option<Vec<StageName>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// To be done before this day.
    #[serde(default, deserialize_with = "bounded")]
    due_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for CommunicationPlan {
    type View = CommunicationPlanView;
    type Query = CommunicationPlanQuery;
    const PATH: &'static str = "communication-plans";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> CommunicationPlanView {
        let Self {
            head,
            subject,
            timing,
            audience,
            channel,
            owner,
            next_on,
            fell_due_on: _,
            requirements,
            last,
            times,
            stage,
        } = self.clone();
        let retired_because = match &stage {
            Stage::InForce => None,
            Stage::Retired { reason, at: _ } => Some(reason.clone()),
        };
        CommunicationPlanView {
            head: (&head).into(),
            state: stage.name(),
            subject,
            timing,
            audience,
            channel,
            owner_id: owner,
            owner: None,
            next_on,
            requirements,
            last: last.as_ref().map(Into::into),
            times,
            retired_because,
            transitions,
        }
    }

    fn settle(query: &mut CommunicationPlanQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: CommunicationPlanQuery, by: &Actor, _: NaiveDate) -> Filter {
        let CommunicationPlanQuery { state, owner, due_before, updated_since } = query;
        Filter { stage: state, owner: owner.map(|who| who.resolve(by)), due_before, updated_since }
    }
}

/// What is to be communicated.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateCommunicationPlan {
    /// On what [7.4 a].
    #[schema(example = "State of information security", max_length = 200)]
    subject: String,
    /// When [7.4 b].
    #[schema(example = "Each quarter", max_length = 200)]
    timing: String,
    /// With whom [7.4 c].
    #[schema(example = "Everybody", max_length = 200)]
    audience: String,
    /// How [7.4 d].
    #[schema(example = "All-hands meeting", max_length = 200)]
    channel: String,
    /// Who does it.
    owner_id: MemberId,
    /// The next day on which it is to be done; without it, it waits for an occasion.
    #[serde(default, deserialize_with = "bounded")]
    next_on: Option<NaiveDate>,
    /// The clauses and controls it serves, at most 20.
    #[serde(default)]
    #[schema(example = json!(["7.4"]))]
    requirements: Vec<String>,
}

impl From<CreateCommunicationPlan> for CommunicationPlanDraft {
    fn from(body: CreateCommunicationPlan) -> Self {
        let CreateCommunicationPlan { subject, timing, audience, channel, owner_id: owner, next_on, requirements } =
            body;
        Self { subject, timing, audience, channel, owner, next_on, requirements }
    }
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendCommunicationPlan {
    /// On what.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    subject: Option<String>,
    /// When.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    timing: Option<String>,
    /// With whom.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    audience: Option<String>,
    /// How.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    channel: Option<String>,
    /// Who does it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
    /// The next day on which it is to be done.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = Option<NaiveDate>)]
    next_on: Option<Option<NaiveDate>>,
    /// The clauses and controls it serves.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
}

impl From<AmendCommunicationPlan> for Amendment {
    fn from(body: AmendCommunicationPlan) -> Self {
        let AmendCommunicationPlan { subject, timing, audience, channel, owner_id: owner, next_on, requirements } =
            body;
        Self { subject, timing, audience, channel, owner, next_on, requirements }
    }
}

/// That it was done.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CarryOutCommunicationPlan {
    /// On which day; today without it.
    #[serde(default, deserialize_with = "bounded")]
    on: Option<NaiveDate>,
    /// What was said and to whom. Attach files as evidence.
    #[schema(example = "Shown to 38 of 42; questions about the new gate", max_length = 10_000)]
    summary: String,
    /// The next day on which it is to be done; without it, it waits for an occasion.
    #[serde(default, deserialize_with = "bounded")]
    next_on: Option<NaiveDate>,
}

/// Why it is not done any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireCommunicationPlan {
    /// Kept in the journal.
    #[schema(example = "The newsletter says it now", max_length = 10_000)]
    reason: String,
}

/// List communication plans.
#[utoipa::path(
    tag = "communication-plans",
    params(PageParameters, CommunicationPlanQuery),
    responses((status = 200, body = Page<CommunicationPlanView>))
)]
#[get("/communication-plans")]
pub(crate) async fn list_communication_plans(
    call: Call,
    list: List<CommunicationPlanQuery>,
) -> Result<Answer, ApiError> {
    call.list::<CommunicationPlan>(list).await
}

/// Plan what the organisation communicates: on what, when, with whom and how [7.4].
#[utoipa::path(
    tag = "communication-plans",
    params(WriteParameters),
    request_body = CreateCommunicationPlan,
    responses((status = 201, body = CommunicationPlanView))
)]
#[post("/communication-plans")]
pub(crate) async fn create_communication_plan(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateCommunicationPlan>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateCommunicationPlan, by, birth, tx| {
        existing_member("/owner_id", input.owner_id, tx)?;
        let today = today(tx)?;
        Ok(CommunicationPlan::plan(input.into(), today, by, birth)?)
    })
    .await
}

fn today(tx: &mut Tx<'_>) -> Result<NaiveDate, ApiError> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    Ok(settings::rules(organisation, tx.connection())?.today(now))
}

/// Read a communication plan.
#[utoipa::path(
    tag = "communication-plans",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = CommunicationPlanView))
)]
#[get("/communication-plans/{id}")]
pub(crate) async fn get_communication_plan(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<CommunicationPlan>(target, parameters).await
}

/// Amend a communication plan's plain fields.
#[utoipa::path(
    tag = "communication-plans",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendCommunicationPlan, content_type = "application/merge-patch+json"),
    responses((status = 200, body = CommunicationPlanView))
)]
#[patch("/communication-plans/{id}")]
pub(crate) async fn amend_communication_plan(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendCommunicationPlan>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |plan: CommunicationPlan, input: AmendCommunicationPlan, by, tx| {
        if let Some(owner) = input.owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        let today = today(tx)?;
        Ok(plan.amend(input.into(), today, by, tx.now())?)
    })
    .await
}

fn carry_out(
    plan: CommunicationPlan,
    input: CarryOutCommunicationPlan,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<CommunicationPlan>, ApiError> {
    let CarryOutCommunicationPlan { on, summary, next_on } = input;
    let today = today(tx)?;
    Ok(plan.carry_out(CarryOut { on, summary, next_on }, today, by, tx.now())?)
}

verbs! {
    tag "communication-plans", record CommunicationPlan, view CommunicationPlanView;

    /// Record that it was communicated, and when it is next.
    carry_out_communication_plan "/communication-plans/{id}/carry-out" CarryOut CarryOutCommunicationPlan
    |plan, input, _facts, by, tx| carry_out(plan, input, by, tx);

    /// Say that it is not communicated any more.
    retire_communication_plan "/communication-plans/{id}/retire" Retire RetireCommunicationPlan
    |plan, input, _facts, by, tx| plan.retire(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_communication_plans)
        .service(create_communication_plan)
        .service(get_communication_plan)
        .service(amend_communication_plan)
        .service(carry_out_communication_plan)
        .service(retire_communication_plan);
}
