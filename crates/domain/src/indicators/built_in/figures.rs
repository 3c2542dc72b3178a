//! The figures of a day, as a pure function of what was counted.

use super::BuiltIn;
use crate::analysis::control;
use crate::analysis::median;
use crate::measurements::Figure;
use chrono::TimeDelta;

/// How many days back what happens is looked at: a quarter of a year.
pub const QUARTER_DAYS: u64 = 90;
/// The same for what happens seldom.
pub const YEAR_DAYS: u64 = 365;

/// A part of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// How many of the whole.
    pub part: i64,
    /// How many there are.
    pub whole: i64,
}

/// What was counted of an organisation as its day began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Nonconformities that are neither closed nor rejected nor taken back.
    pub open_nonconformities: i64,
    /// From raising to closing, of every closing in the quarter.
    pub closings: Vec<TimeDelta>,
    /// Actions that are not done and whose due date lies before the day.
    pub overdue_actions: i64,
    /// Actions that were verified and whose verdict holds, of the verdicts on completed actions in the quarter.
    pub verified: Share,
    /// Nonconformities that came again, of those that were closed in the year.
    pub recurred: Share,
    /// Audits that are reported, of those that were to be by the programmes that run.
    pub audits: Share,
    /// Acknowledgements that were given, of those that are asked for.
    pub acknowledgements: Share,
    /// Training assignments that are completed, of those that count.
    pub training: Share,
    /// Employee reports that were filed in the quarter.
    pub reports: i64,
    /// Active members.
    pub members: i64,
    /// From filing to the answer that ended it, of every employee report that ended in the quarter.
    pub answers: Vec<TimeDelta>,
    /// Improvements that were realised in the quarter.
    pub improvements_realised: i64,
    /// From detection to containment, of the incidents whose containment was recorded in the quarter.
    pub containments: Vec<TimeDelta>,
    /// Since the minutes of the last management review were approved; `None` before the first.
    pub since_review: Option<TimeDelta>,
}

impl Summary {
    /// The figure of an indicator; `None` where there is nothing that it could be a figure of: no closing, no verdict,
    /// nobody who is asked. A count is zero then, not nothing.
    #[must_use]
    pub fn figure(&self, of: BuiltIn) -> Option<Figure> {
        match of {
            BuiltIn::OpenNonconformities => Some(count(self.open_nonconformities)),
            BuiltIn::DaysToCloseNonconformity => mean(&days(&self.closings)),
            BuiltIn::OverdueActions => Some(count(self.overdue_actions)),
            BuiltIn::ActionsVerifiedEffective => self.verified.ratio(),
            BuiltIn::RecurrenceRate => self.recurred.ratio(),
            BuiltIn::AuditProgrammeCompletion => self.audits.ratio(),
            BuiltIn::AcknowledgementCoverage => self.acknowledgements.ratio(),
            BuiltIn::TrainingCompletion => self.training.ratio(),
            BuiltIn::EmployeeReportRate => self.reports_per_100_members(),
            BuiltIn::HoursToAnswerReport => median(&hours(&self.answers)).map(gauge),
            BuiltIn::ImprovementsRealised => Some(count(self.improvements_realised)),
            BuiltIn::HoursToContainIncident => mean(&hours(&self.containments)),
            BuiltIn::DaysSinceManagementReview => self.since_review.map(|since| gauge(in_days(since))),
        }
    }

    /// A gauge: it may exceed one report for each member.
    fn reports_per_100_members(&self) -> Option<Figure> {
        (self.members > 0).then(|| gauge(100.0 * number(self.reports) / number(self.members)))
    }
}

impl Share {
    fn ratio(self) -> Option<Figure> {
        let Self { part, whole } = self;
        (whole > 0).then(|| Figure::Ratio { numerator: number(part), denominator: number(whole) })
    }
}

fn gauge(value: f64) -> Figure {
    Figure::Gauge { value }
}

fn count(count: i64) -> Figure {
    gauge(number(count))
}

/// Exact: nobody has 2^53 of anything.
fn number(count: i64) -> f64 {
    count as f64
}

fn mean(values: &[f64]) -> Option<Figure> {
    control::mean(values).map(gauge)
}

fn in_hours(time: TimeDelta) -> f64 {
    number(time.num_seconds()) / 3_600.0
}

fn in_days(time: TimeDelta) -> f64 {
    in_hours(time) / 24.0
}

fn hours(times: &[TimeDelta]) -> Vec<f64> {
    times.iter().copied().map(in_hours).collect()
}

fn days(times: &[TimeDelta]) -> Vec<f64> {
    times.iter().copied().map(in_days).collect()
}
