//! Items: made from criteria, added, reworded, dropped, checked.

use super::*;
use crate::applicabilities::{Applicability, ApplicabilityDraft, StageName as Applies, Status};
use crate::processes::{Importance, Process, ProcessDraft};

fn said(control: &str, state: Applies) -> Applicability {
    let status = (state == Applies::Applicable).then_some(Status::Partly);
    let draft = ApplicabilityDraft {
        control: control.into(),
        state,
        justification: "So".into(),
        status,
        implementation: status.map(|_| "By the payroll system".into()),
        owner: None,
    };
    Applicability::declare(draft, &manager(), birth(Prefix::Applicability)).unwrap().into_after()
}

fn leavers() -> Process {
    let draft = ProcessDraft {
        name: "Joiners, movers, leavers".into(),
        purpose: None,
        importance: Importance::High,
        requirements: Vec::new(),
        owner: member(3),
    };
    Process::define(draft, &manager(), born(70, Prefix::Process)).unwrap().into_after()
}

#[test]
fn one_question_for_each_clause_control_process_and_document_of_the_criteria() {
    let policy = Target { kind: Prefix::Policy, id: RecordId(Uuid::from_u128(80)) };
    let mut draft = draft(Kind::Internal);
    draft.criteria.requirements = vec!["9.2".into(), "A.5.18".into(), "A.8.30".into()];
    draft.criteria.documents = vec![policy];
    let audit = Audit::plan(draft, &manager(), birth(Prefix::Audit)).unwrap().into_after();
    let reference = Reference { prefix: Prefix::Policy, year: 2026, number: 3 };
    let sources = Sources {
        statement: vec![said("A.5.18", Applies::Applicable), said("A.8.30", Applies::Excluded)],
        processes: vec![leavers()],
        documents: vec![Document { record: policy, reference, title: Some("Access".into()) }],
    };
    let made = audit.generate_checklist(&sources, &facts(), &manager(), at()).unwrap().into_after();
    let about: Vec<_> =
        made.items.iter().map(|item| (item.number, item.requirement.as_deref(), item.process)).collect();
    assert_eq!(
        about,
        [
            (1, Some("9.2.1"), None),
            (2, Some("9.2.2"), None),
            (3, Some("A.5.18"), None),
            (4, None, Some(process())),
            (5, None, None),
        ]
    );
    let read = &made.items[4];
    assert_eq!(
        (read.records.as_slice(), read.question.starts_with("POL-2026-0003 (Access): ")),
        ([policy].as_slice(), true)
    );
    assert!(made.items[2].how.as_deref().unwrap().ends_with("Said to be done: By the payroll system"));
    let again = made.clone().generate_checklist(&sources, &facts(), &manager(), at());
    assert_eq!(reasons(again), ["nothing_to_add"]);
    // Whether an earlier finding is settled is another question.
    let mut looks_again = made;
    let finding = Some(crate::id::FindingId(Uuid::from_u128(60)));
    looks_again.items[2].carried_from = Some(CarriedFrom { audit: looks_again.id(), finding, item: None });
    let asked = looks_again.generate_checklist(&sources, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(asked.items.last().and_then(|item| item.requirement.as_deref()), Some("A.5.18"));
}

#[test]
fn a_checklist_has_its_bounds() {
    let mut draft = draft(Kind::Internal);
    draft.criteria.requirements = ["4", "5", "6", "7", "8", "9", "10"].map(str::to_owned).to_vec();
    let audit = Audit::plan(draft, &manager(), birth(Prefix::Audit)).unwrap().into_after();
    let full = audit.add_items(vec![on("A.5.18"); ITEMS], &facts(), &manager(), at()).unwrap().into_after();
    let more = full.clone().add_items(vec![on("A.5.18")], &facts(), &manager(), at());
    assert_eq!(faults(more), ["/items length"]);
    let more = full.generate_checklist(&Sources::default(), &facts(), &manager(), at());
    assert_eq!(reasons(more), ["too_many_items"]);
}

#[test]
fn an_item_says_what_it_is_about_and_asks_something() {
    let wrong = vec![
        ItemDraft { question: " ".into(), ..ItemDraft::default() },
        ItemDraft { how: Some("\0".into()), ..on("A.9.9") },
    ];
    let refused = planned(Kind::Internal).add_items(wrong, &facts(), &manager(), at());
    assert_eq!(
        faults(refused),
        [
            "/items/0/requirement required",
            "/items/0/question blank",
            "/items/1/requirement unknown_requirement",
            "/items/1/how forbidden_character"
        ]
    );
    assert_eq!(faults(planned(Kind::Internal).add_items(Vec::new(), &facts(), &manager(), at())), ["/items length"]);
    let many = vec![on("A.5.18"); ITEMS + 1];
    assert_eq!(faults(planned(Kind::Internal).add_items(many, &facts(), &manager(), at())), ["/items length"]);
}

#[test]
fn what_was_checked_stays_and_no_number_is_used_twice() {
    let audit = checked(Outcome::Conforms);
    assert_eq!(reasons(audit.clone().revise_item((1, on("9.2.1")), &facts(), &manager(), at())), ["item_is_checked"]);
    let dropped = audit.clone().drop_item((1, "x".into()), &facts(), &manager(), at());
    assert_eq!(reasons(dropped), ["item_is_checked"]);
    assert_eq!(faults(audit.drop_item((9, "x".into()), &facts(), &manager(), at())), ["/item unknown_item"]);
    let audit = declared(Kind::Internal);
    let revised = audit.revise_item((1, on("9.2.1")), &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(revised.items[0].requirement.as_deref(), Some("9.2.1"));
    let without = revised.drop_item((1, "Asked elsewhere".into()), &facts(), &manager(), at()).unwrap().into_after();
    let with = without.add_items(vec![on("A.5.18")], &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(with.items.iter().map(|item| item.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_result_can_be_corrected_until_the_report() {
    let again = checked(Outcome::Minor).check_item(look(Outcome::Observation), &facts(), &lead(), at()).unwrap();
    assert_eq!(again.after().items[0].outcome(), Outcome::Observation);
    let unknown = CheckItem { item: 7, ..look(Outcome::Conforms) };
    let refused = started(Kind::Internal).check_item(unknown, &facts(), &lead(), at());
    assert_eq!(faults(refused), ["/item unknown_item"]);
}

fn draw(seed: &str, size: usize, population: Vec<Drawn>, item: Option<i64>) -> Result<Audit, Refusal> {
    let asked = Population { kind: Prefix::Member, states: Vec::new(), made_from: None, made_until: None };
    let input = DrawSample { population: asked, size, seed: seed.into(), item };
    let found = Found { records: population, states: vec!["active", "deactivated"] };
    started(Kind::Internal).draw_sample(input, found, &facts(), &lead(), at()).map(Change::into_after)
}

#[test]
fn a_population_is_described_in_states_and_times_that_there_are() {
    let asked = Population {
        kind: Prefix::Member,
        states: vec!["active".into(), "gone".into()],
        made_from: Some(at()),
        made_until: Some(at()),
    };
    let input = DrawSample { population: asked, size: 1, seed: "s".into(), item: None };
    let found = Found { records: Vec::new(), states: vec!["active", "deactivated"] };
    let refused = started(Kind::Internal).draw_sample(input, found, &facts(), &lead(), at());
    assert_eq!(faults(refused), ["/population/states/1 unknown_state", "/population/made_until out_of_range"]);
}

#[test]
fn the_same_seed_draws_the_same_sample_in_whatever_order_the_population_comes() {
    let population: Vec<Drawn> = (1..=37).map(drawn).collect();
    let numbers =
        |audit: &Audit| -> Vec<i64> { audit.samples[0].drawn.iter().map(|one| one.reference.number).collect() };
    let sample = draw("2026-spring", 8, population.clone(), None).unwrap();
    let reversed = draw("2026-spring", 8, population.iter().rev().cloned().collect(), None).unwrap();
    assert_eq!((numbers(&sample), &sample.samples), (numbers(&reversed), &reversed.samples));
    assert_ne!(numbers(&sample), numbers(&draw("2026-autumn", 8, population.clone(), None).unwrap()));
    // By hand: printf '2026-spring\nMEM-2026-%04d' for each, hashed and sorted.
    let mut by_hand: Vec<(String, i64)> =
        population.iter().map(|one| (rank("2026-spring", one.reference), one.reference.number)).collect();
    by_hand.sort();
    assert_eq!(numbers(&sample), by_hand.iter().take(8).map(|(_, number)| *number).collect::<Vec<_>>());
    assert_eq!((sample.samples[0].population_size, sample.samples[0].population_digest.len()), (37, 64));
    assert_eq!(numbers(&draw("x", 200, population, None).unwrap()).len(), 37);
}

#[test]
fn what_was_drawn_for_an_item_is_what_it_is_about() {
    let audit = draw("2026-spring", 2, (1..=9).map(drawn).collect(), Some(1)).unwrap();
    let drawn: Vec<_> = audit.samples[0].drawn.iter().map(|one| one.record).collect();
    assert_eq!(audit.items[0].records, drawn);
    assert_eq!(faults(draw("s", 2, vec![super::drawn(1)], Some(7))), ["/item unknown_item"]);
    assert_eq!(
        faults(draw(" ", 0, Vec::new(), None)),
        ["/seed blank", "/size out_of_range", "/population empty_population"]
    );
    let many = (0..=POPULATION).map(|n| super::drawn(i64::try_from(n).unwrap() + 1)).collect();
    assert_eq!(faults(draw("s", 2, many, None)), ["/population population_too_large"]);
}
