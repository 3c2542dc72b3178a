use super::*;
use crate::access::{Role, Withheld};
use crate::comments::{Comment, Remark};
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, faults_of, machine, member, person};
use crate::id::RecordId;
use crate::incidents::tests::reported;
use crate::links::{Edge, link};
use strum::VariantArray;
use uuid::Uuid;

const SEEN: Target = Target { kind: Prefix::Risk, id: RecordId(Uuid::from_u128(41)) };
const KEPT: Target = Target { kind: Prefix::Incident, id: RecordId(Uuid::from_u128(42)) };

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn draft() -> RestrictionDraft {
    RestrictionDraft {
        target: KEPT,
        target_reference: "INC-2026-0003".parse().unwrap(),
        readers: vec![member(2)],
        why: "It names a colleague".into(),
        in_force: 0,
    }
}

fn imposed() -> Restriction {
    Restriction::impose(draft(), &manager(), birth(Prefix::Restriction)).unwrap().into_after()
}

fn apply(restriction: Restriction, verb: Verb) -> Result<Restriction, Refusal> {
    match verb {
        Verb::NameReaders => restriction.name_readers(vec![member(3)], "She investigates it".into(), &manager(), at()),
        Verb::Lift => restriction.lift("The inquiry is over".into(), &manager(), at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> Restriction {
    match stage {
        StageName::InForce => imposed(),
        StageName::Lifted => apply(imposed(), Verb::Lift).unwrap(),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let ends = match apply(at_stage(*stage), *verb) {
                Ok(after) => vec![after.stage.name()],
                Err(Refusal::State(reasons)) => {
                    assert_eq!(reasons[0].code, "wrong_state", "{stage:?} {verb:?}");
                    Vec::new()
                }
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn who_restricts() {
    for role in Role::VARIANTS {
        let by = person(1, &[*role]);
        let made = Restriction::impose(draft(), &by, birth(Prefix::Restriction));
        assert_eq!(made.is_ok(), *role == Role::IsmsManager, "{role:?}: {made:?}");
        assert_eq!(imposed().may(Verb::Lift, &(), &by).is_ok(), *role == Role::IsmsManager, "{role:?}");
    }
    let machine = machine(&[Permission::RestrictRecord, Permission::ReadRecords]);
    assert!(matches!(Restriction::impose(draft(), &machine, birth(Prefix::Restriction)), Err(Refusal::State(_))));
    assert!(matches!(imposed().may(Verb::NameReaders, &(), &machine), Err(Refusal::State(_))));
}

#[test]
fn what_is_wrong_with_a_draft() {
    let faults = |draft| faults_of(Restriction::impose(draft, &manager(), birth(Prefix::Restriction)));
    assert_eq!(faults(RestrictionDraft { why: " ".into(), ..draft() }), ["/reason blank"]);
    assert_eq!(
        faults(RestrictionDraft { readers: vec![member(2), member(3), member(2)], ..draft() }),
        ["/reader_ids/2 duplicate"]
    );
    let crowd = (0..51).map(member).collect();
    assert_eq!(faults(RestrictionDraft { readers: crowd, ..draft() }), ["/reader_ids length"]);
    for kind in Prefix::VARIANTS {
        let target = Target { kind: *kind, ..KEPT };
        let made = Restriction::impose(RestrictionDraft { target, ..draft() }, &manager(), birth(Prefix::Restriction));
        assert_eq!(made.is_ok(), KINDS.contains(kind), "{kind:?}: {made:?}");
    }
    let crowded = RestrictionDraft { in_force: IN_FORCE, ..draft() };
    let refused = Restriction::impose(crowded, &manager(), birth(Prefix::Restriction));
    assert!(matches!(refused, Err(Refusal::State(reasons)) if reasons[0].code == "too_many"));
    let twice = imposed().name_readers(vec![member(4), member(4)], " ".into(), &manager(), at());
    assert_eq!(faults_of(twice), ["/reader_ids/1 duplicate", "/reason blank"]);
}

#[test]
fn what_is_raised_of_it_is_read_by_the_same_and_by_whoever_raised_it() {
    let reference: Reference = "WKN-2026-0004".parse().unwrap();
    let weakness = Target { kind: Prefix::Weakness, id: RecordId(Uuid::from_u128(43)) };
    let member_alone = person(5, &[Role::Member]);
    let inherit = |target, in_force| {
        Restriction::inherited(&imposed(), (target, reference), in_force, &member_alone, birth(Prefix::Restriction))
    };
    let inherited = inherit(weakness, 0).unwrap().into_after();
    for (n, reads) in [(1, true), (2, true), (5, true), (3, false)] {
        assert_eq!(inherited.is_read_by(member(n)), reads, "{n}");
    }
    assert!(inherited.why.contains("INC-2026-0003"));
    let refused = |made: Result<_, _>| match made {
        Err(Refusal::State(reasons)) => reasons[0].code.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(inherit(weakness, IN_FORCE)), "too_many");
    let objective = Target { kind: Prefix::Objective, ..weakness };
    assert_eq!(refused(inherit(objective, 0)), "restricted");
}

#[test]
fn those_it_names_and_whoever_made_it_read_the_record() {
    let restriction = imposed();
    for (n, reads) in [(1, true), (2, true), (3, false)] {
        assert_eq!(restriction.is_read_by(member(n)), reads, "{n}");
    }
    let after = apply(restriction, Verb::NameReaders).unwrap();
    assert!(after.is_read_by(member(1)) && !after.is_read_by(member(2)) && after.is_read_by(member(3)));
}

/// Whatever the roles are: what is kept from somebody, and what is about it, is not there.
#[test]
fn what_is_kept_from_somebody_is_not_visible_nor_is_what_is_about_it() {
    let incident = crate::incidents::Incident { head: Head { id: KEPT.id.0, ..reported().head }, ..reported() };
    let remark = || Remark { text: "It was the new one".into() };
    let said = Comment::attach(KEPT, remark(), &manager(), birth(Prefix::Comment)).unwrap().into_after();
    let elsewhere = Comment::attach(SEEN, remark(), &manager(), birth(Prefix::Comment)).unwrap().into_after();
    let edge = |to| Edge { relation: Relation::CausedBy, to, note: None };
    let leading = link(SEEN, edge(KEPT), &manager(), birth(Prefix::Link)).unwrap().into_after();
    let coming = link(KEPT, edge(SEEN), &manager(), birth(Prefix::Link)).unwrap().into_after();
    let kept: Withheld = [(KEPT.id.0, "INC-2026-0003".parse().unwrap())].into_iter().collect();
    for role in [Role::Admin, Role::IsmsManager, Role::Management, Role::Auditor, Role::ExternalAuditor] {
        let reader = person(9, &[role]);
        let outsider = reader.clone().without(kept.clone());
        for (by, sees) in [(&reader, true), (&outsider, false)] {
            assert_eq!(incident.is_visible(by), sees, "{role:?}");
            assert_eq!(said.is_visible(by), sees, "{role:?}");
            assert_eq!(leading.is_visible(by), sees, "{role:?}");
            assert_eq!(coming.is_visible(by), sees, "{role:?}");
            assert_eq!(imposed().is_visible(by), sees, "{role:?}");
            assert!(elsewhere.is_visible(by), "{role:?}");
        }
    }
    let machine = machine(&[Permission::ReadRecords]);
    assert!(incident.is_visible(&machine) && !incident.is_visible(&machine.without(kept)));
}

/// Why it is refused, by whomever and in every stage, and why a record is not handed over.
pub(crate) fn refusals() -> Refusals {
    let impose = |draft, by: &Actor| Restriction::impose(draft, by, birth(Prefix::Restriction)).map(drop);
    let crowded = RestrictionDraft { in_force: IN_FORCE, ..draft() };
    let machine = machine(&[Permission::RestrictRecord, Permission::ReadRecords]);
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[()]).and_all([
        ("impose", impose(crowded, &manager())),
        ("impose", impose(draft(), &machine)),
        ("mark-duplicate", stays_apart(true)),
    ])
}
