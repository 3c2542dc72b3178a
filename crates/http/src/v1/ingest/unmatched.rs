//! What no rule matched, and what is made of it; and rules that are tried.

use super::gateway::take;
use super::report::IngestReport;
use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters, listed};
use crate::record::Resource;
use crate::v1::auth::Nothing;
use crate::v1::indicators::{self, CreateIndicator, IndicatorView};
use crate::v1::ingest_rules::{CreateIngestRule, DimensionView, IngestRuleView, MatcherView, each, fed};
use actix_web::http::StatusCode;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use ratchet_domain::access::Permission;
use ratchet_domain::change::Record;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::ingest_rules::{
    Comparison, Door, IngestRule, IngestRuleDraft, MATCHERS, Matcher, Part, Ruleset, Series, Terms, USUAL_ORDER,
};
use ratchet_domain::refusal::Refusal;
use ratchet_domain::text::TITLE;
use ratchet_ingest::{Intake, Sample};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::ingest_rules::{feeding, in_force};
use ratchet_persistence::ingest_unmatched::{self, Unmatched};
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Samples that are tried at once, at most.
const TRIED: usize = 1_000;

/// A series that came in and that no rule matches.
/// What stands in place of characters that no text may hold.
const REPLACED: char = '\u{fffd}';

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UnmatchedView {
    /// By which it is adopted.
    pub id: Uuid,
    /// Where it came in.
    pub door: Door,
    /// The metric's name.
    #[schema(example = "http_request_duration_seconds")]
    pub metric: String,
    /// Its labels; empty where they are longer than anybody reads (4 KiB).
    pub labels: BTreeMap<String, String>,
    /// How many figures have come in.
    #[schema(example = 42)]
    pub count: i64,
    /// When the first of them came in.
    pub first_seen_at: DateTime<Utc>,
    /// When the last of them came in.
    pub last_seen_at: DateTime<Utc>,
    /// That one.
    #[schema(example = 0.25)]
    pub last_value: f64,
}

impl From<Unmatched> for UnmatchedView {
    fn from(unmatched: Unmatched) -> Self {
        let Unmatched { id, series, seen, first_at, last_at, last_value } = unmatched;
        let Series { door, metric, labels } = series;
        Self { id, door, metric, labels, count: seen, first_seen_at: first_at, last_seen_at: last_at, last_value }
    }
}

/// All of them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UnmatchedSeries {
    /// The one that came in last first.
    pub items: Vec<UnmatchedView>,
}

/// Which are asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnmatchedQuery {
    /// That came in by one of these doors, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Door>>, example = "otlp,prometheus")]
    door: Option<Vec<Door>>,
}

/// What becomes of a series: the indicator that it feeds, and the rule by which it does.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdoptSeries {
    /// The series, as `/v1/ingest/unmatched` lists it.
    series_id: Uuid,
    /// An indicator that is there, by id or reference; or `define` one.
    #[serde(default)]
    #[schema(example = "IND-2026-0001")]
    indicator: Option<String>,
    /// An indicator that is made of it, as a draft: it is fed once it is active.
    #[serde(default)]
    define: Option<CreateIndicator>,
    /// The rule in one line; the metric's name without it.
    #[serde(default)]
    #[schema(example = "Latency of the portal", max_length = 200)]
    name: Option<String>,
    /// What the figure is to the measurement; `value` without it.
    #[serde(default)]
    part: Option<Part>,
    /// By what the figure is multiplied; 1 without it.
    #[serde(default)]
    #[schema(example = 1000.0)]
    scale: Option<f64>,
    /// What is added to it then; 0 without it.
    #[serde(default)]
    #[schema(example = 0.0)]
    offset: Option<f64>,
    /// What the labels must be. Without it, each that does not become a dimension as it is: this very series.
    #[serde(default)]
    matchers: Option<Vec<MatcherView>>,
    /// Which labels become dimensions.
    #[serde(default)]
    dimensions: Vec<DimensionView>,
}

/// What was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AdoptedView {
    /// What is fed.
    pub indicator: IndicatorView,
    /// By what.
    pub rule: IngestRuleView,
}

/// What is tried.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrySamples {
    /// By which door they would come in.
    door: Door,
    /// The rule that is tried; without it, those that are in force.
    #[serde(default)]
    rule: Option<CreateIngestRule>,
    /// What would come in, 1 to 1,000.
    samples: Vec<TriedSample>,
}

