//! The tables stage x verb and stage x field: at once the enforcement and what is published.

use super::{Indicator, IndicatorAmendment, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use chrono::{DateTime, NaiveDate, Utc};

/// A stage without its facts: what filters and columns name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IndicatorState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Draft,
    Active,
    Retired,
    Void,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Active { .. } => StageName::Active,
            Self::Retired { .. } => StageName::Retired,
            Self::Void { .. } => StageName::Void,
        }
    }
}

/// What can be done to an indicator.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Activate,
    Analyse,
    Revise,
    BeginPhase,
    Retire,
    Void,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Activate, S::Draft) | (Verb::Analyse | Verb::Revise | Verb::BeginPhase, S::Active) => &[S::Active],
        (Verb::Retire, S::Active) => &[S::Retired],
        (Verb::Void, S::Draft) => &[S::Void],
        (
            Verb::Activate | Verb::Analyse | Verb::Revise | Verb::BeginPhase | Verb::Retire | Verb::Void,
            S::Draft | S::Active | S::Retired | S::Void,
        ) => &[],
    }
}

/// A field that people write.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the fields of the same names say it")]
pub enum Field {
    Name,
    InformationNeed,
    Unit,
    ValueKind,
    Formula,
    Goal,
    Control,
    Method,
    DataSource,
    RetentionDays,
    Frequency,
    Collector,
    AnalysisInterval,
    Analyst,
    Requirements,
    AutoRaise,
    Owner,
}

/// Whether a field may be amended in a stage. What gives the figures their meaning is fixed once they are
/// collected; target, thresholds, chart and formula are then changed by `revise` alone, with a reason.
#[must_use]
pub fn touchable(stage: StageName, field: Field) -> bool {
    use Field as F;
    match (stage, field) {
        (StageName::Active, F::Unit | F::ValueKind | F::Formula | F::Goal | F::Control) => false,
        (
            StageName::Active,
            F::Name
            | F::InformationNeed
            | F::Method
            | F::DataSource
            | F::RetentionDays
            | F::Frequency
            | F::Collector
            | F::AnalysisInterval
            | F::Analyst
            | F::Requirements
            | F::AutoRaise
            | F::Owner,
        ) => true,
        (
            stage @ (StageName::Draft | StageName::Retired | StageName::Void),
            F::Name
            | F::InformationNeed
            | F::Unit
            | F::ValueKind
            | F::Formula
            | F::Goal
            | F::Control
            | F::Method
            | F::DataSource
            | F::RetentionDays
            | F::Frequency
            | F::Collector
            | F::AnalysisInterval
            | F::Analyst
            | F::Requirements
            | F::AutoRaise
            | F::Owner,
        ) => stage == StageName::Draft,
    }
}

/// Whether a field says how a built-in indicator is computed: that is the program's to say.
#[must_use]
pub fn computed(field: Field) -> bool {
    use Field as F;
    match field {
        F::Unit | F::ValueKind | F::Formula | F::Method | F::DataSource | F::Frequency | F::Collector => true,
        F::Name
        | F::InformationNeed
        | F::Goal
        | F::Control
        | F::RetentionDays
        | F::AnalysisInterval
        | F::Analyst
        | F::Requirements
        | F::AutoRaise
        | F::Owner => false,
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// How many indicators that are neither retired nor void are computed of it.
    pub formulas: i64,
}

impl Lifecycle for Indicator {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        let allowed = match verb {
            Verb::Activate | Verb::Revise | Verb::BeginPhase | Verb::Retire | Verb::Void => {
                by.may(Permission::DefineIndicator, self.is_own(by))
            }
            // Of those whose it is the analyst alone says what the results mean.
            Verb::Analyse => {
                by.may(Permission::SteerIndicator, by.principal().is_some() && self.analyst == by.principal())
            }
        };
        if !allowed {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            let (stage, verb): (&str, &str) = (self.stage.name().into(), verb.into());
            return Err(Refusal::state("wrong_state", format!("an indicator that is {stage} does not know {verb}")));
        }
        let reasons = match verb {
            Verb::Activate => self.missing(),
            Verb::Analyse if by.member().is_none() => {
                vec![Reason::new("person_needed", "results are analysed by a person, not by a machine")]
            }
            Verb::Void if self.built_in.is_some() => {
                vec![Reason::new(
                    "built_in",
                    "it is built in: while it is a draft it raises nothing and waits for nobody",
                )]
            }
            Verb::Retire | Verb::Void if facts.formulas > 0 => {
                vec![Reason::new(
                    "computed_of_it",
                    "other indicators are computed of it: retire them, or revise their formulas",
                )]
            }
            Verb::Analyse | Verb::Revise | Verb::BeginPhase | Verb::Retire | Verb::Void => Vec::new(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::SteerIndicator, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Draft | StageName::Active => Ok(()),
            StageName::Retired | StageName::Void => {
                let detail = format!("an indicator that is {} is not amended", self.stage_name());
                Err(Refusal::state("wrong_state", detail))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let named = |member| hand.instead_of(member).map(Some);
        let amendment = IndicatorAmendment {
            owner: named(self.owner),
            collector: named(self.collector),
            analyst: named(self.analyst),
            ..IndicatorAmendment::default()
        };
        self.amend(amendment, by, at)
    }
}

impl Indicator {
    /// The answers that 9.1 asks for and that are not given, and the thresholds without which nothing is evaluated.
    pub(super) fn missing(&self) -> Vec<Reason> {
        let answers = [
            (self.information_need.is_some(), "no_information_need", "what is measured is not said [9.1 a]"),
            (self.method.is_some(), "no_method", "how it is measured is not said [9.1 b]"),
            (self.frequency.is_some(), "no_frequency", "when it is measured is not said [9.1 c]"),
            // The program measures those that are built in, or have a formula.
            (self.collector.is_some() || self.is_computed(), "no_collector", "who measures is not said [9.1 d]"),
            (self.analysis_interval.is_some(), "no_analysis_interval", "when it is analysed is not said [9.1 e]"),
            (self.analyst.is_some(), "no_analyst", "who analyses is not said [9.1 f]"),
            (self.goal.is_some(), "no_goal", "thresholds are not set"),
        ];
        answers.into_iter().filter(|(given, ..)| !given).map(|(_, code, detail)| Reason::new(code, detail)).collect()
    }
}
