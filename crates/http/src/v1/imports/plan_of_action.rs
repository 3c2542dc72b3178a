//! Plans of action of others, as OSCAL has them: what is to be done about an item becomes a nonconformity with its actions
//! here, or is recognised as one [10.2]. Nothing is brought in: each is raised, confirmed and planned by the commands that
//! people use, so that every rule holds and each step has its entry.

mod landing;
mod receipt;

use super::whole::{Form, Whole};
use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::oscal::reading;
use crate::parameters::{Query, WriteParameters};
use actix_web::http::StatusCode;
use actix_web::{post, web};
use chrono::NaiveDate;
use landing::{Defaults, land};
use ratchet_domain::access::{Actor, Permission};
use ratchet_domain::id::MemberId;
use ratchet_domain::nonconformities::Grade;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::members;
use ratchet_persistence::tx::Tx;
use receipt::PlanReceipt;
use serde::Deserialize;

/// What is not said by a plan.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanParameters {
    /// Run the same job and keep nothing.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// The id of the member who answers for what the plan gives to nobody here; whoever sends it without it.
    #[serde(default)]
    #[param(value_type = Option<Uuid>)]
    owner_id: Option<MemberId>,
    /// How grave items are of which the plan does not say so; `minor` without it.
    #[serde(default)]
    #[param(required = false, inline)]
    grade: Option<Grade>,
    /// The day by which is to be done what the plan has no day for.
    #[serde(default, deserialize_with = "bounded")]
    due_on: Option<NaiveDate>,
}

/// Plans of action.
pub(crate) struct Planned;

impl Form for Planned {
    const TYPE: &'static str = "application/json";
    const REFUSAL: &'static str = "Content-Type must be application/json.";
    const BYTES: usize = 4 << 20;
}

/// Take over a plan of action and milestones (POA&M) of OSCAL 1.1: each item is a nonconformity, what remains to be done an
/// action of it.
///
/// At most 4 MiB after decompression, 1,000 items and 2,000 tasks; taken whole or not at all, each fault by its place in the
/// document. An item and a task are recognised by their `uuid`: of what is here already only new tasks are taken. Whoever
/// sends a plan decides that its items are nonconformities, confirms them and plans their actions. What is closed or accepted
/// there is passed over, and so are recommendations.
#[utoipa::path(
    tag = "nonconformities",
    params(PlanParameters),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 201, description = "Records were made", body = PlanReceipt),
        (status = 200, description = "Everything was known or passed over, or a dry run", body = PlanReceipt),
    )
)]
#[post("/imports/plan-of-action")]
pub(crate) async fn import_plan_of_action(
    call: Call,
    Query(parameters): Query<PlanParameters>,
    Whole { bytes, digest, .. }: Whole<Planned>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    if [Permission::DecideNonconformity, Permission::PlanAction].iter().any(|needed| !by.may(*needed, false)) {
        return Err(Refusal::Forbidden.into());
    }
    let bytes = bytes?;
    let plan = web::block(move || reading::plan(&bytes)).await.map_err(|_| ApiError::Busy)??;
    let dry_run = parameters.dry_run;
    call.write(&WriteParameters { dry_run }, &digest, move |tx| {
        let defaults = defaults(&parameters, &by, tx)?;
        let (receipt, last) = land(plan, defaults, &by, tx)?;
        let status = if last.is_some() && !dry_run { StatusCode::CREATED } else { StatusCode::OK };
        let answer = Answer::json(status, &receipt)?;
        Ok(last.filter(|_| !dry_run).into_iter().fold(answer, Answer::with_receipt))
    })
    .await
}

fn defaults(parameters: &PlanParameters, by: &Actor, tx: &mut Tx<'_>) -> Result<Defaults, ApiError> {
    let owner = parameters.owner_id.or(by.principal()).ok_or_else(|| {
        ApiError::parameter("owner_id", "required", "must be said by a machine, which answers for nothing")
    })?;
    if members::active(by.organisation, &[owner], tx.connection())?.is_empty() {
        return Err(ApiError::parameter("owner_id", "unknown_member", "must be the id of an active member"));
    }
    let grade = parameters.grade.unwrap_or(Grade::Minor);
    Ok(Defaults { owner, grade, due_on: parameters.due_on })
}
