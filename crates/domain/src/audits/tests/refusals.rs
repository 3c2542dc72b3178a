//! Every reason for which an audit is refused, in the words that people read.

use super::*;
use crate::fixtures::refusals::Refusals;

type Tried = Vec<(&'static str, Result<(), Refusal>)>;

fn told<T>(tried: &'static str, outcome: Result<T, Refusal>) -> (&'static str, Result<(), Refusal>) {
    (tried, outcome.map(|_| ()))
}

fn owned() -> Facts {
    let owner = Owner { member: member(LEAD), record: Uuid::from_u128(90), requirement: Some("A.5.18".into()) };
    Facts { owners: vec![owner], ..facts() }
}

fn beginning() -> Tried {
    let empty = AuditDraft { criteria: Criteria::default(), scope: None, team: Vec::new(), ..draft(Kind::Internal) };
    let empty = Audit::plan(empty, &manager(), birth(Prefix::Audit)).unwrap().into_after();
    let of_programme = |stage| Facts { programme: Some(stage), ..facts() };
    let ready = || declared(Kind::Internal);
    let [draft, closed, void] = [ProgrammeStage::Draft, ProgrammeStage::Closed, ProgrammeStage::Void].map(of_programme);
    vec![
        told("start", empty.may(Verb::Start, &facts(), &lead())),
        told("start", planned(Kind::Internal).may(Verb::Start, &facts(), &lead())),
        told("start", ready().may(Verb::Start, &draft, &lead())),
        told("start", ready().may(Verb::Start, &closed, &lead())),
        told("start", ready().may(Verb::Start, &void, &lead())),
        told("postpone", started(Kind::Internal).may(Verb::Postpone, &facts(), &manager())),
        told("declare", ready().declare(nothing_declared(None), &facts(), &person(77, &[Role::Auditor]), at())),
    ]
}

fn looking() -> Tried {
    let audit = || started(Kind::Internal);
    let conflict = Declare { requirements: vec!["A.5.18".into()], ..nothing_declared(None) };
    let kept_away = audit().declare(conflict, &facts(), &lead(), at()).unwrap().into_after();
    let mut silent = audit();
    silent.team[0].declaration = None;
    let carried = CarriedFrom { audit: silent.id(), finding: None, item: Some(1) };
    let mut left = audit();
    left.items[0].carried_from = Some(carried);
    let full = audit().add_items(vec![on("A.5.18"); ITEMS - 1], &facts(), &lead(), at()).unwrap().into_after();
    let checked = || checked(Outcome::Conforms);
    let look = || look(Outcome::Conforms);
    vec![
        told("check-item", audit().check_item(look(), &owned(), &lead(), at())),
        told("check-item", audit().check_item(look(), &facts(), &person(77, &[Role::Auditor]), at())),
        told("check-item", kept_away.check_item(look(), &facts(), &lead(), at())),
        told("check-item", silent.check_item(look(), &facts(), &lead(), at())),
        told("revise-item", checked().revise_item((1, on("9.2.1")), &facts(), &lead(), at())),
        told("drop-item", checked().drop_item((1, "x".into()), &facts(), &lead(), at())),
        told("drop-item", left.drop_item((1, "x".into()), &facts(), &lead(), at())),
        told(
            "generate-checklist",
            audit()
                .generate_checklist(&Sources::default(), &facts(), &lead(), at())
                .and_then(|made| made.into_after().generate_checklist(&Sources::default(), &facts(), &lead(), at())),
        ),
        told("generate-checklist", full.generate_checklist(&Sources::default(), &facts(), &lead(), at())),
    ]
}

fn ending() -> Tried {
    let audit = checked(Outcome::Minor);
    let bare = Finding { evidence: None, ..noted(Grade::Minor, &audit) };
    let minor = noted(Grade::Minor, &audit).issue(at()).into_after();
    let found = |finding: &Finding| Facts { findings: vec![super::told(finding)], ..facts() };
    let unread = Facts { management: Vec::new(), ..found(&minor) };
    let dropped = declared(Kind::Internal).drop_item((1, "x".into()), &facts(), &manager(), at()).unwrap();
    let empty = dropped.into_after().start(Earlier::default(), &facts(), &lead(), at()).unwrap().audit.into_after();
    vec![
        told("report", started(Kind::Internal).may(Verb::Report, &facts(), &lead())),
        told("report", empty.may(Verb::Report, &facts(), &lead())),
        told("report", audit.may(Verb::Report, &facts(), &lead())),
        told("report", audit.may(Verb::Report, &found(&bare), &lead())),
        told("amend", reported(Outcome::Conforms).may_amend(&manager())),
        told("close", reported(Outcome::Conforms).may(Verb::Close, &unread, &lead())),
        told("cancel", reported(Outcome::Conforms).may(Verb::Cancel, &facts(), &manager())),
    ]
}

/// What only people do is refused to machines by name.
fn machines() -> Tried {
    let all = [Permission::PlanAudit, Permission::ConductAudit, Permission::CloseAudit];
    let key = crate::fixtures::machine(&all);
    vec![
        told("declare", declared(Kind::Internal).may(Verb::Declare, &facts(), &key)),
        told("check-item", started(Kind::Internal).may(Verb::CheckItem, &facts(), &key)),
        told("report", checked(Outcome::Conforms).may(Verb::Report, &facts(), &key)),
        told("close", reported(Outcome::Conforms).may(Verb::Close, &facts(), &key)),
    ]
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[facts()])
        .and_all([beginning(), looking(), ending(), machines()].concat())
}
