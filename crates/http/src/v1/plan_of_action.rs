//! The plan of action and milestones over HTTP: what is done about nonconformities, for tools that read OSCAL [10.2].

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::scope_of;
use crate::oscal::{Around, OscalDocument, Plan};
use crate::parameters::{Query, listed, requirement};
use crate::routing::Routes;
use actix_web::get;
use actix_web::http::StatusCode;
use ratchet_domain::actions::Action;
use ratchet_domain::change::Record;
use ratchet_domain::nonconformities::{Grade, Nonconformity, StageName};
use ratchet_persistence::nonconformities::Filter;
use ratchet_persistence::table::{Listed, Order, Scope};
use ratchet_persistence::{actions, settings};
use serde::Deserialize;
use std::collections::BTreeMap;
use strum::VariantArray;
use uuid::Uuid;

/// Nonconformities of a plan at most: it is one document.
const LIMIT: i64 = 1_000;

/// Of which nonconformities.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanQuery {
    /// Of one of these grades, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Grade>>, example = "major")]
    grade: Option<Vec<Grade>>,
    /// About this clause or control.
    #[serde(default, deserialize_with = "requirement")]
    #[param(example = "A.8.8")]
    requirement: Option<String>,
}

/// Read what is done about nonconformities as OSCAL's plan of action and milestones (POA&M), version 1.1.3.
///
/// It has an item and a risk for each nonconformity that stands open and that the caller may read, at most 1,000; the
/// correction and the corrective actions are the risk's remediations, actions their tasks. A plan has at least one item: where
/// nothing stands open there is none, and the answer is 404.
#[utoipa::path(
    tag = "nonconformities",
    params(PlanQuery),
    responses((status = 200, body = OscalDocument, description = "The document; its JSON schema is NIST's"))
)]
#[get("/plan-of-action")]
pub(crate) async fn get_plan_of_action(call: Call, query: Query<PlanQuery>) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let own = scope_of::<Nonconformity>(&by)?;
    let (now, base) = (call.app.now(), call.app.settings.public_url.clone());
    let PlanQuery { grade, requirement } = query.0;
    let document = call.app.store.read(move |connection| {
        let stage = StageName::VARIANTS.iter().copied().filter(|stage| stage.is_open()).collect();
        let filter = Filter { stage: Some(stage), grade, requirement, ..Filter::default() };
        let withheld = by.withheld().map(|withheld| withheld.of_kind(Nonconformity::PREFIX)).unwrap_or_default();
        let scope = Scope { organisation: by.organisation, own, only: None, withheld, filter };
        let order = Order { keys: vec![("reference", false)], after: None };
        let mut cases = Nonconformity::page(&scope, &order, LIMIT + 1, connection)?;
        if i64::try_from(cases.len()).is_ok_and(|found| found > LIMIT) {
            let detail = format!("more than {LIMIT} stand open: ask for fewer by grade or requirement");
            return Err(ApiError::parameter("grade", "too_many", detail));
        }
        cases.retain(|case| !case.is_withheld(&by));
        if cases.is_empty() {
            return Err(ApiError::NotFound);
        }
        let ids: Vec<Uuid> = cases.iter().map(|case| case.head.id).collect();
        let mut served: BTreeMap<Uuid, Vec<Action>> = BTreeMap::new();
        for action in actions::under(by.organisation, &ids, connection)? {
            if action.is_visible(&by) {
                served.entry(action.parent.id.0).or_default().push(action);
            }
        }
        let rules = settings::rules(by.organisation, connection)?;
        let plan = Plan { cases: &cases, actions: &served, rules: &rules };
        let around = Around::read(by.organisation, &plan.people(), &base, connection)?;
        Ok(plan.document(&around, now))
    });
    let answer = Answer::json(StatusCode::OK, &OscalDocument(document.await?))?.with_hash_as_etag();
    Ok(answer.unless_known(call.header("if-none-match")?))
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_plan_of_action);
}
