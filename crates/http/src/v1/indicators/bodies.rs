//! What is read of an indicator: bodies, and what becomes of them.

use super::formula::FormulaBody;
use crate::body::given;
use crate::bounds::bounded;
use crate::error::ApiError;
use crate::record::existing_member;
use chrono::{DateTime, Utc};
use ratchet_domain::id::{IndicatorId, MemberId};
use ratchet_domain::indicators::{
    AutoRaise, Control, Frequency, Goal, IndicatorAmendment, IndicatorDraft, Revise, ValueKind, Verdict,
};
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// An indicator to be defined; whatever is left out can be amended until it is activated.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateIndicator {
    /// One line.
    #[schema(example = "Request latency of the customer portal", max_length = 200)]
    name: String,
    /// What it is to tell: what is measured, and why [9.1 a].
    #[serde(default)]
    #[schema(example = "Can customers work?")]
    information_need: Option<String>,
    /// Of the value.
    #[serde(default)]
    #[schema(example = "ms")]
    unit: Option<String>,
    /// What one measurement consists of.
    value_kind: ValueKind,
    /// By what the program computes it of other indicators; its figures are sent without it.
    #[serde(default)]
    formula: Option<FormulaBody>,
    /// Target and thresholds.
    #[serde(default)]
    goal: Option<Goal>,
    /// How it is charted, and which patterns raise signals; what is usual without it.
    #[serde(default)]
    control: Option<Control>,
    /// How it is measured [9.1 b].
    #[serde(default)]
    #[schema(example = "Mean of five minutes")]
    method: Option<String>,
    /// Where the figures come from.
    #[serde(default)]
    #[schema(example = "Load balancer")]
    data_source: Option<String>,
    /// For how many days its measurements are kept, 400 to 36,500; for ever without it. Then they are removed; hours and days
    /// (`rollups`) stay.
    #[serde(default)]
    #[schema(example = 1_825, minimum = 400, maximum = 36_500)]
    retention_days: Option<u32>,
    /// When it is measured [9.1 c].
    #[serde(default)]
    frequency: Option<Frequency>,
    /// Who measures [9.1 d].
    #[serde(default)]
    collector_id: Option<MemberId>,
    /// When the results are analysed [9.1 e].
    #[serde(default)]
    analysis_interval: Option<Frequency>,
    /// Who analyses them [9.1 f].
    #[serde(default)]
    analyst_id: Option<MemberId>,
    /// The clauses and controls it speaks of, at most 20.
    #[serde(default)]
    #[schema(example = json!(["9.1", "A.8.16"]))]
    requirements: Vec<String>,
    /// Which case a signal opens by itself; none without it.
    #[serde(default)]
    auto_raise: AutoRaise,
    /// The accountable member.
    #[serde(default)]
    owner_id: Option<MemberId>,
}

/// Plain fields to change; an absent one stays, `null` empties. While the indicator is active, target and thresholds
/// are changed by `revise` alone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendIndicator {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "Latency of the portal", value_type = String)]
    name: Option<String>,
    /// What it is to tell.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "Can customers work?", value_type = Option<String>)]
    information_need: Option<Option<String>>,
    /// Of the value.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "ms", value_type = Option<String>)]
    unit: Option<Option<String>>,
    /// What one measurement consists of.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = ValueKind)]
    value_kind: Option<ValueKind>,
    /// By what the program computes it of other indicators. While the indicator is active, `revise` alone changes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<FormulaBody>)]
    formula: Option<Option<FormulaBody>>,
    /// Target and thresholds.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Goal>)]
    goal: Option<Option<Goal>>,
    /// How it is charted.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Control>)]
    control: Option<Option<Control>>,
    /// How it is measured.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "Mean of five minutes", value_type = Option<String>)]
    method: Option<Option<String>>,
    /// Where the figures come from.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "Load balancer", value_type = Option<String>)]
    data_source: Option<Option<String>>,
    /// For how many days its measurements are kept; `null` for ever. What lies further back is removed within the hour, and does not
    /// come back.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = 1_825, minimum = 400, maximum = 36_500, value_type = Option<u32>)]
    retention_days: Option<Option<u32>>,
    /// When it is measured.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Frequency>)]
    frequency: Option<Option<Frequency>>,
    /// Who measures.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MemberId>)]
    collector_id: Option<Option<MemberId>>,
    /// When the results are analysed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Frequency>)]
    analysis_interval: Option<Option<Frequency>>,
    /// Who analyses them.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MemberId>)]
    analyst_id: Option<Option<MemberId>>,
    /// The clauses and controls it speaks of.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
    /// Which case a signal opens by itself.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = AutoRaise)]
    auto_raise: Option<AutoRaise>,
    /// The accountable member.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MemberId>)]
    owner_id: Option<Option<MemberId>>,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivateIndicator {}

