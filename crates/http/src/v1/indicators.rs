//! Indicators over HTTP [9.1].

mod bodies;
mod chart;
mod formula;
mod phases;
mod view;

pub(crate) use bodies::CreateIndicator;
pub(crate) use view::IndicatorView;

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::mistakes::VoidRecord;
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition};
use crate::routing::Routes;
use actix_web::http::StatusCode;
use actix_web::{get, patch, post};
use bodies::{
    ActivateIndicator, AmendIndicator, AnalyseIndicator, BeginIndicatorPhase, RetireIndicator, ReviseIndicator,
};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::evaluation::Status;
use ratchet_domain::indicators::{Analyse, BeginPhase, BuiltIn, Indicator, Judgement, StageName, Verb};
use ratchet_domain::mistakes::Voidable;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::evaluation;
use ratchet_persistence::indicators::Filter;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};

/// What a list of indicators can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IndicatorQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "active")]
    state: Option<Vec<StageName>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Whether the program measures it: it is built in, or has a formula.
    #[param(example = true)]
    computed: Option<bool>,
    /// One of these built-in ones, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<BuiltIn>>, example = "overdue_actions,recurrence_rate")]
    built_in: Option<Vec<BuiltIn>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Indicator {
    type View = IndicatorView;
    type Query = IndicatorQuery;
    const PATH: &'static str = "indicators";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> IndicatorView {
        IndicatorView::of(self, transitions)
    }

    fn settle(query: &mut IndicatorQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: IndicatorQuery, by: &Actor, _: NaiveDate) -> Filter {
        let IndicatorQuery { state, owner, computed, built_in, updated_since } = query;
        Filter { stage: state, owner: owner.map(|who| who.resolve(by)), computed, built_in, updated_since }
    }
}

/// How an indicator stands by what was measured so far.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EvaluationView {
    /// How it stands now: the worst of its series.
    pub status: Status,
    /// The newest measurement of every series.
    pub series: Vec<SeriesView>,
}

/// The newest measurement of a series.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SeriesView {
    /// Its dimensions.
    #[schema(value_type = Object)]
    pub dimensions: serde_json::Value,
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// The value; for a ratio the quotient.
    pub value: f64,
    /// What it is by the thresholds.
    pub judgement: Judgement,
}

/// List indicators.
///
/// Each organisation has the built-in ones (`built_in`): the program defines them and computes each from the records once a
/// day, as the organisation's day begins, also while it is a draft. To be evaluated against thresholds, and to raise signals,
/// one is activated like any other: by then somebody must be named who analyses it, and the thresholds it comes with are
/// proposals. Where there is nothing to measure, as for a mean of nothing, it is not measured on that day. Measurements of it
/// that anybody sends are refused.
#[utoipa::path(
    tag = "indicators",
    params(PageParameters, IndicatorQuery),
    responses((status = 200, body = Page<IndicatorView>))
)]
#[get("/indicators")]
pub(crate) async fn list_indicators(call: Call, list: List<IndicatorQuery>) -> Result<Answer, ApiError> {
    call.list::<Indicator>(list).await
}

/// Define an indicator, as a draft.
#[utoipa::path(
    tag = "indicators",
    params(WriteParameters),
    request_body = CreateIndicator,
    responses((status = 201, body = IndicatorView))
)]
#[post("/indicators")]
pub(crate) async fn create_indicator(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateIndicator>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateIndicator, by, birth, tx| {
        Ok(Indicator::define(input.draft(tx)?, by, birth)?)
    })
    .await
}

/// The indicator that a body defines below this place.
pub(super) fn defined(
    input: CreateIndicator,
    pointer: &str,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Indicator>, ApiError> {
    let below = |error: ApiError| {
        if let ApiError::Refused(refusal) = error { refusal.below(pointer).into() } else { error }
    };
    let draft = input.draft(tx).map_err(below)?;
    let birth = tx.birth(Indicator::PREFIX)?;
    Indicator::define(draft, by, birth).map_err(|refusal| below(refusal.into()))
}

/// Read an indicator.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = IndicatorView))
)]
#[get("/indicators/{id}")]
pub(crate) async fn get_indicator(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Indicator>(target, parameters).await
}

