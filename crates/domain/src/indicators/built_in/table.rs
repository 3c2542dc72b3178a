//! The built-in indicators in words: what each is to tell, and by which formula. Thresholds are proposals, to be looked at
//! by whoever activates one.

use super::BuiltIn;
use crate::indicators::Measured::{Number, NumberBelow, Share, ShareBelow};
use crate::indicators::{Frequency, IndicatorText, Measured};

const DATA_SOURCE: &str = "The organisation's own records, counted by the program as the day begins";

/// Name, need, formula.
type Words = (&'static str, &'static str, &'static str);

const fn daily(
    (name, need, method): Words,
    measured: Measured,
    analysis: Frequency,
    clauses: &'static [&'static str],
) -> IndicatorText {
    // By their keys they are known, not by an id as the templates are.
    let (id, source, frequency) = ("", DATA_SOURCE, Frequency::Daily);
    IndicatorText { id, name, need, measured, method, source, frequency, analysis, clauses }
}

pub(super) fn text(of: BuiltIn) -> &'static IndicatorText {
    match of {
        BuiltIn::OpenNonconformities => &OPEN_NONCONFORMITIES,
        BuiltIn::DaysToCloseNonconformity => &DAYS_TO_CLOSE,
        BuiltIn::OverdueActions => &OVERDUE_ACTIONS,
        BuiltIn::ActionsVerifiedEffective => &ACTIONS_VERIFIED,
        BuiltIn::RecurrenceRate => &RECURRENCE,
        BuiltIn::AuditProgrammeCompletion => &AUDIT_PROGRAMME,
        BuiltIn::AcknowledgementCoverage => &ACKNOWLEDGEMENTS,
        BuiltIn::TrainingCompletion => &TRAINING,
        BuiltIn::EmployeeReportRate => &REPORTS,
        BuiltIn::HoursToAnswerReport => &ANSWERS,
        BuiltIn::ImprovementsRealised => &IMPROVEMENTS,
        BuiltIn::HoursToContainIncident => &CONTAINMENT,
        BuiltIn::DaysSinceManagementReview => &MANAGEMENT_REVIEW,
    }
}

static OPEN_NONCONFORMITIES: IndicatorText = daily(
    (
        "Open nonconformities",
        "How much is known to be not as required, and is not settled?",
        "Nonconformities that are neither closed nor rejected nor taken back",
    ),
    NumberBelow("nonconformities", 5.0, 10.0, 20.0),
    Frequency::Monthly,
    &["9.1", "10.2"],
);

static DAYS_TO_CLOSE: IndicatorText = daily(
    (
        "Days to close a nonconformity",
        "How long does it take until what went wrong is settled?",
        "Mean of the days from raising to closing, over every closing within the 90 days before; one that was reopened \
         and closed again counts once more, from its raising. Not measured while nothing was closed",
    ),
    NumberBelow("days", 30.0, 60.0, 90.0),
    Frequency::Monthly,
    &["9.1", "10.2"],
);

static OVERDUE_ACTIONS: IndicatorText = daily(
    (
        "Overdue actions",
        "Is done in time what was agreed?",
        "Actions that are open, in progress or blocked and whose due date lies before the day",
    ),
    NumberBelow("actions", 0.0, 3.0, 10.0),
    Frequency::Monthly,
    &["9.1", "10.2"],
);

static ACTIONS_VERIFIED: IndicatorText = daily(
    (
        "Actions verified effective",
        "Does what was done hold when somebody else looks at it?",
        "Of the verdicts on completed actions within the 90 days before, those that verified the action; the others \
         rejected its completion, or verified what was to remove the cause of a nonconformity that came again after it had \
         been judged effective. Not measured while there was no verdict",
    ),
    Share(0.95, 0.85, 0.7),
    Frequency::Monthly,
    &["9.1", "10.2"],
);

static RECURRENCE: IndicatorText = daily(
    (
        "Recurrence of nonconformities",
        "Were causes removed, or only symptoms?",
        "Of the nonconformities that were closed within the 365 days before, those that were reopened because they came \
         again or of which another nonconformity is said to be a recurrence. Not measured while none was closed",
    ),
    ShareBelow(0.05, 0.1, 0.2),
    Frequency::Quarterly,
    &["9.1", "10.2"],
);

static AUDIT_PROGRAMME: IndicatorText = daily(
    (
        "Completion of the audit programme",
        "Are audits done when they were planned?",
        "Of the audits that were to be reported before the day by the plans of approved programmes that run on it, those \
         that are reported or closed. Not measured while none was to be",
    ),
    Share(1.0, 0.9, 0.75),
    Frequency::Quarterly,
    &["9.1", "9.2.2"],
);

static ACKNOWLEDGEMENTS: IndicatorText = daily(
    (
        "Coverage of policy acknowledgements",
        "Do people know what holds?",
        "Of the acknowledgements that published policies ask of active members, those that were given for the version in \
         force. Not measured while none is asked for",
    ),
    Share(0.98, 0.9, 0.8),
    Frequency::Monthly,
    &["5.2", "7.3", "9.1"],
);

static TRAINING: IndicatorText = daily(
    (
        "Completion of training",
        "Have people learned what they need?",
        "Of the training assignments that are to be taken, completed or failed, those that are completed. Not measured \
         while there are none",
    ),
    Share(0.95, 0.9, 0.8),
    Frequency::Monthly,
    &["7.2", "9.1", "A.6.3"],
);

static REPORTS: IndicatorText = daily(
    (
        "Employee reports per 100 members",
        "Do people say what they see?",
        "Employee reports that were filed within the 90 days before, anonymous ones included, times 100, divided by the \
         active members of the day",
    ),
    Number("reports per 100 members", 10.0, 5.0, 2.0),
    Frequency::Quarterly,
    &["7.3", "9.1", "A.6.8"],
);

static ANSWERS: IndicatorText = daily(
    (
        "Hours to answer an employee report",
        "Is it worth while to report something?",
        "Median of the hours from the filing of a report to the answer with which it was converted, declined or found to \
         be a duplicate, over those that were within the 90 days before. Not measured while none was",
    ),
    NumberBelow("hours", 48.0, 120.0, 240.0),
    Frequency::Monthly,
    &["9.1", "A.6.8"],
);

static IMPROVEMENTS: IndicatorText = daily(
    (
        "Improvements realised in a quarter",
        "Does the management system become better?",
        "Improvements that were judged to have brought their benefit within the 90 days before",
    ),
    Number("improvements", 3.0, 1.0, 0.0),
    Frequency::Quarterly,
    &["9.1", "10.1"],
);

static CONTAINMENT: IndicatorText = daily(
    (
        "Hours to contain an incident",
        "How long does an incident spread?",
        "Mean of the hours from the detection of an incident to the moment since when it was contained, over those whose \
         containment was recorded within the 90 days before. Not measured while there was none",
    ),
    NumberBelow("hours", 8.0, 24.0, 72.0),
    Frequency::Monthly,
    &["9.1", "A.5.26"],
);

static MANAGEMENT_REVIEW: IndicatorText = daily(
    (
        "Days since the last management review",
        "Does management look at the whole?",
        "Days from the approval of the minutes of the last management review to the day. Not measured before the first",
    ),
    NumberBelow("days", 180.0, 365.0, 400.0),
    Frequency::Quarterly,
    &["9.1", "9.3.1"],
);
