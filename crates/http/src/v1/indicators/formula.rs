//! Formulas over HTTP: how an indicator is computed of others, and the workings.

use super::bodies::ReviseIndicator;
use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target};
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::IndicatorId;
use ratchet_domain::indicators::formula::{Aggregate, Gap, Source, Working};
use ratchet_domain::indicators::{Facts, Formula, FormulaDraft, Indicator, StageName};
use ratchet_domain::measurements::Step;
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::error::Error as StoreError;
use ratchet_persistence::formulas;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};

/// Periods in an answer at most.
const LIMIT: u32 = 400;
/// Those without a word of which.
const USUAL: u32 = 30;

/// An indicator whose figures a formula combines.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FormulaSource)]
pub(crate) struct SourceBody {
    /// By what the expression calls it: a lower-case letter, then lower-case letters, digits and `_`; not `min` or `max`.
    #[schema(example = "closed_on_time", max_length = 64)]
    name: String,
    /// Its reference or id.
    #[schema(example = "IND-2026-0003")]
    indicator: String,
    /// Which figure of a period is taken, over all its series; the mean without it.
    #[serde(default)]
    aggregate: Aggregate,
}

/// By what an indicator is computed of others.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Formula)]
pub(crate) struct FormulaBody {
    /// Numbers, the names of the sources, `+`, `-`, `*`, `/`, parentheses, `min(...)` and `max(...)`; at most 500 characters,
    /// and 16 levels of parentheses, signs and functions.
    #[schema(example = "100 * closed_on_time / closed", max_length = 500)]
    expression: String,
    /// What it names, at most 10: each is used, and none is computed of this indicator itself. At most 5 formulas stand one upon
    /// the other.
    #[schema(min_items = 1, max_items = 10)]
    sources: Vec<SourceBody>,
    /// How long the period of a figure is, in UTC: it is computed once that is over. A day without it.
    #[serde(default = "usual")]
    #[schema(example = "day")]
    period: Step,
}

fn usual() -> Step {
    Step::Day
}

impl FormulaBody {
    /// The draft, once the indicators that it names are there and not computed of `own`.
    pub(super) fn draft(self, own: Option<IndicatorId>, tx: &mut Tx<'_>) -> Result<FormulaDraft, ApiError> {
        let Self { expression, sources, period } = self;
        let mut named = Vec::with_capacity(sources.len().min(ratchet_domain::indicators::formula::SOURCES));
        // What there is too much of the draft refuses.
        for (index, source) in sources.into_iter().take(ratchet_domain::indicators::formula::SOURCES + 1).enumerate() {
            let SourceBody { name, indicator, aggregate } = source;
            let id = found(&format!("/formula/sources/{index}/indicator"), &indicator, tx)?;
            named.push((name, id, aggregate));
        }
        let ids: Vec<IndicatorId> = named.iter().map(|(_, id, _)| *id).collect();
        formulas::check(own, &ids, "/formula", tx)?;
        Ok(FormulaDraft { expression, sources: named, period })
    }
}

/// The indicator that a source names.
fn found(pointer: &str, named: &str, tx: &mut Tx<'_>) -> Result<IndicatorId, ApiError> {
    let unknown = || Refusal::invalid(pointer, "unknown_record", "must be an indicator's reference or id");
    let locator: Locator = named.parse().map_err(|_| unknown())?;
    match tx.get::<Indicator>(locator) {
        Ok(indicator) if indicator.stage.name() == StageName::Retired => {
            Err(Refusal::invalid(pointer, "retired", "the indicator is retired: nothing is measured of it any more")
                .into())
        }
        Ok(indicator) => Ok(indicator.id()),
        Err(StoreError::NotFound) => Err(unknown().into()),
        Err(error) => Err(error.into()),
    }
}

/// Revises an indicator. Of another formula the worker hears at once.
pub(super) fn revised(
    indicator: Indicator,
    input: ReviseIndicator,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Indicator>, ApiError> {
    let id = indicator.id();
    let revision = input.revision(id, tx)?;
    if revision.formula.is_some() {
        formulas::look_at(id, tx)?;
    }
    Ok(indicator.revise(revision, facts, by, tx.now())?)
}

/// An indicator whose figures a formula combines.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FormulaSourceView)]
pub(crate) struct SourceView {
    /// By what the expression calls it.
    #[schema(example = "closed_on_time")]
    pub name: String,
    /// Which one it is.
    pub indicator_id: IndicatorId,
    /// Which figure of a period is taken, over all its series.
    pub aggregate: Aggregate,
}

impl From<Source> for SourceView {
    fn from(source: Source) -> Self {
        let Source { name, indicator, aggregate } = source;
        Self { name: name.into(), indicator_id: indicator, aggregate }
    }
}

/// By what an indicator is computed of others.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FormulaView {
    /// What is computed.
    #[schema(example = "100 * closed_on_time / closed")]
    pub expression: String,
    /// Of what.
    pub sources: Vec<SourceView>,
    /// How long the period of a figure is, in UTC.
    pub period: Step,
    /// Of the formula; starts at 1. A batch of its figures names it in its source.
    #[schema(example = 1)]
    pub version: i64,
    /// With which period it begins to hold; `null` of the first one.
    pub since: Option<DateTime<Utc>>,
}

