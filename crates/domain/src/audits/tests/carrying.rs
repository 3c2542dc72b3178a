//! What one audit leaves, the next one takes up.

use super::*;

/// Reported, with a minor finding and an item that was not checked.
fn earlier(kind: Kind) -> (Audit, Finding) {
    let audit = started(kind).add_items(vec![on("9.2.1")], &facts(), &manager(), at()).unwrap().into_after();
    let audit = audit.check_item(look(Outcome::Minor), &facts(), &lead(), at()).unwrap().into_after();
    let excuse = CheckItem { item: 2, ..look(Outcome::NotChecked) };
    let audit = audit.check_item(excuse, &facts(), &lead(), at()).unwrap().into_after();
    let finding = noted(Grade::Minor, &audit);
    let facts = Facts { findings: vec![told(&finding)], ..facts() };
    let concluded = audit.report(report(), vec![finding], &facts, &lead(), at()).unwrap();
    let finding = concluded.findings.into_iter().next().unwrap().into_after();
    (concluded.audit.into_after(), finding)
}

fn next(kind: Kind) -> Audit {
    let mut audit = declared(kind);
    audit.head.id = Uuid::from_u128(51);
    audit
}

fn left(audit: &Audit, finding: &Finding) -> Earlier {
    Earlier { findings: vec![finding.clone()], audits: vec![audit.clone()] }
}

#[test]
fn findings_and_unchecked_items_of_the_same_scope_become_items() {
    let (audit, finding) = earlier(Kind::Internal);
    assert!(audit.carries_over() && finding.awaits_follow_up());
    let begun = next(Kind::Internal).start(left(&audit, &finding), &facts(), &lead(), at()).unwrap();
    let after = begun.audit.after();
    let carried: Vec<_> =
        after.items.iter().filter_map(|item| Some((item.number, item.carried_from.clone()?))).collect();
    let of = |finding, item| CarriedFrom { audit: audit.id(), finding, item };
    assert_eq!(carried, [(2, of(Some(finding.id()), None)), (3, of(None, Some(2)))]);
    assert_eq!(after.items[1].requirement.as_deref(), Some("A.5.18"));
    assert!(after.items[1].question.contains("Accounts outlive their owners"));
    assert_eq!(after.items[2].question, audit.items[1].question);
    let [taken] = begun.findings.as_slice() else { panic!("one finding") };
    assert_eq!((taken.verb(), taken.after().carried_to), ("carried", Some(after.id())));
    let [passed] = begun.audits.as_slice() else { panic!("one audit") };
    assert_eq!((passed.verb(), passed.after().carries_over()), ("items_carried", false));
    assert_eq!(passed.after().items, audit.items, "the checklist stays frozen");
    // They are there to be looked at, or said why not.
    let dropped = begun.audit.into_after().drop_item((2, "x".into()), &facts(), &manager(), at());
    assert_eq!(reasons(dropped), ["item_is_carried"]);
}

#[test]
fn another_scope_or_another_kind_leaves_them_where_they_are() {
    let (audit, finding) = earlier(Kind::Internal);
    let mut elsewhere = next(Kind::Internal);
    elsewhere.criteria = Criteria { requirements: vec!["A.7.1".into()], ..Criteria::default() };
    for other in [elsewhere, next(Kind::Supplier), next(Kind::Certification)] {
        let begun = other.start(left(&audit, &finding), &facts(), &lead(), at()).unwrap();
        assert!(begun.findings.is_empty() && begun.audits.is_empty());
        assert_eq!(begun.audit.after().items.len(), 1);
    }
    // What a certification body has found, the organisation looks at again.
    let certified = Audit { kind: Kind::Certification, ..audit };
    let begun = next(Kind::Internal).start(left(&certified, &finding), &facts(), &lead(), at()).unwrap();
    assert_eq!((begun.findings.len(), begun.audits.len()), (1, 0));
}

