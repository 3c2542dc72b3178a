//! Indicators [9.1]: what is measured, how, when and by whom, and which values call for attention.

mod analysis;
pub mod built_in;
pub mod chart;
mod commands;
mod control;
mod definition;
pub mod formula;
mod frequency;
mod goal;
mod lifecycle;
mod mistakes;
pub mod phases;
#[cfg(test)]
pub(crate) mod tests;
mod wording;

pub use analysis::{Analysis, Verdict};
pub use built_in::BuiltIn;
pub use commands::{Analyse, BeginPhase, IndicatorAmendment, Revise};
pub use control::{BASELINE_LEAST, BASELINE_MOST, Control, ControlChart, DeclaredPhase, PHASES};
pub use definition::IndicatorDraft;
pub use formula::{Formula, FormulaDraft};
pub use frequency::Frequency;
pub use goal::{Direction, Goal, Judgement, MAGNITUDE, Range};
pub use lifecycle::{Facts, Field, StageName, Verb, computed, edge, touchable};
pub use wording::IndicatorText;
pub(crate) use wording::Measured;

use crate::access::{Actor, Permission};
use crate::change::{Head, Record, Seal};
use crate::id::{IndicatorId, MemberId, RecordId};
use crate::links::Relation;
use crate::measurements::Step;
use crate::mistakes::Voided;
use crate::reference::{Prefix, Target};
use crate::responsibilities::{Part, Responsibility};
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, Days, NaiveDate, Utc};
use formula::Source;
use serde::{Deserialize, Serialize};

/// At most so many clauses and controls.
pub const REQUIREMENTS: usize = 20;
/// Measurements are kept for so many days at least: a year can be held against the year before.
pub const RETENTION_LEAST: u32 = 400;
/// They are kept for so many days at most, unless they are kept for ever: a hundred years.
pub const RETENTION_MOST: u32 = 36_500;

/// What one measurement consists of.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ValueKind {
    /// One number.
    Gauge,
    /// Numerator and denominator; the value is their quotient, and may exceed 1.
    Ratio,
}

/// How far a value is off before something follows by itself.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SignalLevel))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// Beyond the warning threshold, or worse.
    Warning,
    /// Beyond the critical threshold.
    Critical,
    /// A pattern of the control chart, a trend away from the goal, or worse.
    Pattern,
}

/// Which case a signal opens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum AutoRaise {
    /// None: a person decides.
    None {},
    /// A nonconformity.
    Nonconformity {
        /// From this level on.
        on: Level,
    },
    /// An improvement; refused until there are improvements.
    Improvement {
        /// From this level on.
        on: Level,
    },
}

impl Default for AutoRaise {
    fn default() -> Self {
        Self::None {}
    }
}

/// Earlier target, thresholds and formula: moving the goalposts shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// Which one it was.
    pub number: i64,
    /// What held then.
    pub goal: Goal,
    /// How it was charted then, where somebody had said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// How its figures followed from those of others then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<Formula>,
    /// Until when it held.
    pub replaced_at: DateTime<Utc>,
    /// Who replaced it.
    pub replaced_by: Option<MemberId>,
    /// Why it was replaced.
    pub reason: String,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Being described.
    Draft,
    /// Being measured.
    Active {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Not measured any more.
    Retired {
        /// Since when it had been measured.
        since: DateTime<Utc>,
        /// Why it ended.
        reason: String,
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// It was defined by mistake, and never measured.
    Void {
        /// What the mistake was.
        #[serde(flatten)]
        voided: Voided,
    },
}

/// An indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Indicator {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub name: String,
    /// Which of the built-in ones it is; `None` of those that others measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_in: Option<BuiltIn>,
    /// How its figures follow from those of others; `None` where they are sent, or counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<Formula>,
    /// What it is to tell: what is measured, and why [9.1 a].
    #[serde(default)]
    pub information_need: Option<String>,
    /// Of the value: `%`, `days`.
    #[serde(default)]
    pub unit: Option<String>,
    /// What one measurement consists of.
    pub value_kind: ValueKind,
    /// Target and thresholds.
    #[serde(default)]
    pub goal: Option<Goal>,
    /// How it is charted, where somebody has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// Phases of its chart that were declared, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declared_phases: Vec<DeclaredPhase>,
    /// How it is measured [9.1 b].
    #[serde(default)]
    pub method: Option<String>,
    /// Where the figures come from.
    #[serde(default)]
    pub data_source: Option<String>,
    /// For how many days its measurements are kept; for ever without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// When it is measured [9.1 c].
    #[serde(default)]
    pub frequency: Option<Frequency>,
    /// Who measures [9.1 d]; nobody need be named where the program does.
    #[serde(default)]
    pub collector: Option<MemberId>,
    /// When the results are analysed [9.1 e].
    #[serde(default)]
    pub analysis_interval: Option<Frequency>,
    /// Who analyses them [9.1 f].
    #[serde(default)]
    pub analyst: Option<MemberId>,
    /// The clauses and controls it speaks of.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Which case a signal opens by itself.
    #[serde(default)]
    pub auto_raise: AutoRaise,
    /// The accountable member.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// Of target, thresholds, chart and formula; starts at 1.
    pub revision: i64,
    /// What held earlier, oldest first.
    #[serde(default)]
    pub revisions: Vec<Revision>,
    /// The newest analysis; earlier ones stand in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// The day from which the present interval of analysis runs, in the organisation's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysed_on: Option<NaiveDate>,
    /// The day of an analysis whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_fell_due_on: Option<NaiveDate>,
    /// Where it stands.
    pub stage: Stage,
}

