//! Ingest rules over HTTP: which series that monitoring systems send feeds which indicator.

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::records::RecordView;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::IndicatorId;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::ingest_rules::{
    Amendment, Comparison, Dimension, Door, IngestRule, IngestRuleDraft, Matcher, Part, Stage, StageName, Terms,
    USUAL_ORDER, Verb,
};
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::error::Error as StoreError;
use ratchet_persistence::ingest_rules::{Filter, in_force};
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};

/// What a label must be. A label that is not there is empty.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IngestMatcher)]
pub(crate) struct MatcherView {
    /// The label's name.
    #[schema(example = "job", max_length = 200)]
    label: String,
    /// How its value is compared.
    comparison: Comparison,
    /// With what; in a `glob`, `*` stands for any characters and `?` for one.
    #[schema(example = "portal", max_length = 200)]
    value: String,
}

impl From<Matcher> for MatcherView {
    fn from(matcher: Matcher) -> Self {
        let Matcher { label, comparison, value } = matcher;
        Self { label, comparison, value }
    }
}

impl From<MatcherView> for Matcher {
    fn from(view: MatcherView) -> Self {
        let MatcherView { label, comparison, value } = view;
        Self { label, comparison, value }
    }
}

/// A label that becomes a dimension of the measurement.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IngestDimension)]
pub(crate) struct DimensionView {
    /// The label's name.
    #[schema(example = "instance", max_length = 200)]
    label: String,
    /// The dimension's name: letters, digits, `_`, `-` and `.`.
    #[schema(example = "site", max_length = 64)]
    name: String,
}

impl DimensionView {
    pub(super) fn label(&self) -> &str {
        &self.label
    }
}

impl From<Dimension> for DimensionView {
    fn from(dimension: Dimension) -> Self {
        let Dimension { label, name } = dimension;
        Self { label, name }
    }
}

impl From<DimensionView> for Dimension {
    fn from(view: DimensionView) -> Self {
        let DimensionView { label, name } = view;
        Self { label, name }
    }
}

pub(super) fn each<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

/// Which series feeds which indicator.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IngestRuleView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Latency of the portal")]
    pub name: String,
    /// Rules are tried in the order of this number, and of their references where it is the same.
    #[schema(example = 100)]
    pub order: i64,
    /// Where the series comes in; `null`: by any door.
    pub door: Option<Door>,
    /// The metric's name, exact or with `*` and `?`.
    #[schema(example = "http_request_duration_seconds")]
    pub metric: String,
    /// What its labels must be, all of them.
    pub matchers: Vec<MatcherView>,
    /// What it feeds.
    pub indicator_id: IndicatorId,
    /// That indicator; only with `expand=indicator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicator: Option<RecordView>,
    /// What the figure is to the measurement.
    pub part: Part,
    /// By what the figure is multiplied.
    #[schema(example = 1000.0)]
    pub scale: f64,
    /// What is added to it then.
    #[schema(example = 0.0)]
    pub offset: f64,
    /// Which labels become dimensions.
    pub dimensions: Vec<DimensionView>,
    /// Why it feeds nothing for the time being.
    pub paused_because: Option<String>,
    /// Why it feeds nothing any more.
    pub retired_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of ingest rules can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IngestRuleQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "active")]
    state: Option<Vec<StageName>>,
    /// For one of these doors alone, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Door>>, example = "otlp,prometheus")]
    door: Option<Vec<Door>>,
    /// Feeding the indicator of this id or reference.
    #[param(value_type = Option<String>, example = "IND-2026-0001")]
    indicator: Option<Named>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for IngestRule {
    type View = IngestRuleView;
    type Query = IngestRuleQuery;
    const PATH: &'static str = "ingest-rules";
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("indicator", "indicator_id", Prefix::Indicator)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> IngestRuleView {
        let Self { head, terms, stage } = self.clone();
        let Terms { name, order, door, metric, matchers, indicator, part, scale, offset, dimensions } = terms;
        let (paused_because, retired_because) = match &stage {
            Stage::Active => (None, None),
            Stage::Paused { reason, at: _ } => (Some(reason.clone()), None),
            Stage::Retired { reason, at: _ } => (None, Some(reason.clone())),
        };
        IngestRuleView {
            head: (&head).into(),
            state: stage.name(),
            name,
            order,
            door,
            metric,
            matchers: each(matchers),
            indicator_id: indicator,
            indicator: None,
            part,
            scale,
            offset,
            dimensions: each(dimensions),
            paused_because,
            retired_because,
            transitions,
        }
    }

    fn settle(query: &mut IngestRuleQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("indicator", &[Prefix::Indicator], &mut query.indicator)
    }

    fn filter(query: IngestRuleQuery, _: &Actor, _: NaiveDate) -> Filter {
        let IngestRuleQuery { state, door, indicator, updated_since } = query;
        Filter { stage: state, door, indicator: indicator.map(Named::id), updated_since }
    }
}

