use super::*;
use crate::audits::tests::at_stage;
use crate::audits::{Audit, Stage, StageName};
use crate::findings::tests::at_stage as finding_at;
use crate::findings::{Finding, Grade, Stage as FindingStage, StageName as FindingName};
use crate::reference::Target;
use std::collections::BTreeSet;

fn audit(number: u32, stage: StageName, ends_on: &str) -> Audit {
    let mut audit = at_stage(stage);
    audit.head.id = Uuid::from_u128(number.into());
    audit.head.reference = reference(Prefix::Audit, number.into());
    audit.ends_on = day(ends_on);
    audit
}

fn reported(number: u32, ends_on: &str, at: &str) -> Audit {
    let mut audit = audit(number, StageName::Reported, ends_on);
    if let Stage::Reported { report, .. } = &mut audit.stage {
        report.at = moment(at);
    }
    audit
}

fn found(audit: &Audit, grade: Grade, stage: FindingStage) -> Finding {
    Finding { audit: audit.id(), grade: Some(grade), stage, ..finding_at(FindingName::Noted) }
}

fn issued(at: &str) -> FindingStage {
    FindingStage::Issued { at: moment(at) }
}

fn case(number: u128) -> RecordId {
    RecordId(Uuid::from_u128(number))
}

fn raised(at: &str, number: u128) -> FindingStage {
    let (at, case) = (moment(at), Target { kind: Prefix::Nonconformity, id: case(number) });
    FindingStage::Raised { issued_at: at, case, at, by: None }
}

fn withdrawn(at: &str) -> FindingStage {
    let at = moment(at);
    FindingStage::Withdrawn { reason: "Seen wrongly".into(), issued_at: Some(at), case: None, at, by: None }
}

/// One that was conducted in time, one that was reported in the period though it had ended before, one of the period before,
/// and four that were not reported.
#[test]
fn audits_are_counted_by_their_last_day_and_findings_by_their_report() {
    let period = Period { from: day("2026-04-01"), until: day("2026-06-30") };
    let (now, before) = ("2026-05-12T09:00:00Z", "2026-02-12T09:00:00Z");
    let audits = [
        reported(1, "2026-05-10", now),
        audit(2, StageName::Closed, "2026-02-20"),
        reported(3, "2026-02-10", before),
        audit(4, StageName::Planned, "2026-06-30"),
        audit(5, StageName::Cancelled, "2026-04-01"),
        audit(6, StageName::InProgress, "2026-06-30"),
        audit(7, StageName::Planned, "2026-07-01"),
    ];
    let [first, second, third, _, _, sixth, _] = &audits;
    let findings = [
        found(first, Grade::Major, raised(now, 91)),
        found(first, Grade::Minor, raised(now, 92)),
        found(first, Grade::Minor, issued(now)),
        found(first, Grade::Opportunity, issued(now)),
        found(first, Grade::Observation, issued(now)),
        found(first, Grade::Minor, withdrawn(now)),
        found(second, Grade::Observation, issued("2026-05-28T20:26:40Z")),
        found(third, Grade::Minor, issued(before)),
        found(third, Grade::Major, raised(before, 93)),
        found(sixth, Grade::Minor, FindingStage::Noted),
    ];
    let open = BTreeSet::from([case(91), case(93)]);
    let results = AuditResults::of(&audits, &findings, &open, period, &spans());
    assert_eq!((results.planned, results.conducted, results.cancelled, results.left_out), (4, 1, 1, 0));
    assert_eq!(results.reported, Compared { now: 2, before: 1 });
    assert_eq!(
        results.findings,
        ComparedFindings {
            major: Compared { now: 1, before: 1 },
            minor: Compared { now: 2, before: 1 },
            opportunity: Compared { now: 1, before: 0 },
            observation: Compared { now: 2, before: 0 },
        }
    );
    let told: Vec<i64> = results.items.iter().map(|line| line.reference.number).collect();
    assert_eq!(told, [2, 5, 1, 4, 6], "what ended first comes first");
    let line = &results.items[2];
    assert_eq!(line.findings, FindingCounts { major: 1, minor: 2, opportunity: 1, observation: 1 });
    assert_eq!((line.without_case, line.case_open), (2, 1), "nothing is to be raised of an observation");
    assert_eq!(line.reported_at, Some(moment(now)));
    assert_eq!(results.items[4].findings, FindingCounts::default(), "what is noted is not reported");
}
