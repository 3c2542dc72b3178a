//! Objectives over HTTP [6.2].

mod view;

pub(crate) use view::{ObjectiveProgressView, ObjectiveView};

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::{bounded, bounded_given};
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::http::StatusCode;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::objectives::{
    Judge, Measure, Objective, ObjectiveAmendment, ObjectiveDraft, Revise, StageName, Terms, Verb,
};
use ratchet_domain::policies::Policy;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::objectives::{Filter, progress};
use ratchet_persistence::settings;
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// What a list of objectives can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ObjectiveQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "active,revising")]
    state: Option<Vec<StageName>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Serving the policy of this id or reference.
    #[param(value_type = Option<String>, example = "POL-2026-0001")]
    policy: Option<Named>,
    /// Measured by the indicator of this id or reference.
    #[param(value_type = Option<String>, example = "IND-2026-0001")]
    indicator: Option<Named>,
    /// Due before this day.
    #[serde(default, deserialize_with = "bounded")]
    due_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Objective {
    type View = ObjectiveView;
    type Query = ObjectiveQuery;
    const PATH: &'static str = "objectives";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] = &[("policy", "policy_id", Prefix::Policy)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> ObjectiveView {
        ObjectiveView::of(self, transitions)
    }

    fn settle(query: &mut ObjectiveQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)?;
        look.up("policy", &[Prefix::Policy], &mut query.policy)?;
        look.up("indicator", &[Prefix::Indicator], &mut query.indicator)
    }

    fn filter(query: ObjectiveQuery, by: &Actor, _: NaiveDate) -> Filter {
        let ObjectiveQuery { state, owner, policy, indicator, due_before, updated_since } = query;
        Filter {
            stage: state,
            owner: owner.map(|who| who.resolve(by)),
            policy: policy.map(Named::id),
            indicator: indicator.map(Named::id),
            due_before,
            updated_since,
        }
    }
}

/// How it is measured whether an objective is reached [6.2 b, d].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub(crate) enum MeasureBody {
    /// By an indicator.
    Indicator {
        /// By reference or id.
        #[schema(example = "IND-2026-0002")]
        indicator: String,
        /// Its value where the way starts; taken from the indicator on approval where it is not given.
        #[serde(default)]
        #[schema(example = 79.0)]
        baseline: Option<f64>,
        /// The value that is to be reached, in the indicator's unit.
        #[schema(example = 95.0)]
        target: f64,
    },
    /// By judgement: it cannot be measured. Somebody other than its owner judges.
    Qualitative {
        /// What it is judged by.
        #[schema(max_length = 10_000)]
        criterion: String,
    },
}

/// An objective to be set; whatever is left out can be amended until it is approved.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateObjective {
    /// One line.
    #[schema(example = "Laptops patched in time", max_length = 200)]
    title: String,
    /// What is to be reached.
    #[schema(example = "Critical patches are on 95 % of laptops within 14 days", max_length = 10_000)]
    statement: String,
    /// The policy it serves, by reference or id [6.2 a].
    #[schema(example = "POL-2026-0001")]
    policy: String,
    /// Who is responsible [6.2 j].
    owner_id: MemberId,
    /// How it is measured [6.2 b, d].
    #[serde(default)]
    measure: Option<MeasureBody>,
    /// The last day on which it is reached in time [6.2 k].
    #[serde(default, deserialize_with = "bounded")]
    due_on: Option<NaiveDate>,
    /// The goal of the business it aligns with.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    business_goal: Option<String>,
    /// The level or function it is set at.
    #[serde(default)]
    #[schema(example = "IT", max_length = 200)]
    level: Option<String>,
    /// The clauses and controls it takes account of, at most 20 [6.2 c].
    #[serde(default)]
    #[schema(example = json!(["A.8.8"]))]
    requirements: Vec<String>,
    /// Which results of assessing and treating risks it takes account of [6.2 c].
    #[serde(default)]
    #[schema(max_length = 10_000)]
    risks_considered: Option<String>,
    /// Who is told, at most 20 [6.2 e].
    #[serde(default)]
    #[schema(example = json!(["IT", "Shipyard"]))]
    communicated_to: Vec<String>,
    /// What will be done [6.2 h].
    #[serde(default)]
    #[schema(max_length = 10_000)]
    plan: Option<String>,
    /// What it takes [6.2 i].
    #[serde(default)]
    #[schema(max_length = 10_000)]
    resources: Option<String>,
    /// How the results are evaluated [6.2 l].
    #[serde(default)]
    #[schema(max_length = 10_000)]
    evaluation: Option<String>,
}

