//! Nobody checks their own, nor what was their own a moment ago.

use super::*;
use crate::separation::tests::relaxed;
use crate::separation::{Rule, Separation};

fn owner(n: u128, record: u128, requirement: Option<&str>) -> Owner {
    Owner { member: member(n), record: Uuid::from_u128(record), requirement: requirement.map(str::to_owned) }
}

fn owned_by(owners: Vec<Owner>) -> Facts {
    Facts { owners, ..facts() }
}

#[test]
fn who_answers_for_an_item_leaves_it_to_another_auditor() {
    let audit = started(Kind::Internal);
    for owners in [
        vec![owner(LEAD, 90, Some("A.5.18"))],
        // One more item that the lead could check does not free the first.
        vec![owner(LEAD, 90, Some("A.5.18")), owner(SECOND, 91, None)],
    ] {
        let facts = owned_by(owners);
        let refused = audit.clone().check_item(look(Outcome::Conforms), &facts, &lead(), at());
        assert_eq!(reasons(refused), ["separation_of_duties"]);
        let other = person(SECOND, &[Role::Auditor]);
        assert!(audit.clone().check_item(look(Outcome::Conforms), &facts, &other, at()).is_ok());
    }
}

#[test]
fn parts_and_wholes_of_a_clause_are_the_same_matter() {
    for (owned, item, barred) in
        [("9.2", "9.2.2", true), ("9.2.2", "9.2", true), ("9.2.1", "9.2.2", false), ("A.5.1", "A.5.18", false)]
    {
        let audit = planned(Kind::Internal).add_items(vec![on(item)], &facts(), &manager(), at()).unwrap().into_after();
        let facts = owned_by(vec![owner(LEAD, 90, Some(owned))]);
        let bars: Vec<_> =
            audit.bars(&facts).into_iter().filter(|bar| bar.reason.code == "separation_of_duties").collect();
        assert_eq!(bars.len(), usize::from(barred), "{owned} {item}");
    }
}

#[test]
fn so_does_who_owns_the_process_or_a_record() {
    let about = |process, record: Option<u128>| ItemDraft {
        process,
        records: record
            .map(|id| Target { kind: Prefix::Nonconformity, id: RecordId(Uuid::from_u128(id)) })
            .into_iter()
            .collect(),
        question: "Does it hold?".into(),
        ..ItemDraft::default()
    };
    let items = vec![about(Some(process()), None), about(None, Some(80)), on("9.2.1")];
    let audit = declared(Kind::Internal).add_items(items, &facts(), &manager(), at()).unwrap().into_after();
    let facts = owned_by(vec![owner(LEAD, 70, None), owner(SECOND, 80, None), owner(LEAD, 99, None)]);
    let bars: Vec<_> = audit.bars(&facts).into_iter().map(|bar| (bar.item, bar.auditor)).collect();
    assert_eq!(bars, [(2, Party::Member { id: member(LEAD) }), (3, Party::Member { id: member(SECOND) })]);
    let (records, requirements) = audit.subjects();
    assert_eq!(records, [Uuid::from_u128(70), Uuid::from_u128(80)]);
    assert_eq!(requirements, ["9", "9.2", "9.2.1", "A.5.18"]);
}

#[test]
fn whoever_can_check_nothing_is_told_so_beforehand() {
    let all = owned_by(vec![owner(LEAD, 90, Some("A.5.18"))]);
    assert_eq!(reasons(started(Kind::Internal).may(Verb::CheckItem, &all, &lead())), ["separation_of_duties"]);
    let stranger = person(77, &[Role::Auditor]);
    assert_eq!(reasons(started(Kind::Internal).may(Verb::CheckItem, &facts(), &stranger)), ["not_of_the_team"]);
    assert_eq!(started(Kind::Internal).may(Verb::CheckItem, &facts(), &lead()), Ok(()));
}