/// Which series is to feed which indicator.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateIngestRule {
    /// One line.
    #[schema(example = "Latency of the portal", max_length = 200)]
    name: String,
    /// Rules are tried in the order of this number, 0 to 1,000,000, and of their references where it is the same; 100
    /// without it. Of the rules that a series meets, the first for each indicator and part reads it.
    #[serde(default)]
    #[schema(example = 100, minimum = 0, maximum = 1_000_000)]
    order: Option<i64>,
    /// Where the series comes in; by any door without it.
    #[serde(default)]
    door: Option<Door>,
    /// The metric's name; `*` stands for any characters, `?` for one.
    #[schema(example = "http_request_duration_seconds", max_length = 200)]
    metric: String,
    /// What its labels must be, all of them; at most 16.
    #[serde(default)]
    matchers: Vec<MatcherView>,
    /// What it feeds: an indicator's id or reference.
    #[schema(example = "IND-2026-0001")]
    indicator: String,
    /// What the figure is to the measurement: `value` without it. Numerator and denominator of a ratio are joined within one
    /// body, where dimensions and moment are the same.
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
    /// Which labels become dimensions, at most 8. Series that differ in others alone make the same measurement, and within
    /// one body all of them but the first are refused.
    #[serde(default)]
    dimensions: Vec<DimensionView>,
}

impl CreateIngestRule {
    /// What the rule says, and of which indicator.
    pub(super) fn terms(self, pointer: &str, tx: &mut Tx<'_>) -> Result<(Terms, Indicator), ApiError> {
        let Self { name, order, door, metric, matchers, indicator, part, scale, offset, dimensions } = self;
        let indicator = fed(&format!("{pointer}/indicator"), &indicator, tx)?;
        let terms = Terms {
            name,
            order: order.unwrap_or(USUAL_ORDER),
            door,
            metric,
            matchers: each(matchers),
            indicator: indicator.id(),
            part: part.unwrap_or(Part::Value),
            scale: scale.unwrap_or(1.0),
            offset: offset.unwrap_or(0.0),
            dimensions: each(dimensions),
        };
        Ok((terms, indicator))
    }
}

/// What changes; an absent member stays. It holds for what arrives from then on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendIngestRule {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    name: Option<String>,
    /// In which order rules are tried.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = i64)]
    order: Option<i64>,
    /// Where the series comes in; `null`: by any door.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Door>)]
    door: Option<Option<Door>>,
    /// The metric's name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    metric: Option<String>,
    /// What its labels must be.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<MatcherView>)]
    matchers: Option<Vec<MatcherView>>,
    /// What it feeds: an indicator's id or reference.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, example = "IND-2026-0001")]
    indicator: Option<String>,
    /// What the figure is to the measurement.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Part)]
    part: Option<Part>,
    /// By what the figure is multiplied.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = f64)]
    scale: Option<f64>,
    /// What is added to it then.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = f64)]
    offset: Option<f64>,
    /// Which labels become dimensions.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<DimensionView>)]
    dimensions: Option<Vec<DimensionView>>,
}

/// Why it feeds nothing for the time being.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseIngestRule {
    /// Kept in the journal.
    #[schema(example = "The sensor is being replaced", max_length = 10_000)]
    reason: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeIngestRule {}

/// Why it feeds nothing any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireIngestRule {
    /// Kept in the journal.
    #[schema(example = "The portal was switched off", max_length = 10_000)]
    reason: String,
}

