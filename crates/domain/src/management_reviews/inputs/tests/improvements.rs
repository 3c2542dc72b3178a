use super::*;
use crate::improvements::tests::at_stage;
use crate::improvements::{Improvement, Miss, Stage, StageName};

fn improvement(number: i64, stage: StageName) -> Improvement {
    let mut improvement = at_stage(stage);
    improvement.head.reference = reference(Prefix::Improvement, number);
    improvement
}

/// Proposed, and where it was decided, decided in the period before.
fn earlier(number: i64, stage: StageName) -> Improvement {
    let mut improvement = improvement(number, stage);
    improvement.head.created_at = moment("2026-02-01T00:00:00Z");
    if let Some(decision) = &mut improvement.decision {
        decision.at = moment("2026-02-02T00:00:00Z");
    }
    improvement
}

/// What nothing else is said of happened in May.
#[test]
fn improvements_are_proposed_decided_and_judged() {
    let mut planned = improvement(4, StageName::Planned);
    planned.plan.as_mut().unwrap().due_on = day("2026-06-29");
    let mut judged = earlier(6, StageName::NotRealised);
    if let Stage::NotRealised { miss: Miss::Judged { verdict, .. } } = &mut judged.stage {
        verdict.at = moment("2026-03-01T00:00:00Z");
    }
    let at = moment("2026-05-29T00:00:00Z");
    let abandoned = Stage::NotRealised { miss: Miss::Abandoned { reason: "Too dear".into(), at, by: None } };
    let improvements = [
        improvement(1, StageName::Proposed),
        earlier(2, StageName::Proposed),
        improvement(3, StageName::Accepted),
        planned,
        earlier(5, StageName::Realised),
        judged,
        improvement(7, StageName::Declined),
        Improvement { stage: abandoned, ..improvement(8, StageName::Accepted) },
    ];
    let register = Opportunities::of(&[], &improvements, &spans()).register;
    assert_eq!(register.proposed, Compared { now: 5, before: 3 });
    assert_eq!(register.accepted, Compared { now: 3, before: 2 });
    assert_eq!(register.declined, Compared { now: 1, before: 0 });
    assert_eq!(register.realised, Compared { now: 1, before: 0 });
    assert_eq!(register.concluded, Compared { now: 1, before: 1 }, "what is given up is not judged");
    assert_eq!((register.open, register.left_out), (4, 0));
    let by_state: Vec<(&str, i64)> = register.open_by_state.into_iter().collect();
    assert_eq!(by_state, [("accepted", 1), ("planned", 1), ("proposed", 2)]);
    let told: Vec<(i64, bool)> = register.items.iter().map(|line| (line.reference.number, line.overdue)).collect();
    assert_eq!(told, [(4, true), (1, false), (2, false), (3, false)], "what is due first comes first");
    assert_eq!((register.items[0].due_on, register.items[3].owner_id), (Some(day("2026-06-29")), Some(member(9))));
}