#[test]
fn an_item_about_records_alone_goes_where_the_criteria_go() {
    let case = Target { kind: Prefix::Nonconformity, id: RecordId(Uuid::from_u128(80)) };
    let about = ItemDraft { records: vec![case], question: "Is it settled?".into(), ..ItemDraft::default() };
    let audit = started(Kind::Internal).add_items(vec![about], &facts(), &manager(), at()).unwrap().into_after();
    let audit = audit.check_item(look(Outcome::Conforms), &facts(), &lead(), at()).unwrap().into_after();
    let excuse = CheckItem { item: 2, ..look(Outcome::NotChecked) };
    let audit = audit.check_item(excuse, &facts(), &lead(), at()).unwrap().into_after();
    let audit = audit.report(report(), Vec::new(), &facts(), &lead(), at()).unwrap().audit.into_after();
    let part = Criteria { requirements: vec!["9.2.1".into()], ..Criteria::default() };
    let run = Criteria { processes: vec![process()], ..Criteria::default() };
    let other = Criteria { requirements: vec!["9.1".into()], documents: vec![case], ..Criteria::default() };
    for (criteria, carried) in [(part, 1), (run, 1), (other, 0)] {
        let later = Audit { criteria, ..next(Kind::Internal) };
        let earlier = Earlier { findings: Vec::new(), audits: vec![audit.clone()] };
        let begun = later.start(earlier, &facts(), &lead(), at()).unwrap();
        assert_eq!(begun.audits.len(), carried, "{:?}", begun.audit.after().criteria);
    }
}

#[test]
fn another_supplier_is_another_scope() {
    let (audit, finding) = earlier(Kind::Supplier);
    let mut other = next(Kind::Supplier);
    other.supplier = Some("Tape Ltd".into());
    assert!(other.start(left(&audit, &finding), &facts(), &lead(), at()).unwrap().findings.is_empty());
    let same = next(Kind::Supplier).start(left(&audit, &finding), &facts(), &lead(), at()).unwrap();
    assert_eq!(same.findings.len(), 1);
}

#[test]
fn a_cancelled_audit_passes_on_what_it_had_taken_up() {
    let (audit, finding) = earlier(Kind::Internal);
    let begun = next(Kind::Internal).start(left(&audit, &finding), &facts(), &lead(), at()).unwrap();
    let (second, passed) = (begun.audit.into_after(), begun.audits.into_iter().next().unwrap().into_after());
    let checked = second.check_item(CheckItem { item: 2, ..look(Outcome::Conforms) }, &facts(), &lead(), at());
    let cancelled = checked.unwrap().into_after().cancel("Fire".into(), Vec::new(), &facts(), &manager(), at());
    let cancelled = cancelled.unwrap().audit.into_after();
    let mut third = next(Kind::Internal);
    third.head.id = Uuid::from_u128(52);
    let earlier = Earlier { findings: Vec::new(), audits: vec![passed, cancelled.clone()] };
    let begun = third.start(earlier, &facts(), &lead(), at()).unwrap();
    let carried: Vec<_> = begun.audit.after().items.iter().filter_map(|item| item.carried_from.clone()).collect();
    let of = |finding, item| CarriedFrom { audit: cancelled.id(), finding, item: Some(item) };
    assert_eq!(carried, [of(Some(finding.id()), 2), of(None, 3)], "a report that never came settles nothing");
    assert_eq!(begun.audits.len(), 1);
}

#[test]
fn a_finding_that_was_looked_at_again_is_verified_by_the_audit() {
    let (audit, finding) = earlier(Kind::Internal);
    let begun = next(Kind::Internal).start(left(&audit, &finding), &facts(), &lead(), at()).unwrap();
    let second = begun.audit.into_after();
    assert_eq!(second.edges(), []);
    let seen = second.check_item(CheckItem { item: 2, ..look(Outcome::Conforms) }, &facts(), &lead(), at()).unwrap();
    let [edge] = seen.after().edges()[..] else { panic!("one edge") };
    assert_eq!(
        (edge.from, edge.relation, edge.to),
        (Target::of(&finding), Relation::VerifiedBy, Target::of(seen.after()))
    );
}
