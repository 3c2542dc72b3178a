//! The ten inputs of a management review [9.3.2]: collected from live data, frozen as canonical JSON under a digest, and
//! never computed again. What is collected is summed up here by pure functions, one file for each kind of input.

mod actions;
mod audits;
mod context;
mod feedback;
mod improvements;
mod monitoring;
mod nonconformities;
mod objectives;
mod risks;
mod separation;
#[cfg(test)]
mod tests;

pub use actions::{ActionCounts, ActionFigure, ActionLine, EarlierActions};
pub use audits::{AuditLine, AuditResults, ComparedFindings, FindingCounts};
pub use context::{ContextChange, ContextChanges, ContextLine};
pub use feedback::Feedback;
pub use improvements::{ImprovementLine, ImprovementRegister, Opportunities};
pub use monitoring::{IndicatorFigure, IndicatorLine, MonitoringResults, Trend};
pub use nonconformities::{CaseFigure, CaseLine, Treatment};
pub use objectives::{Fulfilment, ObjectiveLine};
pub use risks::{LevelCount, RiskLine, RiskResults, TreatmentPlan};
pub use separation::{ExceptionFigure, ExceptionLine, Exceptions, RelaxedRule};

use crate::journal::JournalError;
use crate::journal::leaf::canonical;
use crate::refusal::Faults;
use crate::settings::Rules;
use crate::text;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Records that one input lists, at most; the others are counted.
pub const LISTED: usize = 200;

/// The inputs, in the order of the clause; d in its four parts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewInput))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Topic {
    /// a: the status of actions from earlier reviews.
    EarlierActions,
    /// b: changes in external and internal issues.
    Issues,
    /// c: changes in needs and expectations of interested parties.
    InterestedParties,
    /// d 1: nonconformities and corrective actions.
    Nonconformities,
    /// d 2: monitoring and measurement results.
    Monitoring,
    /// d 3: audit results.
    Audits,
    /// d 4: fulfilment of objectives.
    Objectives,
    /// e: feedback from interested parties.
    Feedback,
    /// f: results of risk assessment and status of the treatment plan.
    Risks,
    /// g: opportunities for improvement.
    Improvements,
}

impl Topic {
    /// The inputs to which people say something beside what is collected.
    pub const STATED: [Self; 3] = [Self::Issues, Self::InterestedParties, Self::Feedback];

    /// Where the standard asks for it.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::EarlierActions => "9.3.2 a",
            Self::Issues => "9.3.2 b",
            Self::InterestedParties => "9.3.2 c",
            Self::Nonconformities => "9.3.2 d 1",
            Self::Monitoring => "9.3.2 d 2",
            Self::Audits => "9.3.2 d 3",
            Self::Objectives => "9.3.2 d 4",
            Self::Feedback => "9.3.2 e",
            Self::Risks => "9.3.2 f",
            Self::Improvements => "9.3.2 g",
        }
    }
}

/// The time that a review looks at: both days included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewPeriod))]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
}

/// A stretch of time: from a moment on, until before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The moment after the last one.
    pub until: DateTime<Utc>,
}

impl Span {
    fn contains(self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.until
    }
}

/// The period and as many days before it, by which trends are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    /// The period.
    pub now: Span,
    /// As many days right before it.
    pub before: Span,
    /// The day on which it is asked.
    pub today: NaiveDate,
}

impl Period {
    /// The period and the one before it, by the organisation's days.
    #[must_use]
    pub fn spans(&self, rules: &Rules, now: DateTime<Utc>) -> Spans {
        let Self { from, until } = *self;
        let days = Days::new(until.signed_duration_since(from).num_days().unsigned_abs() + 1);
        let before = rules.start_of(from.checked_sub_days(days).unwrap_or(NaiveDate::MIN));
        let (from, until) = (rules.start_of(from), rules.start_of(until.succ_opt().unwrap_or(NaiveDate::MAX)));
        let today = rules.today(now);
        Spans { now: Span { from, until }, before: Span { from: before, until: from }, today }
    }
}

/// How often something happened in the period, and in the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Compared {
    /// In the period.
    pub now: i64,
    /// In as many days before it.
    pub before: i64,
}

impl Compared {
    fn count(spans: &Spans, times: impl Iterator<Item = DateTime<Utc>>) -> Self {
        let mut counted = Self::default();
        for at in times {
            counted.now += i64::from(spans.now.contains(at));
            counted.before += i64::from(spans.before.contains(at));
        }
        counted
    }
}

/// A mean over the period, and over the one before; none where there was nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedMean {
    /// Over the period.
    pub now: Option<f64>,
    /// Over as many days before it.
    pub before: Option<f64>,
}