/// A figure that would come in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriedSample {
    /// The metric's name.
    #[schema(example = "http_request_duration_seconds", max_length = 200)]
    metric: String,
    /// Its labels.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// How much.
    #[schema(example = 0.25)]
    value: f64,
    /// When; now without it.
    #[serde(default, deserialize_with = "bounded")]
    observed_at: Option<DateTime<Utc>>,
}

/// List what came in by the doors and no rule matches: the series, how often, and when.
///
/// At most 1,000 series of an organisation are listed. What has not been seen for 30 days is forgotten; when the list is full,
/// what has not been seen for a day makes room, and what finds none is not listed. A series whose rule feeds an indicator
/// that is not active yet stays here.
#[utoipa::path(tag = "ingest", params(UnmatchedQuery), responses((status = 200, body = UnmatchedSeries)))]
#[get("/ingest/unmatched")]
pub(crate) async fn list_unmatched_series(call: Call, query: Query<UnmatchedQuery>) -> Result<Answer, ApiError> {
    let (by, UnmatchedQuery { door }) = (call.actor.clone(), query.0);
    if !by.may(Permission::ReadRecords, false) {
        return Err(Refusal::Forbidden.into());
    }
    let read = move |connection: &mut AnyConnection| -> Result<UnmatchedSeries, ApiError> {
        let rules = Ruleset::of(feeding(by.organisation, connection)?);
        let mut found = ingest_unmatched::list(by.organisation, connection)?;
        // A rule that has come since, or an indicator that has become active.
        found.retain(|one| {
            let is_asked_for = door.as_ref().is_none_or(|doors| doors.contains(&one.series.door));
            is_asked_for && rules.feeding(&one.series.arrival()).is_empty()
        });
        Ok(UnmatchedSeries { items: each(found) })
    };
    Answer::json(StatusCode::OK, &call.app.store.read(read).await?)
}

/// Make an indicator, or take one that is there, and the rule by which a listed series feeds it: in one transaction.
#[utoipa::path(
    tag = "ingest",
    params(WriteParameters),
    request_body = AdoptSeries,
    responses((status = 201, body = AdoptedView))
)]
#[post("/ingest/unmatched/adopt")]
pub(crate) async fn adopt_unmatched_series(
    call: Call,
    Query(parameters): Query<WriteParameters>,
    Body { parsed, digest }: Body<AdoptSeries>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let dry_run = parameters.dry_run;
    call.write(&parameters, &digest, move |tx| {
        IngestRule::may_make(&by)?;
        let mut input = parsed?;
        let found = ingest_unmatched::find(by.organisation, input.series_id, tx.connection())?;
        let unknown = || Refusal::invalid("/series_id", "unknown_record", "must be the id of a series that is listed");
        let Unmatched { id, series, .. } = found.ok_or_else(unknown)?;
        input.faults(&series)?;
        let indicator = indicator_of(&mut input, tx)?;
        let terms = input.terms(series, &indicator);
        let in_force = in_force(by.organisation, tx.connection())?;
        let draft = IngestRuleDraft { terms, kind: indicator.value_kind, in_force };
        let birth = tx.birth(IngestRule::PREFIX)?;
        let (rule, receipt) = tx.save(IngestRule::define(draft, &by, birth)?)?;
        ingest_unmatched::remove(by.organisation, id, tx.connection())?;
        let status = if dry_run { StatusCode::OK } else { StatusCode::CREATED };
        let adopted = AdoptedView { indicator: indicator.view(None), rule: rule.view(None) };
        let answer = Answer::json(status, &adopted)?;
        Ok(if dry_run { answer } else { answer.with_receipt(receipt) })
    })
    .await
}

/// The indicator that the body names, or the one that it defines.
fn indicator_of(input: &mut AdoptSeries, tx: &mut Tx<'_>) -> Result<Indicator, ApiError> {
    match (input.indicator.as_deref(), input.define.take()) {
        (Some(named), None) => fed("/indicator", named, tx),
        (None, Some(define)) => {
            let by = tx.actor().clone();
            let change = indicators::defined(define, "/define", &by, tx)?;
            let (indicator, _) = tx.save(change)?;
            match indicator.takes_no_figures("/define/formula") {
                Some(fault) => Err(Refusal::Invalid(vec![fault]).into()),
                None => Ok(indicator),
            }
        }
        (Some(_), Some(_)) | (None, None) => {
            let detail = "name an indicator, or define one: the one or the other";
            Err(Refusal::invalid("/indicator", "required", detail).into())
        }
    }
}

