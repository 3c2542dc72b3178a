//! Cycles: a turn from one approved management review to the next, in figures. Against the turn before they answer the
//! question for 10.1, whether the management system improves.
//!
//! What people did is counted from the journal, so that later events do not move the figures of a turn that is over.

use crate::analysis::median;
use crate::id::{ManagementReviewId, NonconformityId};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The journal's words for what came in.
const ENTERED: [(&str, Matter); 8] = [
    ("signal.raised", Matter::Signal),
    ("nonconformity.raised", Matter::Nonconformity),
    ("incident.reported", Matter::Incident),
    ("weakness.reported", Matter::Weakness),
    ("employee_report.filed", Matter::EmployeeReport),
    ("improvement.proposed", Matter::Improvement),
    ("change.requested", Matter::Change),
    ("action.planned", Matter::Action),
];
/// The journal's words for what came to its end. A nonconformity that is reopened ends once more.
const CLOSED: [(&str, Matter); 20] = [
    ("signal.cleared", Matter::Signal),
    (CASE_CLOSED, Matter::Nonconformity),
    ("nonconformity.rejected", Matter::Nonconformity),
    ("incident.closed", Matter::Incident),
    ("incident.found_no_incident", Matter::Incident),
    ("weakness.closed", Matter::Weakness),
    ("weakness.rejected", Matter::Weakness),
    ("employee_report.converted", Matter::EmployeeReport),
    ("employee_report.declined", Matter::EmployeeReport),
    ("employee_report.marked_duplicate", Matter::EmployeeReport),
    ("improvement.declined", Matter::Improvement),
    ("improvement.realised", Matter::Improvement),
    ("improvement.not_realised", Matter::Improvement),
    ("improvement.abandoned", Matter::Improvement),
    ("change.closed", Matter::Change),
    ("change.rejected", Matter::Change),
    ("change.rolled_back", Matter::Change),
    ("change.cancelled", Matter::Change),
    ("action.verified", Matter::Action),
    ("action.cancelled", Matter::Action),
];
/// The journal's words for what was taken back: it has not come in.
pub const TAKEN_BACK: [&str; 8] = [
    CASE_VOIDED,
    "nonconformity.marked_duplicate",
    "incident.voided",
    "incident.marked_duplicate",
    "weakness.voided",
    "weakness.marked_duplicate",
    "improvement.voided",
    "improvement.marked_duplicate",
];
/// The journal's word for a nonconformity that is closed.
pub const CASE_CLOSED: &str = "nonconformity.closed";
/// The journal's word for one that was raised by mistake.
pub const CASE_VOIDED: &str = "nonconformity.voided";
/// The journal's word for one that is open again.
pub const CASE_REOPENED: &str = "nonconformity.reopened";
/// The journal's word for a change of which the effect is judged.
pub const CHANGE_REVIEWED: &str = "change.reviewed";
const EFFECTIVE: &str = "nonconformity.verified_effective";
const INEFFECTIVE: &str = "nonconformity.verified_ineffective";
const ACHIEVED: &str = "objective.achieved";
const MISSED: &str = "objective.missed";
const AUDIT_REPORTED: &str = "audit.reported";

/// What comes in and comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matter {
    Signal,
    Nonconformity,
    Incident,
    Weakness,
    EmployeeReport,
    Improvement,
    Change,
    Action,
}

/// The actions of the journal that are counted.
#[must_use]
pub fn actions() -> Vec<&'static str> {
    let words = ENTERED.iter().chain(&CLOSED).map(|(action, _)| *action);
    words.chain([EFFECTIVE, INEFFECTIVE, ACHIEVED, MISSED, AUDIT_REPORTED]).collect()
}

/// The journal's words for what has come in.
#[must_use]
pub fn entered() -> Vec<&'static str> {
    ENTERED.iter().map(|(action, _)| *action).collect()
}

/// How many of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Matters {
    /// Signals.
    pub signals: i64,
    /// Nonconformities.
    pub nonconformities: i64,
    /// Incidents.
    pub incidents: i64,
    /// Weaknesses.
    pub weaknesses: i64,
    /// Employee reports.
    pub employee_reports: i64,
    /// Improvements.
    pub improvements: i64,
    /// Changes.
    pub changes: i64,
    /// Actions.
    pub actions: i64,
}

impl Matters {
    fn of(words: &[(&str, Matter)], counts: &Counts) -> Self {
        let counted = |matter: Matter| words.iter().filter(move |(_, of)| *of == matter);
        let count = |matter: Matter| counted(matter).map(|(action, _)| at(counts, action)).sum();
        Self {
            signals: count(Matter::Signal),
            nonconformities: count(Matter::Nonconformity),
            incidents: count(Matter::Incident),
            weaknesses: count(Matter::Weakness),
            employee_reports: count(Matter::EmployeeReport),
            improvements: count(Matter::Improvement),
            changes: count(Matter::Change),
            actions: count(Matter::Action),
        }
    }
}

/// How often the journal says each thing.
pub type Counts = BTreeMap<String, i64>;

