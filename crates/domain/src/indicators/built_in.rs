//! Built-in indicators: those that the program measures by itself, once a day, out of the organisation's own records.
//!
//! They are indicators like any other, and told apart by [`Indicator::built_in`] alone. The program defines them for every
//! organisation and measures them from the first day on, also as drafts, so that there are figures before anybody has
//! configured anything. What a program cannot answer of 9.1 is who analyses the results, and whether its thresholds are
//! the organisation's: only a person who says so can activate one, and only then do its values call for attention.

mod figures;
mod table;
#[cfg(test)]
mod tests;

pub use figures::{QUARTER_DAYS, Share, Summary, YEAR_DAYS};

use super::{Indicator, IndicatorText};
use crate::access::{Actor, is_the_program};
use crate::change::{Birth, Change};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Where batches of computed measurements say that they come from.
pub const SOURCE: &str = "computed from the records";

/// The journal's words for what is counted.
pub const ACTION_VERIFIED: &str = "action.verified";
/// The other verdict on a completed action.
pub const COMPLETION_REJECTED: &str = "action.completion_rejected";
/// That an employee report came in.
pub const REPORT_FILED: &str = "employee_report.filed";
/// That an employee report has come to its end, with an answer.
pub const REPORT_ENDED: [&str; 3] =
    ["employee_report.converted", "employee_report.declined", "employee_report.marked_duplicate"];
/// That a benefit came about.
pub const IMPROVEMENT_REALISED: &str = "improvement.realised";
/// That an incident does not spread any more.
pub const INCIDENT_CONTAINED: &str = "incident.contained";

/// What the program measures by itself: a key that stays the same, whatever the indicator is called.
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
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BuiltInIndicator))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BuiltIn {
    /// Nonconformities that are not settled.
    OpenNonconformities,
    /// How long nonconformities take.
    DaysToCloseNonconformity,
    /// Actions whose due date has passed.
    OverdueActions,
    /// Completed actions that stood when somebody else looked.
    ActionsVerifiedEffective,
    /// Nonconformities that came again.
    RecurrenceRate,
    /// Audits that were done as planned.
    AuditProgrammeCompletion,
    /// Acknowledgements that were given.
    AcknowledgementCoverage,
    /// Training that was completed.
    TrainingCompletion,
    /// How much employees report.
    EmployeeReportRate,
    /// How long a reporter waits for an answer.
    HoursToAnswerReport,
    /// Improvements whose benefit came about.
    ImprovementsRealised,
    /// How long incidents spread.
    HoursToContainIncident,
    /// How long ago management has reviewed.
    DaysSinceManagementReview,
}

impl BuiltIn {
    /// What it is called and how it is measured, in words.
    #[must_use]
    pub fn text(self) -> &'static IndicatorText {
        table::text(self)
    }
}

impl Indicator {
    /// Defines a built-in indicator, as a draft that is measured already. That there is none of that key is the caller's
    /// to check.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program.
    pub fn build_in(which: BuiltIn, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        let indicator = Self { built_in: Some(which), ..Self::drafted(which.text().draft(None), by, birth) };
        indicator.faults().refuse()?;
        Ok(Change::born(indicator, "defined"))
    }
}