impl AdoptSeries {
    /// A rule for what is not listed whole would be for more than this series, or for nothing.
    fn faults(&self, series: &Series) -> Result<(), Refusal> {
        if series.metric.contains(['*', '?', REPLACED]) || series.metric.chars().nth(TITLE - 1).is_some() {
            let detail = "no rule can name this metric alone: it is listed cut off or changed, or has * or ? in it";
            return Err(Refusal::invalid("/series_id", "not_whole", detail));
        }
        let is_dimension = |label: &String| self.dimensions.iter().any(|one| one.label() == label);
        let matched = series.labels.iter().filter(|(label, _)| !is_dimension(label));
        let is_whole = |(label, value): (&String, &String)| !label.contains(REPLACED) && !value.contains(REPLACED);
        if self.matchers.is_none() && (matched.clone().count() > MATCHERS || !matched.clone().all(is_whole)) {
            let detail = format!(
                "the series has more than {MATCHERS} labels, or some that are listed changed or not at all: name those that tell it"
            );
            return Err(Refusal::invalid("/matchers", "required", detail));
        }
        Ok(())
    }

    fn terms(self, series: Series, indicator: &Indicator) -> Terms {
        let Self { series_id: _, indicator: _, define: _, name, part, scale, offset, matchers, dimensions } = self;
        let Series { door, metric, labels } = series;
        let is_dimension = |label: &String| dimensions.iter().any(|one| one.label() == label);
        let as_it_is = labels.into_iter().filter(|(label, _)| !is_dimension(label)).take(MATCHERS);
        let as_it_is = as_it_is.map(|(label, value)| Matcher { label, comparison: Comparison::Equal, value });
        Terms {
            name: name.unwrap_or_else(|| metric.clone()),
            order: USUAL_ORDER,
            door: Some(door),
            metric,
            matchers: matchers.map_or_else(|| as_it_is.collect(), each),
            indicator: indicator.id(),
            part: part.unwrap_or(Part::Value),
            scale: scale.unwrap_or(1.0),
            offset: offset.unwrap_or(0.0),
            dimensions: each(dimensions),
        }
    }
}

/// Try what would become of figures, by a rule that is not made yet or by those in force: nothing is stored.
#[utoipa::path(
    tag = "ingest",
    request_body = TrySamples,
    responses((status = 200, body = IngestReport))
)]
#[post("/ingest/try")]
pub(crate) async fn try_ingest_rules(
    call: Call,
    _: Query<Nothing>,
    body: Body<TrySamples>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let Body { parsed, digest } = body;
    call.write(&WriteParameters { dry_run: true }, &digest, move |tx| {
        IngestRule::may_make(&by)?;
        let TrySamples { door, rule, samples } = parsed?;
        if samples.is_empty() || samples.len() > TRIED {
            return Err(Refusal::invalid("/samples", "length", format!("must hold 1 to {TRIED}")).into());
        }
        let rules = match rule {
            None => feeding(by.organisation, tx.connection())?,
            Some(rule) => {
                let (terms, indicator) = rule.terms("/rule", tx)?;
                let draft = IngestRuleDraft { terms, kind: indicator.value_kind, in_force: 0 };
                let birth = tx.birth(IngestRule::PREFIX)?;
                let made = IngestRule::define(draft, &by, birth).map_err(|refusal| refusal.below("/rule"))?;
                vec![made.into_after()]
            }
        };
        let intake = intake_of(samples, tx.now());
        Answer::json(StatusCode::OK, &take(door, &intake, &Ruleset::of(rules), tx)?.report)
    })
    .await
}

/// As a door would have decoded them.
fn intake_of(samples: Vec<TriedSample>, now: DateTime<Utc>) -> Intake {
    let mut intake = Intake { points: samples.len(), ..Intake::default() };
    for (place, TriedSample { metric, labels, value, observed_at }) in samples.into_iter().enumerate() {
        let series = ratchet_ingest::Series { metric, labels };
        // What differs in the figure alone is one series.
        let known = intake.series.iter().position(|other| *other == series);
        let series = known.unwrap_or_else(|| {
            intake.series.push(series);
            intake.series.len() - 1
        });
        intake.samples.push(Sample { series, at: observed_at.unwrap_or(now), value, point: place });
    }
    intake
}