fn at(counts: &Counts, action: &str) -> i64 {
    counts.get(action).copied().unwrap_or_default()
}

/// That a nonconformity was opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reopening {
    /// Which one.
    pub case: NonconformityId,
    /// When.
    pub at: DateTime<Utc>,
    /// How often it had come again by then, this time included: it stays the same when it had been closed in error.
    pub recurrences: i64,
}

/// That somebody linked a nonconformity with an earlier one as its recurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurrence {
    /// The earlier one.
    pub case: NonconformityId,
    /// When it was linked.
    pub at: DateTime<Utc>,
    /// When the link was withdrawn, where it was.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl Recurrence {
    /// A link that was withdrawn in the turn in which it was drawn was drawn by mistake; a later withdrawal does not move
    /// the figures of a turn that is over.
    fn counts_in(&self, turn: &Turn) -> bool {
        turn.contains(self.at) && self.withdrawn_at.is_none_or(|at| at >= turn.until())
    }
}

/// The nonconformities that came again within a turn: out of all reopenings, the earliest first, and out of the links that
/// call a newer one their recurrence. Each counts once.
#[must_use]
pub fn recurred(reopenings: &[Reopening], recurrences: &[Recurrence], turn: &Turn) -> i64 {
    let linked = recurrences.iter().filter(|recurrence| recurrence.counts_in(turn));
    let mut again: BTreeSet<_> = linked.map(|recurrence| recurrence.case.0).collect();
    let mut before = BTreeMap::new();
    for Reopening { case, at, recurrences } in reopenings {
        let earlier = before.insert(case.0, *recurrences).unwrap_or_default();
        if *recurrences > earlier && turn.contains(*at) {
            again.insert(case.0);
        }
    }
    i64::try_from(again.len()).unwrap_or(i64::MAX)
}

/// That a nonconformity was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// When it had come in.
    pub opened: DateTime<Utc>,
    /// When it was closed.
    pub closed: DateTime<Utc>,
}

/// What was read of one turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Collected {
    /// How often each of [`actions`] was done.
    pub counts: Counts,
    /// Nonconformities that were closed.
    pub closings: Vec<Closing>,
    /// Nonconformities that came again: reopened as such, or linked with a newer one as its recurrence.
    pub recurred: i64,
    /// Changes that were judged harmful.
    pub harmful: i64,
}

/// The figures of one turn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// What came in.
    pub entered: Matters,
    /// What came to its end, one way or another.
    pub closed: Matters,
    /// Days from a nonconformity's report to its closing: of those that were closed, the one in the middle.
    pub median_days_to_close: Option<f64>,
    /// Nonconformities that came again: reopened as such, or linked with a newer one as its recurrence.
    pub recurred: i64,
    /// Verdicts that what was done has worked.
    pub effective: i64,
    /// Verdicts that it has not.
    pub ineffective: i64,
    /// Objectives that were achieved.
    pub achieved: i64,
    /// Objectives that were missed.
    pub missed: i64,
    /// Audits that were reported.
    pub audits: i64,
    /// Changes that were judged harmful.
    pub harmful: i64,
}

impl Figures {
    /// Sums up what was read.
    #[must_use]
    pub fn of(collected: &Collected) -> Self {
        let Collected { counts, closings, recurred, harmful } = collected;
        let days: Vec<f64> = closings.iter().map(|closing| days_between(closing.opened, closing.closed)).collect();
        Self {
            entered: Matters::of(&ENTERED, counts),
            closed: Matters::of(&CLOSED, counts),
            median_days_to_close: median(&days),
            recurred: *recurred,
            effective: at(counts, EFFECTIVE),
            ineffective: at(counts, INEFFECTIVE),
            achieved: at(counts, ACHIEVED),
            missed: at(counts, MISSED),
            audits: at(counts, AUDIT_REPORTED),
            harmful: *harmful,
        }
    }
}

/// To a tenth.
fn days_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    let hours = i32::try_from((to - from).num_hours()).unwrap_or(i32::MAX);
    (f64::from(hours) / 2.4).round() / 10.0
}

/// A turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The review whose approval ends it; none of the one that lasts.
    pub review: Option<ManagementReviewId>,
    /// When the review before was approved, or the organisation founded.
    pub from: DateTime<Utc>,
    /// When the review was approved; now for the one that lasts.
    pub to: DateTime<Utc>,
}

impl Turn {
    /// Until when it is counted, this moment not included: what happens in the moment of an approval belongs to the next
    /// turn, and what happens now to the one that lasts.
    #[must_use]
    pub fn until(&self) -> DateTime<Utc> {
        match self.review {
            Some(_) => self.to,
            None => self.to + TimeDelta::microseconds(1),
        }
    }

    /// Whether something happened in it.
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        (self.from..self.until()).contains(&at)
    }
}

