mod audits;
mod improvements;
mod objectives;
mod risks;
mod separation;

use super::*;
use crate::actions::StageName as ActionStage;
use crate::context_entries::tests::draft as context_draft;
use crate::context_entries::{ContextEntry, Facts as ContextFacts, Kind};
use crate::employee_reports::{EmployeeReport, EmployeeReportDraft, Triage};
use crate::evaluation::{Seen, State, Status};
use crate::fixtures::{birth, member, person};
use crate::id::RecordId;
use crate::indicators::{Goal, Judgement, Range};
use crate::nonconformities::{Grade, Source, StageName as CaseStage};
use crate::reference::{Prefix, Reference};
use crate::{access::Role, change::Birth};
use chrono::TimeDelta;
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The second quarter, asked on its last day by an organisation an hour east of Greenwich.
fn spans() -> Spans {
    let rules = Rules { utc_offset_minutes: 60, ..Rules::default() };
    Period { from: day("2026-04-01"), until: day("2026-06-30") }.spans(&rules, moment("2026-06-30T12:00:00Z"))
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn reference(prefix: Prefix, number: i64) -> Reference {
    Reference { prefix, year: 2026, number }
}

#[test]
fn periods_are_days_of_the_organisation() {
    let spans = spans();
    assert_eq!(spans.now, Span { from: moment("2026-03-31T23:00:00Z"), until: moment("2026-06-30T23:00:00Z") });
    assert_eq!(spans.before.until, spans.now.from);
    assert_eq!(spans.before.until - spans.before.from, TimeDelta::days(91));
    assert_eq!(spans.today, day("2026-06-30"));
    let times = ["2026-03-31T22:59:59Z", "2026-03-31T23:00:00Z", "2026-06-30T22:59:59Z", "2026-06-30T23:00:00Z"];
    assert_eq!(Compared::count(&spans, times.into_iter().map(moment)), Compared { now: 2, before: 1 });
}

fn action(number: i64, stage: ActionStage, due: &str, updated: &str) -> ActionFigure {
    ActionFigure {
        reference: reference(Prefix::Action, number),
        title: "Agree on a window".into(),
        parent: RecordId(Uuid::nil()),
        assignee: member(3),
        due_on: day(due),
        stage,
        completed_at: matches!(stage, ActionStage::Done | ActionStage::Verified).then(|| moment(updated)),
        updated_at: moment(updated),
    }
}

#[test]
fn actions_are_open_overdue_done_or_over() {
    let actions = [
        action(1, ActionStage::Open, "2026-06-29", "2026-01-02T00:00:00Z"),
        action(2, ActionStage::Blocked, "2026-06-30", "2026-01-02T00:00:00Z"),
        action(3, ActionStage::Done, "2026-02-01", "2026-05-02T00:00:00Z"),
        action(4, ActionStage::Verified, "2026-02-01", "2026-05-02T00:00:00Z"),
        action(5, ActionStage::Verified, "2026-02-01", "2026-02-02T00:00:00Z"),
        action(6, ActionStage::Cancelled, "2026-02-01", "2026-05-02T00:00:00Z"),
    ];
    let EarlierActions { counts, items, left_out } = EarlierActions::of(&actions, &spans());
    assert_eq!((counts.open, counts.overdue, counts.done, left_out), (2, 1, 1, 0));
    assert_eq!(counts.verified, Compared { now: 1, before: 1 });
    assert_eq!(counts.cancelled, Compared { now: 1, before: 0 });
    let told: Vec<i64> = items.iter().map(|line| line.reference.number).collect();
    assert_eq!(told, [3, 4, 6, 1, 2], "what ended before the period is not told again");
    assert_eq!(items.iter().filter(|line| line.overdue).count(), 1);
    assert_eq!(Opportunities::of(&actions, &[], &spans()).actions, counts);
    let many: Vec<ActionFigure> =
        (0..250).map(|n| action(n, ActionStage::Open, "2026-07-01", "2026-05-02T00:00:00Z")).collect();
    let EarlierActions { counts, items, left_out } = EarlierActions::of(&many, &spans());
    assert_eq!((counts.open, items.len(), left_out), (250, LISTED, 50));
}

#[test]
fn context_tells_what_has_changed() {
    let manager = person(1, &[Role::IsmsManager]);
    let entry = |number, at: &str, reviewed: &str| {
        let birth =
            Birth { reference: reference(Prefix::ContextEntry, number), at: moment(at), ..birth(Prefix::ContextEntry) };
        let facts = ContextFacts { today: day(reviewed), has_climate_decision: false };
        let draft =
            crate::context_entries::ContextDraft { review_due_on: None, ..context_draft(Kind::InterestedParty) };
        ContextEntry::record(draft, &facts, &manager, birth).unwrap().into_after()
    };
    let (now, long_ago, later) = ("2026-05-02T00:00:00Z", "2025-01-01T00:00:00Z", "2026-08-01T00:00:00Z");
    let retired = |entry: ContextEntry, at: &str| {
        entry.retire("Gone".into(), &ContextFacts::default(), &manager, moment(at)).unwrap().into_after()
    };
    let amended = ContextEntry { changed_at: moment(now), ..entry(2, long_ago, "2026-05-02") };
    let entries = [
        entry(1, now, "2026-05-03"),
        amended,
        entry(3, long_ago, "2025-12-01"),
        retired(entry(4, long_ago, "2026-05-04"), now),
        retired(entry(5, long_ago, "2026-05-05"), long_ago),
        entry(6, later, "2026-08-01"),
    ];
    let ContextChanges { recorded, amended, retired, items, left_out } = ContextChanges::of(&entries, &spans());
    assert_eq!((recorded, amended, retired, left_out), (1, 1, 1, 0));
    let told: Vec<(i64, Option<ContextChange>)> =
        items.iter().map(|line| (line.reference.number, line.change)).collect();
    assert_eq!(
        told,
        [
            (3, None),
            (2, Some(ContextChange::Amended)),
            (1, Some(ContextChange::Recorded)),
            (4, Some(ContextChange::Retired)),
            (6, None),
        ]
    );
    assert_eq!(items[0].requirements, Some(1));
}

fn case(number: i64, stage: CaseStage, (created, updated): (&str, &str)) -> CaseFigure {
    CaseFigure {
        reference: reference(Prefix::Nonconformity, number),
        title: "Patches late".into(),
        source: Source::Indicator,
        requirement: Some("A.8.8".into()),
        stage,
        grade: Some(Grade::Minor),
        due_on: None,
        recurrences: 0,
        created_at: moment(created),
        updated_at: moment(updated),
    }
}

#[test]
fn treatment_is_compared_with_the_time_before() {
    let (before, now) = ("2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z");
    let cases = [
        CaseFigure { due_on: Some(day("2026-06-01")), ..case(1, CaseStage::Planned, (before, now)) },
        CaseFigure { grade: Some(Grade::Major), recurrences: 2, ..case(2, CaseStage::Confirmed, (now, now)) },
        case(3, CaseStage::Closed, ("2026-04-21T00:00:00Z", now)),
        case(4, CaseStage::Closed, ("2026-04-11T00:00:00Z", now)),
        case(5, CaseStage::Closed, ("2026-01-02T00:00:00Z", before)),
        case(6, CaseStage::Rejected, (now, now)),
        CaseFigure { grade: None, ..case(7, CaseStage::Reported, (now, now)) },
    ];
    let treatment = Treatment::of(&cases, &[action(1, ActionStage::Done, "2026-02-01", now)], &spans());
    assert_eq!(treatment.raised, Compared { now: 5, before: 2 });
    assert_eq!(treatment.closed, Compared { now: 2, before: 1 });
    assert_eq!(treatment.rejected, Compared { now: 1, before: 0 });
    assert_eq!(treatment.mean_days_to_close, ComparedMean { now: Some(15.0), before: Some(30.0) });
    let Treatment { open, open_major, overdue, recurring, actions, .. } = treatment;
    assert_eq!((open, open_major, overdue, recurring, actions.done), (3, 1, 1, 1, 1));
    assert_eq!(treatment.open_by_state.get("planned"), Some(&1));
    let told: Vec<i64> = treatment.items.iter().map(|line| line.reference.number).collect();
    assert_eq!(told, [2, 1, 7], "major ones first, then what is due");
    assert_eq!(Treatment::of(&[], &[], &spans()).mean_days_to_close, ComparedMean::default());
}

#[test]
fn feedback_is_counted_and_not_told() {
    let manager = person(1, &[Role::IsmsManager]);
    let report = |at: &str| {
        let birth = Birth { at: moment(at), ..birth(Prefix::EmployeeReport) };
        let draft = EmployeeReportDraft {
            kind: crate::employee_reports::Kind::Event,
            text: "A stranger walked in behind me".into(),
            place: None,
            happened_on: None,
        };
        EmployeeReport::file(draft, day("2026-06-30"), &manager, birth).unwrap().into_after()
    };
    let declined = |report: EmployeeReport, at: &str| {
        let triage = Triage { assessment: "A courier".into(), kind: None };
        let triaged = report.triage(triage, &manager, moment(at)).unwrap().into_after();
        triaged.decline("It was the courier".into(), &manager, moment(at)).unwrap().into_after()
    };
    let (before, now) = ("2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z");
    let reports = [
        report(now),
        report(before),
        declined(report("2026-04-29T00:00:00Z"), now),
        declined(report("2026-01-31T12:00:00Z"), before),
    ];
    let feedback = Feedback::of(&reports, &spans());
    assert_eq!(feedback.received, Compared { now: 2, before: 2 });
    assert_eq!(feedback.received_by_kind.get("event"), Some(&2));
    assert_eq!((feedback.declined, feedback.converted.now), (Compared { now: 1, before: 1 }, 0));
    assert_eq!(feedback.unanswered, 2);
    assert_eq!(feedback.mean_days_to_answer, ComparedMean { now: Some(2.0), before: Some(0.5) });
    assert!(!serde_json::to_string(&feedback).unwrap().contains("stranger"));
}

#[test]
fn a_trend_goes_by_what_is_aimed_at() {
    let mean = |before, now| ComparedMean { now: Some(now), before: Some(before) };
    let high = Goal::HigherIsBetter { target: None, warning: 90.0, critical: 80.0 };
    let low = Goal::LowerIsBetter { target: None, warning: 80.0, critical: 120.0 };
    let range = |low, high| Range { low, high };
    let within = Goal::WithinRange { target: None, warning: range(10.0, 20.0), critical: range(5.0, 25.0) };
    for (goal, before, now, expected) in [
        (high, 84.0, 97.0, Trend::Better),
        (high, 97.0, 84.0, Trend::Worse),
        (high, 97.0, 97.5, Trend::Same),
        (low, 84.0, 97.0, Trend::Worse),
        (low, 97.0, 84.0, Trend::Better),
        (within, 24.0, 14.0, Trend::Better),
        (within, 14.0, 6.0, Trend::Worse),
        (low, 0.0, 0.0, Trend::Same),
    ] {
        assert_eq!(Trend::of(Some(&goal), mean(before, now)), expected, "{goal:?} {before} {now}");
    }
    assert_eq!(Trend::of(None, mean(1.0, 2.0)), Trend::Unknown);
    assert_eq!(Trend::of(Some(&high), ComparedMean { now: Some(1.0), before: None }), Trend::Unknown);
}

#[test]
fn monitoring_tells_the_worst_first() {
    let now = moment("2026-06-30T12:00:00Z");
    let figure = |number, judged: Option<Judgement>| {
        let mut state = State::default();
        if let Some(judgement) = judged {
            let observed_at = now - TimeDelta::hours(1);
            state.series.insert(String::new(), Seen { observed_at, value: 79.0, judgement });
        }
        IndicatorFigure {
            reference: reference(Prefix::Indicator, number),
            name: "Patches in time".into(),
            unit: Some("%".into()),
            goal: Some(Goal::HigherIsBetter { target: Some(95.0), warning: 90.0, critical: 80.0 }),
            frequency: None,
            state,
            open_signals: number,
            mean: ComparedMean::default(),
        }
    };
    let figures = [
        figure(1, Some(Judgement::OnTarget)),
        figure(2, None),
        figure(3, Some(Judgement::Critical)),
        figure(4, Some(Judgement::Warning)),
    ];
    let results = MonitoringResults::of(&figures, now);
    let MonitoringResults { on_target, warning, critical, no_data, stale, items, left_out } = results;
    assert_eq!((on_target, warning, critical, no_data, stale, left_out), (1, 1, 1, 1, 0, 0));
    let told: Vec<i64> = items.iter().map(|line| line.reference.number).collect();
    assert_eq!(told, [3, 4, 2, 1]);
    assert_eq!((items[0].status, items[0].value, items[0].target), (Status::Critical, Some(79.0), Some(95.0)));
}
