//! Analyses of several indicators at once over HTTP [9.1 e, f].

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::{HeadView, Resource, ShowParameters, Transition, shown, written};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::http::{StatusCode, header};
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::actions::Action;
use ratchet_domain::analyses::{Analysis, AnalysisDraft, Concluded, NAMED};
use ratchet_domain::change::Record;
use ratchet_domain::id::{ActionId, IndicatorId};
use ratchet_domain::indicators::{Facts, Indicator, Verdict};
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::{Fault, Refusal};
use ratchet_persistence::analyses::Filter;
use ratchet_persistence::settings;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the results of several indicators mean, taken together; who concluded it is who made it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct JointAnalysisView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Always `concluded`: nothing can be done to an analysis.
    #[schema(example = "concluded")]
    pub state: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen and concluded.
    pub conclusion: String,
    /// The indicators it is about, in the order in which they were named.
    pub indicator_ids: Vec<IndicatorId>,
    /// Actions that belong to it.
    pub action_ids: Vec<ActionId>,
    /// Empty: nothing can be done to an analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of analyses can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnalysisQuery {
    /// That came to one of these, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Verdict>>, example = "watch,act")]
    verdict: Option<Vec<Verdict>>,
    /// About the indicator of this id, or naming the action of this id.
    about: Option<Uuid>,
    /// By this member: `me`, or an id.
    #[param(value_type = Option<String>, example = "me")]
    analyst: Option<Who>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Analysis {
    type View = JointAnalysisView;
    type Query = AnalysisQuery;
    const PATH: &'static str = "analyses";

    fn view(&self, transitions: Option<Vec<Transition>>) -> JointAnalysisView {
        let Self { head, verdict, conclusion, indicators, actions } = self;
        JointAnalysisView {
            head: head.into(),
            state: "concluded",
            verdict: *verdict,
            conclusion: conclusion.clone(),
            indicator_ids: indicators.clone(),
            action_ids: actions.clone(),
            transitions,
        }
    }

    fn filter(query: AnalysisQuery, by: &Actor, _: NaiveDate) -> Filter {
        let AnalysisQuery { verdict, about, analyst, updated_since } = query;
        Filter { verdict, about, analyst: analyst.map(|who| who.resolve(by)), updated_since }
    }
}

/// What is to be concluded.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAnalysis {
    /// What it came to.
    verdict: Verdict,
    /// What was seen and concluded.
    #[schema(
        example = "Patching and clicks both creep up since the new image; the image is to be looked at",
        max_length = 10_000
    )]
    conclusion: String,
    /// Indicators in use that the caller may analyse, by reference or id; 1 to 50.
    #[schema(example = json!(["IND-2026-0001"]))]
    indicators: Vec<String>,
    /// Actions that belong to it, by reference or id; at most 50.
    #[serde(default)]
    #[schema(example = json!(["ACT-2026-0001"]))]
    actions: Vec<String>,
}

/// List analyses of several indicators; the newest one of each indicator stands in the indicator, too.
#[utoipa::path(
    tag = "analyses",
    params(PageParameters, AnalysisQuery),
    responses((status = 200, body = Page<JointAnalysisView>))
)]
#[get("/analyses")]
pub(crate) async fn list_analyses(call: Call, list: List<AnalysisQuery>) -> Result<Answer, ApiError> {
    call.list::<Analysis>(list).await
}

/// Say what the results of several indicators mean, taken together [9.1 e, f].
///
/// It counts for each of them as `POST /v1/indicators/{id}/analyse` does: the next analysis is due one interval from today.
/// It is taken whole or not at all: an indicator that the caller may not analyse is named in the refusal.
#[utoipa::path(
    tag = "analyses",
    params(WriteParameters),
    request_body = CreateAnalysis,
    responses((status = 201, body = JointAnalysisView))
)]
#[post("/analyses")]
pub(crate) async fn create_analysis(
    call: Call,
    Query(parameters): Query<WriteParameters>,
    body: Body<CreateAnalysis>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let Body { parsed, digest } = body;
    let dry_run = parameters.dry_run;
    call.write(&parameters, &digest, move |tx| {
        Analysis::may_make(&by)?;
        let CreateAnalysis { verdict, conclusion, indicators, actions } = parsed?;
        few("/indicators", &indicators)?;
        few("/actions", &actions)?;
        let mut faults = Vec::new();
        let indicators: Vec<Indicator> = named("/indicators", &indicators, &by, tx, &mut faults)?;
        let actions: Vec<Action> = named("/actions", &actions, &by, tx, &mut faults)?;
        if !faults.is_empty() {
            return Err(Refusal::Invalid(faults).into());
        }
        let indicators = locked(indicators, tx)?;
        let facts =
            Facts { today: settings::rules(by.organisation, tx.connection())?.today(tx.now()), ..Facts::default() };
        let actions = actions.iter().map(|action| ActionId(action.head.id)).collect();
        let birth = tx.birth(Analysis::PREFIX)?;
        let draft = AnalysisDraft { verdict, conclusion, actions };
        let Concluded { analysis, indicators } = Analysis::conclude(draft, indicators, &facts, &by, birth)?;
        for indicator in indicators {
            tx.save(indicator)?;
        }
        let (analysis, receipt) = tx.save(analysis)?;
        let status = if dry_run { StatusCode::OK } else { StatusCode::CREATED };
        let place = format!("/v1/{}/{}", Analysis::PATH, analysis.head.id);
        Ok(written(shown(status, &analysis, &by, tx)?, receipt, dry_run).with(&header::LOCATION, place))
    })
    .await
}

/// Refuses more names than are worth being looked up.
fn few(pointer: &str, named: &[String]) -> Result<(), Refusal> {
    if named.len() <= NAMED {
        return Ok(());
    }
    Err(Refusal::invalid(pointer, "length", format!("must name at most {NAMED}")))
}

/// The records of one kind that a body names; each that is not there is told.
fn named<T: Resource>(
    pointer: &str,
    names: &[String],
    by: &Actor,
    tx: &mut Tx<'_>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<T>, ApiError> {
    let mut found = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match records::known(&format!("{pointer}/{index}"), name, by, tx) {
            Ok(record) => found.push(record),
            Err(ApiError::Refused(Refusal::Invalid(unknown))) => faults.extend(unknown),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The indicators as they are once nobody else can write them; locked in one order, whoever names them how.
fn locked(indicators: Vec<Indicator>, tx: &mut Tx<'_>) -> Result<Vec<Indicator>, ApiError> {
    let mut ids: Vec<Uuid> = indicators.iter().map(|indicator| indicator.head.id).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        tx.enter(id)?;
    }
    indicators.into_iter().map(|seen| Ok(tx.load(Locator::Id(seen.head.id))?)).collect()
}

/// Read an analysis.
#[utoipa::path(
    tag = "analyses",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = JointAnalysisView))
)]
#[get("/analyses/{id}")]
pub(crate) async fn get_analysis(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Analysis>(target, parameters).await
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_analyses).service(create_analysis).service(get_analysis);
}