/// The indicator that a body names.
pub(super) fn fed(pointer: &str, named: &str, tx: &mut Tx<'_>) -> Result<Indicator, ApiError> {
    let unknown = || Refusal::invalid(pointer, "unknown_record", "must be an indicator's reference or id");
    let locator: Locator = named.parse().map_err(|_| unknown())?;
    let indicator = match tx.get::<Indicator>(locator) {
        Ok(indicator) => indicator,
        Err(StoreError::NotFound) => return Err(unknown().into()),
        Err(error) => return Err(error.into()),
    };
    match indicator.takes_no_figures(pointer) {
        Some(fault) => Err(Refusal::Invalid(vec![fault]).into()),
        None => Ok(indicator),
    }
}

/// List ingest rules.
#[utoipa::path(
    tag = "ingest",
    params(PageParameters, IngestRuleQuery),
    responses((status = 200, body = Page<IngestRuleView>))
)]
#[get("/ingest-rules")]
pub(crate) async fn list_ingest_rules(call: Call, list: List<IngestRuleQuery>) -> Result<Answer, ApiError> {
    call.list::<IngestRule>(list).await
}

/// Say which series feeds an indicator, from now on.
///
/// Figures come in by the doors under `/v1/ingest/`. A series is held against all rules in force of indicators that are
/// active: for each indicator and part the first rule that it meets reads it, in the order of `order` and then of the
/// references. What no rule matches is counted and listed (`/v1/ingest/unmatched`). At most 500 rules are in force.
#[utoipa::path(
    tag = "ingest",
    params(WriteParameters),
    request_body = CreateIngestRule,
    responses((status = 201, body = IngestRuleView))
)]
#[post("/ingest-rules")]
pub(crate) async fn create_ingest_rule(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateIngestRule>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateIngestRule, by, birth, tx| {
        let (terms, indicator) = input.terms("", tx)?;
        let in_force = in_force(by.organisation, tx.connection())?;
        Ok(IngestRule::define(IngestRuleDraft { terms, kind: indicator.value_kind, in_force }, by, birth)?)
    })
    .await
}

/// Read an ingest rule.
#[utoipa::path(
    tag = "ingest",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = IngestRuleView))
)]
#[get("/ingest-rules/{id}")]
pub(crate) async fn get_ingest_rule(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<IngestRule>(target, parameters).await
}

/// Amend what an ingest rule says: it holds for what arrives from then on.
#[utoipa::path(
    tag = "ingest",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendIngestRule, content_type = "application/merge-patch+json"),
    responses((status = 200, body = IngestRuleView))
)]
#[patch("/ingest-rules/{id}")]
pub(crate) async fn amend_ingest_rule(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendIngestRule>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |rule: IngestRule, input: AmendIngestRule, by, tx| {
        let AmendIngestRule { name, order, door, metric, matchers, indicator, part, scale, offset, dimensions } = input;
        let indicator = match indicator {
            Some(named) => fed("/indicator", &named, tx)?,
            // It is there as long as a rule feeds it, whoever may see it.
            None => tx.load::<Indicator>(Locator::Id(rule.terms.indicator.0))?,
        };
        let amendment = Amendment {
            name,
            order,
            door,
            metric,
            matchers: matchers.map(each),
            indicator: Some(indicator.id()),
            part,
            scale,
            offset,
            dimensions: dimensions.map(each),
        };
        Ok(rule.amend(amendment, indicator.value_kind, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "ingest", record IngestRule, view IngestRuleView;

    /// Let an ingest rule feed nothing for the time being. What it matched is listed as unmatched meanwhile, and is not taken
    /// in afterwards: what was sent has been answered.
    pause_ingest_rule "/ingest-rules/{id}/pause" Pause PauseIngestRule
    |rule, input, facts, by, tx| rule.pause(input.reason, facts, by, tx.now());

    /// Let an ingest rule feed its indicator again.
    resume_ingest_rule "/ingest-rules/{id}/resume" Resume ResumeIngestRule
    |rule, ResumeIngestRule {}, facts, by, tx| rule.resume(facts, by, tx.now());

    /// Say that an ingest rule feeds nothing any more; what was measured by it stays.
    retire_ingest_rule "/ingest-rules/{id}/retire" Retire RetireIngestRule
    |rule, input, facts, by, tx| rule.retire(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_ingest_rules)
        .service(create_ingest_rule)
        .service(get_ingest_rule)
        .service(amend_ingest_rule)
        .service(pause_ingest_rule)
        .service(resume_ingest_rule)
        .service(retire_ingest_rule);
}
