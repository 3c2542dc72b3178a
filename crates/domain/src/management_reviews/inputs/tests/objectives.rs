use super::*;
use crate::objectives::tests::at_stage;
use crate::objectives::{Measured, Objective, Outlook, Path, Progress, Stage, StageName};

fn objective(number: i64, stage: StageName, due: &str) -> Objective {
    let mut objective = at_stage(stage);
    objective.head.reference = reference(Prefix::Objective, number);
    objective.terms.due_on = Some(day(due));
    objective
}

/// The same, but that it ended at another moment.
fn ended(mut objective: Objective, ended: &str) -> Objective {
    match &mut objective.stage {
        Stage::Achieved { verdict, .. } | Stage::Missed { verdict, .. } => verdict.at = moment(ended),
        Stage::Abandoned { at, .. } => *at = moment(ended),
        Stage::Draft | Stage::Active { .. } | Stage::Revising { .. } => panic!("it is not over"),
    }
    objective
}

/// From 79 to 95.
fn measured(value: f64, share: f64, outlook: Outlook) -> Option<Measured> {
    let (starts_at, ends_at) = (moment("2026-04-01T00:00:00Z"), moment("2026-09-28T00:00:00Z"));
    Some(Measured {
        unit: Some("%".into()),
        path: Path { baseline: 79.0, target: 95.0, starts_at, ends_at },
        value,
        observed_at: moment("2026-06-29T00:00:00Z"),
        progress: Progress { share, expected: 87.0, forecast: None, outlook },
    })
}

#[test]
fn objectives_are_reached_or_on_their_way() {
    let before = "2026-02-01T00:00:00Z";
    let objectives = [
        (objective(1, StageName::Active, "2026-09-27"), measured(91.0, 0.75, Outlook::OnTrack)),
        (objective(2, StageName::Active, "2026-09-27"), None),
        (objective(3, StageName::Revising, "2026-09-27"), measured(83.0, 0.25, Outlook::AtRisk)),
        (objective(4, StageName::Active, "2026-06-01"), measured(80.0, 0.0625, Outlook::OffTrack)),
        (objective(5, StageName::Active, "2026-05-31"), measured(79.0, 0.0, Outlook::OffTrack)),
        (objective(6, StageName::Achieved, "2026-06-01"), measured(90.0, 0.6875, Outlook::OffTrack)),
        (ended(objective(7, StageName::Achieved, "2026-01-31"), before), None),
        (ended(objective(8, StageName::Missed, "2026-01-31"), before), None),
        (objective(9, StageName::Abandoned, "2026-12-31"), None),
    ];
    let fulfilment = Fulfilment::of(&objectives, &spans());
    assert_eq!(fulfilment.achieved, Compared { now: 1, before: 1 });
    assert_eq!(fulfilment.missed, Compared { now: 0, before: 1 });
    assert_eq!(fulfilment.abandoned, Compared { now: 1, before: 0 });
    let Fulfilment { on_track, at_risk, off_track, not_measured, items, left_out, .. } = fulfilment;
    assert_eq!((on_track, at_risk, off_track, not_measured, left_out), (1, 1, 2, 1, 0), "of those in force");
    let told: Vec<i64> = items.iter().map(|line| line.reference.number).collect();
    assert_eq!(told, [5, 4, 3, 2, 1, 6, 9], "off its way first, what is over last");
    assert_eq!((items[2].share, items[2].value, items[2].target), (Some(0.25), Some(83.0), Some(95.0)));
    assert_eq!((items[3].share, items[3].outlook, items[3].ended_at), (None, None, None));
    assert_eq!(items[5].ended_at, Some(crate::fixtures::at()));
}

#[test]
fn no_more_are_told_than_the_others_leave_room_for() {
    let one = (objective(1, StageName::Active, "2026-09-27"), None);
    let fulfilment = Fulfilment::of(&vec![one; LISTED + 3], &spans());
    assert_eq!((fulfilment.not_measured, fulfilment.items.len(), fulfilment.left_out), (203, LISTED, 3));
}
