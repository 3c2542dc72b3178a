//! Ingest rules: which series that monitoring systems send feeds which indicator, and how [9.1].

mod commands;
mod lifecycle;
mod matching;
mod reading;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::Amendment;
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use matching::{Arrival, Ruleset, Series, is_like};
pub use reading::{Assembled, Reading, assemble};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{IndicatorId, IngestRuleId};
use crate::indicators::{MAGNITUDE, ValueKind};
use crate::measurements::{DIMENSION_NAME, DIMENSIONS};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Rules of one organisation that are in force, at most: each series that arrives is held against all of them.
pub const IN_FORCE: i64 = 500;
/// Matchers of one rule, at most.
pub const MATCHERS: usize = 16;
/// The order of a rule lies between nought and this.
pub const ORDER: i64 = 1_000_000;
/// The order of a rule that says none.
pub const USUAL_ORDER: i64 = 100;

/// Where figures come in.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IngestDoor))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Door {
    /// OpenTelemetry metrics over HTTP.
    Otlp,
    /// Prometheus remote write.
    Prometheus,
    /// InfluxDB's line protocol.
    Influx,
    /// CloudEvents.
    Cloudevents,
}

/// How a label's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IngestComparison))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Comparison {
    /// It is this.
    Equal,
    /// It is anything else, or there is no such label.
    NotEqual,
    /// It is like this: `*` stands for any characters, `?` for one.
    Glob,
}

/// What a label must be. A label that is not there is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// The label's name.
    pub label: String,
    /// How its value is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: String,
}

/// A label that becomes a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimension {
    /// The label's name.
    pub label: String,
    /// The dimension's name.
    pub name: String,
}

/// What a figure is to the measurement.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IngestPart))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// The value of a gauge.
    Value,
    /// The numerator of a ratio.
    Numerator,
    /// The denominator of a ratio.
    Denominator,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It feeds its indicator.
    Active,
    /// It feeds nothing for the time being.
    Paused {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// It feeds nothing any more.
    Retired {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// What a rule says, beside where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// One line.
    pub name: String,
    /// Rules are tried in the order of this number, and of their references where it is the same.
    pub order: i64,
    /// Where the series comes in; any door without it.
    #[serde(default)]
    pub door: Option<Door>,
    /// The metric's name, exact or with `*` and `?`.
    pub metric: String,
    /// What its labels must be, all of them; at most [`MATCHERS`].
    #[serde(default)]
    pub matchers: Vec<Matcher>,
    /// What it feeds.
    pub indicator: IndicatorId,
    /// What the figure is to the measurement.
    pub part: Part,
    /// By what the figure is multiplied.
    pub scale: f64,
    /// What is added to it then.
    pub offset: f64,
    /// Which labels become dimensions; what a series has beside them does not tell measurements apart.
    #[serde(default)]
    pub dimensions: Vec<Dimension>,
}

/// An ingest rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestRule {
    /// Identity and version.
    pub head: Head,
    /// What it says.
    pub terms: Terms,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to make one.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestRuleDraft {
    /// What it says; that the indicator exists is the caller's to check.
    pub terms: Terms,
    /// What one measurement of the indicator consists of.
    pub kind: ValueKind,
    /// How many rules of the organisation are in force.
    pub in_force: i64,
}

impl Record for IngestRule {
    const PREFIX: Prefix = Prefix::IngestRule;
    const MAKING: Permission = Permission::DefineIndicator;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn title(&self) -> Option<&str> {
        Some(&self.terms.name)
    }
}

impl IngestRule {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> IngestRuleId {
        IngestRuleId(self.head.id)
    }

    /// Makes a rule, which is in force at once.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], every fault of the draft, or as many rules as can be are in force.
    pub fn define(draft: IngestRuleDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let IngestRuleDraft { terms, kind, in_force } = draft;
        let rule = Self { head: Head::born(by, birth), terms, stage: Stage::Active };
        rule.terms.faults(kind).refuse()?;
        lifecycle::has_room(in_force)?;
        Ok(Change::born(rule, "defined"))
    }
}

impl Terms {
    /// Every fault of what people write, where measurements of the indicator are of this kind.
    #[must_use]
    pub fn faults(&self, kind: ValueKind) -> Faults {
        let Self { name, order, door: _, metric, matchers, indicator: _, part, scale, offset, dimensions } = self;
        let mut faults = Faults::default();
        faults.keep(text::title("/name", name));
        faults.keep(text::graded("/order", *order, 0..=ORDER));
        faults.keep(text::title("/metric", metric));
        let fits = match (kind, part) {
            (ValueKind::Gauge, Part::Value) | (ValueKind::Ratio, Part::Numerator | Part::Denominator) => true,
            (ValueKind::Gauge, Part::Numerator | Part::Denominator) | (ValueKind::Ratio, Part::Value) => false,
        };
        if !fits {
            let detail = "must be value for a gauge, and numerator or denominator for a ratio";
            faults.push(Fault::new("/part", "value_kind", detail));
        }
        for (pointer, number) in [("/scale", *scale), ("/offset", *offset)] {
            if !number.is_finite() || number.abs() > MAGNITUDE {
                faults.push(Fault::new(pointer, "not_finite", "must be a number between -1e100 and 1e100"));
            }
        }
        if *scale == 0.0 {
            faults.push(Fault::new(
                "/scale",
                "out_of_range",
                "must not be nought: nothing would be left of the figure",
            ));
        }
        faults_of_matchers(matchers, &mut faults);
        faults_of_dimensions(dimensions, &mut faults);
        faults
    }
}

fn faults_of_matchers(matchers: &[Matcher], faults: &mut Faults) {
    if matchers.len() > MATCHERS {
        faults.push(Fault::new("/matchers", "length", format!("must have at most {MATCHERS}")));
    }
    for (index, Matcher { label, comparison: _, value }) in matchers.iter().enumerate() {
        faults.keep(text::title(&format!("/matchers/{index}/label"), label));
        // That a label is empty, or not there, can be asked for.
        if !value.is_empty() {
            faults.keep(text::title(&format!("/matchers/{index}/value"), value));
        }
    }
}

fn faults_of_dimensions(dimensions: &[Dimension], faults: &mut Faults) {
    if dimensions.len() > DIMENSIONS {
        faults.push(Fault::new("/dimensions", "length", format!("must have at most {DIMENSIONS}")));
    }
    for (index, Dimension { label, name }) in dimensions.iter().enumerate() {
        faults.keep(text::title(&format!("/dimensions/{index}/label"), label));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || name.len() > DIMENSION_NAME || !name.chars().all(plain) {
            let detail = format!("must have 1 to {DIMENSION_NAME} letters, digits, _, - or .");
            faults.push(Fault::new(format!("/dimensions/{index}/name"), "name", detail));
        }
        if dimensions.iter().take(index).any(|other| other.name == *name) {
            faults.push(Fault::new(format!("/dimensions/{index}/name"), "duplicate", "names a dimension twice"));
        }
    }
}