impl Record for Indicator {
    const PREFIX: Prefix = Prefix::Indicator;
    const MAKING: Permission = Permission::DefineIndicator;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Owned, measured, analysed or defined by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some() && [self.owner, self.collector, self.analyst, self.head.created_by].contains(&me)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.name)
    }

    /// What it is computed of.
    fn edges(&self) -> Vec<TraceEdge> {
        let (own, sources) = (Target::of(self), self.formula.iter().flat_map(|formula| &formula.sources));
        let target = |source: &Source| Target { kind: Prefix::Indicator, id: RecordId(source.indicator.0) };
        sources.map(|source| TraceEdge::new(own, Relation::RelatesTo, target(source))).collect()
    }

    /// Who is accountable for it, and who measures.
    fn owners(&self) -> Vec<MemberId> {
        self.owner.into_iter().chain(self.collector).collect()
    }

    /// Its next analysis.
    fn work(&self) -> Vec<Work> {
        let next = self.analysis_due_on().zip(self.analyst);
        next.map(|(day, analyst)| Work::of(analyst, Some(day))).into_iter().collect()
    }

    /// The day after the one of its analysis: that it has passed is noted once.
    fn wakes(&self) -> Option<Wake> {
        Wake::once_past(self.analysis_due_on()?, self.analysis_fell_due_on)
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Draft | Stage::Active { .. } => {
                let named =
                    [(Part::Owner, self.owner), (Part::Collector, self.collector), (Part::Analyst, self.analyst)];
                named.into_iter().flat_map(|(part, member)| Responsibility::of(part, member)).collect()
            }
            Stage::Retired { .. } | Stage::Void { .. } => Vec::new(),
        }
    }
}

impl Indicator {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> IndicatorId {
        IndicatorId(self.head.id)
    }

    /// The moment from which on its measurements are kept, as a day begins in UTC; `None` where all are.
    #[must_use]
    pub fn retained_from(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(Step::Day.start_of(now.checked_sub_days(Days::new(self.retention_days?.into()))?))
    }

    /// Whether the program alone measures it.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.built_in.is_some() || self.formula.is_some()
    }

    /// How it is charted: what was said of it, or else what is usual.
    #[must_use]
    pub fn charting(&self) -> Control {
        self.control.clone().unwrap_or_default()
    }

    /// The day by which its results are to be analysed: one interval after they were last, or after it was activated.
    #[must_use]
    pub fn analysis_due_on(&self) -> Option<NaiveDate> {
        match self.stage {
            Stage::Active { .. } => self.analysis_interval?.after(self.analysed_on?),
            Stage::Draft | Stage::Retired { .. } | Stage::Void { .. } => None,
        }
    }

    /// Whether the actor's measurements of it are taken: the owner and the collector measure what is theirs.
    #[must_use]
    pub fn is_measured_by(&self, by: &Actor) -> bool {
        let me = by.principal();
        by.may(Permission::RecordMeasurements, me.is_some() && [self.owner, self.collector].contains(&me))
    }
}