#[test]
fn an_exception_passes_with_its_reason_where_it_is_documented() {
    let facts = |separation: Separation| Facts { separation, ..owned_by(vec![owner(LEAD, 90, Some("A.5.18"))]) };
    let reason = CheckItem { exception_reason: Some("The only one who reads Japanese".into()), ..look(Outcome::Minor) };
    let strict = started(Kind::Internal).check_item(reason.clone(), &facts(Separation::default()), &lead(), at());
    assert_eq!(reasons(strict), ["separation_of_duties"]);
    let documented = facts(relaxed(Rule::AuditItemChecker));
    let silent = started(Kind::Internal).check_item(look(Outcome::Minor), &documented, &lead(), at());
    assert_eq!(reasons(silent), ["exception_reason_needed"]);
    let change = started(Kind::Internal).check_item(reason, &documented, &lead(), at()).unwrap();
    assert_eq!(change.reason(), Some("The only one who reads Japanese"));
    assert_eq!(change.after().exceptions[0].rule, Rule::AuditItemChecker);
}

#[test]
fn what_was_declared_binds() {
    let declaration = Declare {
        statement: "I set up the leavers' process in March".into(),
        requirements: vec!["A.5.18".into()],
        ..nothing_declared(None)
    };
    let audit = started(Kind::Internal).declare(declaration, &facts(), &lead(), at()).unwrap().into_after();
    let refused = audit.check_item(look(Outcome::Conforms), &facts(), &lead(), at());
    assert_eq!(reasons(refused), ["declared_conflict"]);
}

#[test]
fn people_declare_for_themselves_and_a_member_writes_for_an_outsider() {
    let with_outsider = || {
        let team = vec![of_member(LEAD, true), outsider()];
        let draft = AuditDraft { team, ..draft(Kind::Internal) };
        Audit::plan(draft, &manager(), birth(Prefix::Audit)).unwrap().into_after()
    };
    let refused = with_outsider().declare(nothing_declared(None), &facts(), &manager(), at());
    assert_eq!(reasons(refused), ["not_of_the_team"]);
    let unknown = with_outsider().declare(nothing_declared(Some("Somebody")), &facts(), &manager(), at());
    assert_eq!(faults(unknown), ["/auditor unknown_auditor"]);
    let written = with_outsider().declare(nothing_declared(Some("Nadia Berg")), &facts(), &manager(), at());
    let written = written.unwrap().into_after();
    let declaration = written.team[1].declaration.clone().unwrap();
    assert_eq!((declaration.by, written.team[0].declaration.is_none()), (member(1), true));
}

#[test]
fn a_member_writes_down_what_an_outsider_saw_but_not_of_their_own() {
    let team = vec![of_member(LEAD, true), outsider()];
    let audit = Audit::plan(AuditDraft { team, ..draft(Kind::Internal) }, &manager(), birth(Prefix::Audit)).unwrap();
    let audit = audit.into_after().declare(nothing_declared(None), &facts(), &lead(), at()).unwrap().into_after();
    let audit = audit.declare(nothing_declared(Some("Nadia Berg")), &facts(), &manager(), at()).unwrap().into_after();
    let audit = audit.add_items(vec![on("A.5.18")], &facts(), &manager(), at()).unwrap().into_after();
    let audit = audit.start(Earlier::default(), &facts(), &lead(), at()).unwrap().audit.into_after();
    let seen = CheckItem { auditor: Some("Nadia Berg".into()), ..look(Outcome::Conforms) };
    let written = audit.clone().check_item(seen.clone(), &facts(), &manager(), at()).unwrap().into_after();
    let check = written.items[0].check.clone().unwrap();
    assert_eq!((check.recorded_by, matches!(check.auditor, Party::Outside { .. })), (member(1), true));
    let own = owned_by(vec![owner(1, 90, Some("A.5.18"))]);
    let refused = audit.clone().check_item(seen, &own, &manager(), at());
    assert_eq!(reasons(refused), ["separation_of_duties"]);
    assert_eq!(reasons(audit.check_item(look(Outcome::Conforms), &facts(), &manager(), at())), ["not_of_the_team"]);
}

#[test]
fn outsiders_audits_have_no_such_gates() {
    let facts = owned_by(vec![owner(LEAD, 90, Some("A.5.18"))]);
    for kind in [Kind::External, Kind::Certification, Kind::Surveillance] {
        let audit = started(kind);
        assert_eq!(audit.subjects(), (Vec::new(), Vec::new()));
        assert!(audit.clone().check_item(look(Outcome::Conforms), &facts, &lead(), at()).is_ok(), "{kind:?}");
        assert_eq!(audit.bars(&facts), []);
    }
    let refused = started(Kind::Supplier).check_item(look(Outcome::Conforms), &facts, &lead(), at());
    assert_eq!(reasons(refused), ["separation_of_duties"]);
}