/// What the results mean.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnalyseIndicator {
    /// What it came to.
    pub(super) verdict: Verdict,
    /// What was seen and concluded.
    #[schema(example = "The nightly export slows the portal down; the trend is flat otherwise", max_length = 10_000)]
    pub(super) conclusion: String,
}

/// New target and thresholds, another way of charting, another formula: one of them at least.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviseIndicator {
    /// What holds from now on; without it what holds now.
    #[serde(default)]
    goal: Option<Goal>,
    /// How it is charted from now on; without it as now.
    #[serde(default)]
    control: Option<Control>,
    /// By what it is computed from now on: of the period that runs, or of the next one where its periods are longer than those so
    /// far. A phase of the chart begins with it; the former formula's figures stay.
    #[serde(default)]
    formula: Option<FormulaBody>,
    /// Why the goalposts move; marked on the chart.
    #[schema(example = "The new platform is twice as fast", max_length = 10_000)]
    reason: String,
}

/// From when on the figures tell another story.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginIndicatorPhase {
    /// When the phase begins; not ahead.
    #[serde(deserialize_with = "bounded")]
    pub(super) starts_at: DateTime<Utc>,
    /// Why they cannot be held against those before; marked on the chart.
    #[schema(example = "The new scanner counts twice as much", max_length = 10_000)]
    pub(super) reason: String,
}

/// Why it is not measured any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireIndicator {
    /// Kept in the journal.
    #[schema(example = "The portal was switched off", max_length = 10_000)]
    pub(super) reason: String,
}

impl CreateIndicator {
    /// The draft, once whom and what it names is there.
    pub(super) fn draft(self, tx: &mut Tx<'_>) -> Result<IndicatorDraft, ApiError> {
        let Self {
            name,
            information_need,
            unit,
            value_kind,
            formula,
            goal,
            control,
            method,
            data_source,
            retention_days,
            frequency,
            collector_id,
            analysis_interval,
            analyst_id,
            requirements,
            auto_raise,
            owner_id,
        } = self;
        people(&[("collector_id", collector_id), ("analyst_id", analyst_id), ("owner_id", owner_id)], tx)?;
        Ok(IndicatorDraft {
            name,
            information_need,
            unit,
            value_kind,
            formula: formula.map(|formula| formula.draft(None, tx)).transpose()?,
            goal,
            control,
            method,
            data_source,
            retention_days,
            frequency,
            collector: collector_id,
            analysis_interval,
            analyst: analyst_id,
            requirements,
            auto_raise,
            owner: owner_id,
        })
    }
}

/// Refuses members that a body names and that are not active here.
fn people(named: &[(&str, Option<MemberId>)], tx: &mut Tx<'_>) -> Result<(), ApiError> {
    let given = named.iter().filter_map(|(field, member)| member.map(|member| (field, member)));
    for (field, member) in given {
        existing_member(&format!("/{field}"), member, tx)?;
    }
    Ok(())
}

impl AmendIndicator {
    /// The amendment, once whom and what it names is there.
    pub(super) fn amendment(self, of: IndicatorId, tx: &mut Tx<'_>) -> Result<IndicatorAmendment, ApiError> {
        let Self {
            name,
            information_need,
            unit,
            value_kind,
            formula,
            goal,
            control,
            method,
            data_source,
            retention_days,
            frequency,
            collector_id,
            analysis_interval,
            analyst_id,
            requirements,
            auto_raise,
            owner_id,
        } = self;
        let named = [
            ("collector_id", collector_id.flatten()),
            ("analyst_id", analyst_id.flatten()),
            ("owner_id", owner_id.flatten()),
        ];
        people(&named, tx)?;
        let formula = match formula {
            Some(Some(formula)) => Some(Some(formula.draft(Some(of), tx)?)),
            Some(None) => Some(None),
            None => None,
        };
        Ok(IndicatorAmendment {
            name,
            information_need,
            unit,
            value_kind,
            formula,
            goal,
            control,
            method,
            data_source,
            retention_days,
            frequency,
            collector: collector_id,
            analysis_interval,
            analyst: analyst_id,
            requirements,
            auto_raise,
            owner: owner_id,
        })
    }
}

impl ReviseIndicator {
    /// What is to hold, once the indicators that it names are there.
    pub(super) fn revision(self, of: IndicatorId, tx: &mut Tx<'_>) -> Result<Revise, ApiError> {
        let Self { goal, control, formula, reason } = self;
        let formula = formula.map(|formula| formula.draft(Some(of), tx)).transpose()?;
        Ok(Revise { goal, control, formula, reason })
    }
}