impl ComparedMean {
    /// The mean number of days from one moment to another, of what ended in each period.
    fn of_days(spans: &Spans, lasted: &[(DateTime<Utc>, DateTime<Utc>)]) -> Self {
        let mean = |span: Span| {
            let (mut days, mut ended) = (0.0, 0.0);
            for (from, until) in lasted.iter().filter(|(_, until)| span.contains(*until)) {
                days += until.signed_duration_since(*from).as_seconds_f64() / DAY;
                ended += 1.0;
            }
            (ended > 0.0).then(|| days / ended)
        };
        Self { now: mean(spans.now), before: mean(spans.before) }
    }
}

/// What people say to an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = InputStatement))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Statement {
    /// This.
    Text {
        /// At most 10,000 characters.
        text: String,
    },
    /// That there is nothing.
    NothingToReport,
}

/// What people say to the inputs b, c and e beside what is collected; none where nobody has said anything yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = InputStatements))]
pub struct Statements {
    /// b: what has changed in external and internal issues.
    #[serde(default)]
    pub issues: Option<Statement>,
    /// c: what has changed in what interested parties need and expect.
    #[serde(default)]
    pub interested_parties: Option<Statement>,
    /// e: what customers, regulators, suppliers and employees say.
    #[serde(default)]
    pub feedback: Option<Statement>,
}

impl Statements {
    /// What is said to an input; none for those that are collected alone.
    #[must_use]
    pub fn of(&self, input: Topic) -> Option<&Statement> {
        match input {
            Topic::Issues => self.issues.as_ref(),
            Topic::InterestedParties => self.interested_parties.as_ref(),
            Topic::Feedback => self.feedback.as_ref(),
            Topic::EarlierActions
            | Topic::Nonconformities
            | Topic::Monitoring
            | Topic::Audits
            | Topic::Objectives
            | Topic::Risks
            | Topic::Improvements => None,
        }
    }

    /// What is said now, and where nothing is, what was said before.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            issues: self.issues.or(before.issues),
            interested_parties: self.interested_parties.or(before.interested_parties),
            feedback: self.feedback.or(before.feedback),
        }
    }

    /// Every fault of the texts.
    pub(super) fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for input in Topic::STATED {
            if let Some(Statement::Text { text }) = self.of(input) {
                let name: &str = input.into();
                faults.keep(text::narrative(&format!("/{name}/text"), text));
            }
        }
        faults
    }
}

/// What live data says of the inputs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CollectedInputs))]
pub struct Collected {
    /// a: the status of actions from earlier reviews.
    pub earlier_actions: EarlierActions,
    /// b: external and internal issues, and the decision about climate change.
    pub issues: ContextChanges,
    /// c: interested parties and what they require.
    pub interested_parties: ContextChanges,
    /// d 1: nonconformities and corrective actions.
    pub nonconformities: Treatment,
    /// d 2: every indicator that is measured.
    pub monitoring: MonitoringResults,
    /// d 3: audit results; absent from what was frozen before it was collected.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub audits: AuditResults,
    /// d 4: fulfilment of objectives; absent from what was frozen before it was collected.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub objectives: Fulfilment,
    /// e: feedback from interested parties, as far as it is recorded.
    pub feedback: Feedback,
    /// f: results of risk assessment and status of the treatment plan; absent from what was frozen before it was collected.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub risks: RiskResults,
    /// g: opportunities for improvement.
    pub improvements: Opportunities,
    /// Duties that were not kept apart, and what made up for it; absent from what was frozen before it was collected.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub separation: Exceptions,
}

/// The inputs as they are frozen: also what the API answers, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewInputs))]
pub struct Inputs {
    /// The time they speak of.
    pub period: Period,
    /// The day on which they were collected, in the organisation's time zone.
    pub taken_on: NaiveDate,
    /// What people say to b, c and e.
    pub statements: Statements,
    /// What live data says.
    pub collected: Collected,
}

/// Frozen inputs: their exact text, and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    text: String,
    digest: String,
}

impl Snapshot {
    /// Freezes inputs.
    ///
    /// # Errors
    /// A figure that canonical JSON cannot carry exactly.
    pub(super) fn of(inputs: &Inputs) -> Result<Self, JournalError> {
        let value = serde_json::to_value(inputs).map_err(|error| JournalError::NotCanonical(error.to_string()))?;
        let text = String::from_utf8(canonical(&value)?);
        let text = text.map_err(|error| JournalError::NotCanonical(error.to_string()))?;
        let digest = Self::digest_of(&text);
        Ok(Self { text, digest })
    }

    /// Canonical JSON (RFC 8785).
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The digest that a snapshot's text must have.
    #[must_use]
    pub fn digest_of(text: &str) -> String {
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

/// How many are beyond what is listed.
fn left_out(all: usize) -> i64 {
    i64::try_from(all.saturating_sub(LISTED)).unwrap_or(i64::MAX)
}

fn count(all: impl Iterator) -> i64 {
    i64::try_from(all.count()).unwrap_or(i64::MAX)
}