impl From<Formula> for FormulaView {
    fn from(formula: Formula) -> Self {
        let Formula { expression, sources, period, version, since } = formula;
        let sources = sources.into_iter().map(Into::into).collect();
        Self { expression: expression.into(), sources, period, version, since }
    }
}

/// Of which periods.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkingParameters {
    /// From the period on in which this moment lies; without it the 30 before `to`.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<DateTime<Utc>>,
    /// Of periods that begin before this moment; now without it.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<DateTime<Utc>>,
}

/// Why a formula gives no figure.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GapReason {
    /// Nothing was measured of a source: that is never taken for zero.
    NothingMeasured,
    /// A divisor is zero.
    DivisionByZero,
    /// A part of it lies beyond ±1e100.
    TooLarge,
}

/// Why a period has no figure.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FormulaGap)]
pub(crate) struct GapView {
    /// Why.
    pub code: GapReason,
    /// The same in words, with the source or the place in the expression.
    #[schema(example = "nothing was measured of closed")]
    pub detail: String,
}

impl From<Gap> for GapView {
    fn from(gap: Gap) -> Self {
        match gap {
            Gap::NothingMeasured { name } => {
                let detail = format!("nothing was measured of {}", name.as_str());
                Self { code: GapReason::NothingMeasured, detail }
            }
            Gap::DivisionByZero { position } => {
                let detail = format!("the divisor at character {position} is zero");
                Self { code: GapReason::DivisionByZero, detail }
            }
            Gap::TooLarge => Self { code: GapReason::TooLarge, detail: "a part of it lies beyond ±1e100".to_owned() },
        }
    }
}

/// What a source gave in a period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FormulaFigure)]
pub(crate) struct SourceFigure {
    /// By what the expression calls it.
    #[schema(example = "closed_on_time")]
    pub name: String,
    /// Its figure; `null` where nothing was measured.
    #[schema(example = 3.0)]
    pub value: Option<f64>,
}

/// A period, what its sources gave, and what follows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FormulaWorking)]
pub(crate) struct WorkingView {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends; that moment lies in the next one.
    pub ends_at: DateTime<Utc>,
    /// Whether it is over: its figure is measured then.
    #[schema(example = true)]
    pub is_over: bool,
    /// What each source gave, in their order.
    pub sources: Vec<SourceFigure>,
    /// What follows; `null` where there is no figure.
    #[schema(example = 75.0)]
    pub value: Option<f64>,
    /// Why there is none.
    pub gap: Option<GapView>,
}

/// What a formula makes of its sources.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FormulaWorkings)]
pub(crate) struct Workings {
    /// The formula that holds; `null` of an indicator that is not computed of others, which has no workings either.
    pub formula: Option<FormulaView>,
    /// Period by period, the earliest first.
    pub items: Vec<WorkingView>,
}

/// Read what an indicator's formula makes of its sources, period by period.
///
/// It is worked out anew of what counts now, by the formula that holds now, also for periods that are not over and for those before
/// it held: what was measured then stays as it was. At most 400 periods.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path), WorkingParameters),
    responses((status = 200, body = Workings))
)]
#[get("/indicators/{id}/workings")]
pub(crate) async fn get_indicator_workings(
    call: Call,
    Target(locator): Target,
    Query(parameters): Query<WorkingParameters>,
) -> Result<Answer, ApiError> {
    let (by, now) = (call.actor.clone(), call.app.now());
    let WorkingParameters { from, to } = parameters;
    let read = move |connection: &mut _| -> Result<Answer, ApiError> {
        let found = Indicator::find(by.organisation, locator, connection)?;
        let (indicator, _) = found.filter(|(record, _)| record.is_visible(&by)).ok_or(ApiError::NotFound)?;
        let Some(formula) = indicator.formula else {
            return Answer::json(StatusCode::OK, &Workings { formula: None, items: Vec::new() });
        };
        let last = to.map_or(now, |to| to - TimeDelta::microseconds(1));
        let usual = || formula.period.before(formula.period.start_of(last), USUAL - 1);
        let span = (from.unwrap_or_else(usual), last);
        let worked_out = formulas::workings(by.organisation, &formula, span, LIMIT + 1, connection)?;
        let fits = |workings: &Vec<Working>| u32::try_from(workings.len()).is_ok_and(|count| count <= LIMIT);
        let workings = worked_out.filter(fits).ok_or_else(too_many)?;
        let items = workings.into_iter().map(|working| view(working, &formula, now)).collect();
        Answer::json(StatusCode::OK, &Workings { formula: Some(formula.into()), items })
    };
    call.app.store.read(read).await
}

fn view(working: Working, formula: &Formula, now: DateTime<Utc>) -> WorkingView {
    let Working { starts_at, sources, value } = working;
    let named = formula.sources.iter().zip(sources);
    let ends_at = formula.period.end_of(starts_at);
    let (value, gap) = match value {
        Ok(value) => (Some(value), None),
        Err(gap) => (None, Some(gap.into())),
    };
    WorkingView {
        starts_at,
        ends_at,
        is_over: ends_at <= now,
        sources: named.map(|(source, value)| SourceFigure { name: source.name.as_str().to_owned(), value }).collect(),
        value,
        gap,
    }
}

fn too_many() -> ApiError {
    let detail =
        format!("there are more than {LIMIT} periods, or more than 50,000 hours or days of a source: ask for less");
    Refusal::invalid("", "too_many", detail).into()
}