/// The turns between approvals, the newest first: the first of them lasts.
#[must_use]
pub fn turns(
    founded: DateTime<Utc>,
    mut approvals: Vec<(ManagementReviewId, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> Vec<Turn> {
    approvals.sort_by_key(|(review, at)| (*at, *review));
    let mut turns = Vec::new();
    let mut from = founded;
    for (review, at) in approvals {
        turns.push(Turn { review: Some(review), from, to: at });
        from = at;
    }
    turns.push(Turn { review: None, from, to: now });
    turns.reverse();
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at as moment;
    use uuid::Uuid;

    fn day(n: i64) -> DateTime<Utc> {
        moment() + TimeDelta::days(n)
    }

    #[test]
    fn a_turn_runs_from_approval_to_approval() {
        let review = |n| ManagementReviewId(Uuid::from_u128(n));
        let turns = turns(day(0), vec![(review(2), day(700)), (review(1), day(350))], day(800));
        let expected = [
            Turn { review: None, from: day(700), to: day(800) },
            Turn { review: Some(review(2)), from: day(350), to: day(700) },
            Turn { review: Some(review(1)), from: day(0), to: day(350) },
        ];
        assert_eq!(turns, expected);
        assert_eq!(super::turns(day(0), Vec::new(), day(9)), [Turn { review: None, from: day(0), to: day(9) }]);
    }

    #[test]
    fn figures_are_summed_up() {
        let counts = [
            ("nonconformity.raised", 22),
            ("nonconformity.closed", 18),
            ("nonconformity.rejected", 1),
            ("employee_report.converted", 3),
            ("employee_report.declined", 2),
            ("nonconformity.verified_effective", 17),
            ("nonconformity.verified_ineffective", 4),
            ("objective.missed", 1),
            ("audit.reported", 2),
            ("signal.raised", 7),
            ("action.verified", 5),
            ("comment.written", 99),
        ];
        let closings = [10, 61, 200].map(|days| Closing { opened: day(0), closed: day(days) + TimeDelta::hours(12) });
        let collected = Collected {
            counts: counts.map(|(action, count)| (action.to_owned(), count)).into(),
            closings: closings.to_vec(),
            recurred: 4,
            harmful: 1,
        };
        let figures = Figures::of(&collected);
        assert_eq!((figures.entered.nonconformities, figures.closed.nonconformities), (22, 19));
        assert_eq!((figures.entered.employee_reports, figures.closed.employee_reports), (0, 5));
        assert_eq!(figures.median_days_to_close, Some(61.5));
        assert_eq!((figures.effective, figures.ineffective, figures.achieved, figures.missed), (17, 4, 0, 1));
        assert_eq!((figures.recurred, figures.harmful, figures.audits), (4, 1, 2));
        assert_eq!((figures.entered.signals, figures.closed.signals, figures.closed.actions), (7, 0, 5));
        assert_eq!(Figures::of(&Collected::default()), Figures::default());
    }

    #[test]
    fn what_comes_again_counts_in_the_turn_in_which_it_does() {
        let case = |n| NonconformityId(Uuid::from_u128(n));
        let reopening = |n, on, recurrences| Reopening { case: case(n), at: day(on), recurrences };
        let all = [
            reopening(1, 10, 0),  // closed in error
            reopening(1, 20, 1),  // came again
            reopening(2, 30, 1),  // came again
            reopening(2, 40, 2),  // and again: one nonconformity
            reopening(1, 110, 1), // closed in error once more
            reopening(3, 120, 1),
        ];
        let review = Some(ManagementReviewId(Uuid::nil()));
        let turn = |from, to, review| Turn { review, from: day(from), to: day(to) };
        assert_eq!(recurred(&all, &[], &turn(0, 15, review)), 0);
        assert_eq!(recurred(&all, &[], &turn(0, 100, review)), 2);
        assert_eq!(recurred(&all, &[], &turn(100, 120, review)), 0, "its end belongs to the next");
        assert_eq!(recurred(&all, &[], &turn(100, 120, None)), 1, "now belongs to the one that lasts");
        assert_eq!(recurred(&[], &[], &turn(0, 100, None)), 0);
    }

    #[test]
    fn a_link_to_an_earlier_one_counts_as_long_as_it_stood() {
        let case = |n| NonconformityId(Uuid::from_u128(n));
        let linked =
            |n, on, withdrawn: Option<i64>| Recurrence { case: case(n), at: day(on), withdrawn_at: withdrawn.map(day) };
        let all = [
            linked(1, 10, None),
            linked(1, 20, None),      // a second one of the same
            linked(2, 30, Some(40)),  // a mistake
            linked(3, 50, Some(150)), // withdrawn when the turn was over
            linked(4, 120, None),
        ];
        let reopened = [Reopening { case: case(1), at: day(60), recurrences: 1 }];
        let turn = |from, to, review| Turn { review, from: day(from), to: day(to) };
        let over = turn(0, 100, Some(ManagementReviewId(Uuid::nil())));
        assert_eq!(recurred(&[], &all, &over), 2);
        assert_eq!(recurred(&reopened, &all, &over), 2, "reopened and linked it is one nonconformity");
        assert_eq!(recurred(&[], &all, &turn(100, 200, None)), 1);
    }

    #[test]
    fn nothing_is_counted_twice() {
        let actions = actions();
        assert_eq!(actions.iter().collect::<BTreeSet<_>>().len(), actions.len());
    }
}