/// Amend an indicator's plain fields.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendIndicator, content_type = "application/merge-patch+json"),
    responses((status = 200, body = IndicatorView))
)]
#[patch("/indicators/{id}")]
pub(crate) async fn amend_indicator(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendIndicator>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |indicator: Indicator, input: AmendIndicator, by, tx| {
        let amendment = input.amendment(indicator.id(), tx)?;
        Ok(indicator.amend(amendment, by, tx.now())?)
    })
    .await
}

/// Read how an indicator stands.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path)),
    responses((status = 200, body = EvaluationView))
)]
#[get("/indicators/{id}/evaluation")]
pub(crate) async fn get_evaluation(
    call: Call,
    Target(locator): Target,
    _: Query<crate::v1::auth::Nothing>,
) -> Result<Answer, ApiError> {
    let (by, now) = (call.actor.clone(), call.app.now());
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let found = Indicator::find(by.organisation, locator, connection)?;
        let (indicator, _) = found.filter(|(record, _)| record.is_visible(&by)).ok_or(ApiError::NotFound)?;
        let state = evaluation::state(by.organisation, &indicator, connection)?;
        Ok((indicator, state))
    };
    let (indicator, state) = call.app.store.read(read).await?;
    let status = state.status(indicator.frequency, now);
    let series = state.series.into_iter().map(|(series, seen)| SeriesView {
        dimensions: dimensions_of(&series),
        observed_at: seen.observed_at,
        value: seen.value,
        judgement: seen.judgement,
    });
    Answer::json(StatusCode::OK, &EvaluationView { status, series: series.collect() })
}

/// A series' dimensions as they were sent.
pub(crate) fn dimensions_of(series: &str) -> serde_json::Value {
    serde_json::from_str(series).unwrap_or_else(|_| serde_json::json!({}))
}

verbs! {
    tag "indicators", record Indicator, view IndicatorView;

    /// Activate an indicator: the six answers of 9.1 and its thresholds must be given.
    activate_indicator "/indicators/{id}/activate" Activate ActivateIndicator
    |indicator, ActivateIndicator {}, facts, by, tx| indicator.activate(facts, by, tx.now());

    /// Say what the results mean: at each interval of analysis, by the analyst.
    analyse_indicator "/indicators/{id}/analyse" Analyse AnalyseIndicator
    |indicator, AnalyseIndicator { verdict, conclusion }, facts, by, tx|
        indicator.analyse(Analyse { verdict, conclusion }, facts, by, tx.now());

    /// Move target and thresholds, change how it is charted, or by what it is computed; what held until now is kept.
    revise_indicator "/indicators/{id}/revise" Revise ReviseIndicator
    |indicator, input, facts, by, tx| formula::revised(indicator, input, facts, by, tx);

    /// Declare that a phase of the chart has begun: limits begin anew with it.
    begin_indicator_phase "/indicators/{id}/begin-phase" BeginPhase BeginIndicatorPhase
    |indicator, BeginIndicatorPhase { starts_at, reason }, facts, by, tx|
        indicator.begin_phase(BeginPhase { starts_at, reason }, facts, by, tx.now());

    /// Retire an indicator; what was measured stays.
    retire_indicator "/indicators/{id}/retire" Retire RetireIndicator
    |indicator, input, facts, by, tx| indicator.retire(input.reason, facts, by, tx.now());

    /// Void an indicator: it was defined by mistake, and never measured.
    void_indicator "/indicators/{id}/void" Void VoidRecord
    |indicator, input, facts, by, tx| indicator.void(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_indicators)
        .service(create_indicator)
        .service(get_indicator)
        .service(amend_indicator)
        .service(get_evaluation)
        .service(formula::get_indicator_workings)
        .service(phases::get_indicator_phases)
        .service(chart::get_indicator_chart)
        .service(chart::get_indicator_chart_svg)
        .service(chart::get_indicator_chart_png)
        .service(chart::get_indicator_sparkline)
        .service(activate_indicator)
        .service(analyse_indicator)
        .service(revise_indicator)
        .service(begin_indicator_phase)
        .service(retire_indicator)
        .service(void_indicator);
}