/// Plain fields to change; an absent one stays, `null` empties. Once it is approved, statement, measure and due date are
/// changed by `revise` alone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendObjective {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What is to be reached.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    statement: Option<String>,
    /// The policy it serves, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    policy: Option<String>,
    /// Who is responsible.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
    /// How it is measured.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MeasureBody>)]
    measure: Option<Option<MeasureBody>>,
    /// The last day on which it is reached in time.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = Option<NaiveDate>)]
    due_on: Option<Option<NaiveDate>>,
    /// The goal of the business it aligns with.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    business_goal: Option<Option<String>>,
    /// The level or function it is set at.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    level: Option<Option<String>>,
    /// The clauses and controls it takes account of.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
    /// Which results of assessing and treating risks it takes account of.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    risks_considered: Option<Option<String>>,
    /// Who is told.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    communicated_to: Option<Vec<String>>,
    /// What will be done.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    plan: Option<Option<String>>,
    /// What it takes.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    resources: Option<Option<String>>,
    /// How the results are evaluated.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    evaluation: Option<Option<String>>,
}

/// Nothing to say, unless a duty is not kept apart.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveObjective {
    /// Why someone approves who owns it, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

/// What is to hold instead; an absent term stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviseObjective {
    /// What is to be reached.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    statement: Option<String>,
    /// How it is measured. With the same indicator, the baseline stays unless it is given.
    #[serde(default)]
    measure: Option<MeasureBody>,
    /// The last day on which it is reached in time.
    #[serde(default, deserialize_with = "bounded")]
    due_on: Option<NaiveDate>,
    /// Why the goalposts move.
    #[schema(example = "The vendor's agent comes a quarter later", max_length = 10_000)]
    reason: String,
}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainObjective {
    /// Kept in the journal.
    #[schema(example = "The site was sold", max_length = 10_000)]
    reason: String,
}

/// What shows it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JudgeObjective {
    /// What was looked at, and what was seen.
    #[schema(example = "96 % on both sites for three months", max_length = 10_000)]
    evidence: String,
    /// Why someone judges who owns it, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

impl From<JudgeObjective> for Judge {
    fn from(body: JudgeObjective) -> Self {
        let JudgeObjective { evidence, exception_reason } = body;
        Self { evidence, exception_reason }
    }
}

/// The measure that a body names; its indicator must be there.
fn measure(body: MeasureBody, by: &Actor, tx: &mut Tx<'_>) -> Result<Measure, ApiError> {
    match body {
        MeasureBody::Indicator { indicator, baseline, target } => {
            let indicator: Indicator = records::known("/measure/indicator", &indicator, by, tx)?;
            Ok(Measure::Indicator { indicator: indicator.id(), baseline, target })
        }
        MeasureBody::Qualitative { criterion } => Ok(Measure::Qualitative { criterion }),
    }
}

fn draft(body: CreateObjective, by: &Actor, tx: &mut Tx<'_>) -> Result<ObjectiveDraft, ApiError> {
    let CreateObjective {
        title,
        statement,
        policy,
        owner_id,
        measure: measured,
        due_on,
        business_goal,
        level,
        requirements,
        risks_considered,
        communicated_to,
        plan,
        resources,
        evaluation,
    } = body;
    existing_member("/owner_id", owner_id, tx)?;
    let policy: Policy = records::known("/policy", &policy, by, tx)?;
    let measure = measured.map(|body| measure(body, by, tx)).transpose()?;
    Ok(ObjectiveDraft {
        title,
        policy: policy.id(),
        terms: Terms { statement, measure, due_on },
        business_goal,
        level,
        requirements,
        risks_considered,
        communicated_to,
        plan,
        resources,
        owner: owner_id,
        evaluation,
    })
}

fn amendment(body: AmendObjective, by: &Actor, tx: &mut Tx<'_>) -> Result<ObjectiveAmendment, ApiError> {
    let AmendObjective {
        title,
        statement,
        policy,
        owner_id,
        measure: measured,
        due_on,
        business_goal,
        level,
        requirements,
        risks_considered,
        communicated_to,
        plan,
        resources,
        evaluation,
    } = body;
    if let Some(owner) = owner_id {
        existing_member("/owner_id", owner, tx)?;
    }
    let policy = policy.map(|policy| records::known::<Policy>("/policy", &policy, by, tx)).transpose()?;
    let measure = match measured {
        Some(Some(body)) => Some(Some(measure(body, by, tx)?)),
        Some(None) => Some(None),
        None => None,
    };
    Ok(ObjectiveAmendment {
        title,
        policy: policy.map(|policy| policy.id()),
        statement,
        measure,
        due_on,
        business_goal,
        level,
        requirements,
        risks_considered,
        communicated_to,
        plan,
        resources,
        owner: owner_id,
        evaluation,
    })
}

fn revision(body: ReviseObjective, by: &Actor, tx: &mut Tx<'_>) -> Result<Revise, ApiError> {
    let ReviseObjective { statement, measure: measured, due_on, reason } = body;
    let measure = measured.map(|body| measure(body, by, tx)).transpose()?;
    Ok(Revise { statement, measure, due_on, reason })
}

/// List objectives.
#[utoipa::path(
    tag = "objectives",
    params(PageParameters, ObjectiveQuery),
    responses((status = 200, body = Page<ObjectiveView>))
)]
#[get("/objectives")]
pub(crate) async fn list_objectives(call: Call, list: List<ObjectiveQuery>) -> Result<Answer, ApiError> {
    call.list::<Objective>(list).await
}

/// Set an objective, as a draft.
#[utoipa::path(
    tag = "objectives",
    params(WriteParameters),
    request_body = CreateObjective,
    responses((status = 201, body = ObjectiveView))
)]
#[post("/objectives")]
pub(crate) async fn create_objective(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateObjective>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateObjective, by, birth, tx| {
        let draft = draft(input, by, tx)?;
        Ok(Objective::set(draft, today(by, tx)?, by, birth)?)
    })
    .await
}

fn today(by: &Actor, tx: &mut Tx<'_>) -> Result<NaiveDate, ApiError> {
    let now = tx.now();
    Ok(settings::rules(by.organisation, tx.connection())?.today(now))
}

/// Read an objective.
#[utoipa::path(
    tag = "objectives",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ObjectiveView))
)]
#[get("/objectives/{id}")]
pub(crate) async fn get_objective(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Objective>(target, parameters).await
}

/// Amend an objective's plain fields.
#[utoipa::path(
    tag = "objectives",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendObjective, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ObjectiveView))
)]
#[patch("/objectives/{id}")]
pub(crate) async fn amend_objective(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendObjective>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |objective: Objective, input: AmendObjective, by, tx| {
        let amendment = amendment(input, by, tx)?;
        Ok(objective.amend(amendment, today(by, tx)?, by, tx.now())?)
    })
    .await
}

/// Read how far an objective has come, and whether it will get there.
///
/// Its indicator's value is held against the straight way from the baseline to the target, and against the trend of what
/// was measured since the start (Theil and Sen). Empty of one that is judged, that was never approved, or whose indicator
/// says nothing.
#[utoipa::path(
    tag = "objectives",
    params(("id" = String, Path)),
    responses((status = 200, body = ObjectiveProgressView))
)]
#[get("/objectives/{id}/progress")]
pub(crate) async fn get_objective_progress(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    let (by, now) = (call.actor.clone(), call.app.now());
    let read = move |connection: &mut _| -> Result<ObjectiveProgressView, ApiError> {
        let objective: Objective = records::get(locator, &by, connection)?;
        Ok(ObjectiveProgressView::of(&objective, progress(&objective, now, connection)?))
    };
    let view = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &view)
}

verbs! {
    tag "objectives", record Objective, view ObjectiveView;

    /// Approve an objective, or what a revision of it proposes; never by its owner.
    approve_objective "/objectives/{id}/approve" Approve ApproveObjective
    |objective, input, facts, by, tx| objective.approve(input.exception_reason, facts, by, tx.now());

    /// Propose another statement, measure or due date; what holds stays until that is approved.
    revise_objective "/objectives/{id}/revise" Revise ReviseObjective
    |objective, input, facts, by, tx| revision(input, by, tx)
        .and_then(|revision| Ok(objective.revise(revision, facts, by, tx.now())?));

    /// Leave an objective as it is: the revision is not approved.
    reject_objective "/objectives/{id}/reject" Reject ExplainObjective
    |objective, input, facts, by, tx| objective.reject(input.reason, facts, by, tx.now());

    /// Say that an objective is reached: refused while its indicator says otherwise. What cannot be measured is judged by
    /// somebody other than its owner.
    achieve_objective "/objectives/{id}/achieve" Achieve JudgeObjective
    |objective, input, facts, by, tx| objective.achieve(input.into(), facts, by, tx.now());

    /// Say that an objective was not reached by its due date.
    miss_objective "/objectives/{id}/miss" Miss JudgeObjective
    |objective, input, facts, by, tx| objective.miss(input.into(), facts, by, tx.now());

    /// Give an objective up.
    abandon_objective "/objectives/{id}/abandon" Abandon ExplainObjective
    |objective, input, facts, by, tx| objective.abandon(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_objectives)
        .service(create_objective)
        .service(get_objective)
        .service(amend_objective)
        .service(get_objective_progress)
        .service(approve_objective)
        .service(revise_objective)
        .service(reject_objective)
        .service(achieve_objective)
        .service(miss_objective)
        .service(abandon_objective);
}
