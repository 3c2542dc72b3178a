//! The report: what it waits for, what it freezes, and what closes the audit.

use super::*;

fn found(findings: &[&Finding]) -> Facts {
    Facts { findings: findings.iter().map(|finding| told(finding)).collect(), ..facts() }
}

#[test]
fn an_item_has_a_result_or_a_reason_for_having_none() {
    let open = started(Kind::Internal);
    assert_eq!(reasons(open.may(Verb::Report, &facts(), &lead())), ["items_not_checked"]);
    let excused = open.check_item(look(Outcome::NotChecked), &facts(), &lead(), at()).unwrap().into_after();
    assert_eq!(excused.may(Verb::Report, &facts(), &lead()), Ok(()));
    let dropped = declared(Kind::Internal).drop_item((1, "x".into()), &facts(), &manager(), at()).unwrap().into_after();
    let empty = dropped.start(Earlier::default(), &facts(), &lead(), at()).unwrap().audit.into_after();
    assert_eq!(reasons(empty.may(Verb::Report, &facts(), &lead())), ["no_checklist"]);
    // Outsiders bring their own.
    assert_eq!(started(Kind::Surveillance).may(Verb::Report, &facts(), &lead()), Ok(()));
}

#[test]
fn what_was_judged_minor_or_major_has_its_finding() {
    let audit = checked(Outcome::Major);
    assert_eq!(reasons(audit.may(Verb::Report, &facts(), &lead())), ["items_without_finding"]);
    let observation = noted(Grade::Observation, &audit);
    assert_eq!(reasons(audit.may(Verb::Report, &found(&[&observation]), &lead())), ["items_without_finding"]);
    let major = noted(Grade::Major, &audit);
    assert_eq!(audit.may(Verb::Report, &found(&[&major]), &lead()), Ok(()));
}

#[test]
fn a_finding_has_a_requirement_evidence_and_a_grade() {
    let audit = checked(Outcome::Conforms);
    let whole = noted(Grade::Observation, &audit);
    for bare in [
        Finding { requirement: None, ..whole.clone() },
        Finding { evidence: None, ..whole.clone() },
        Finding { grade: None, ..whole.clone() },
    ] {
        assert_eq!(reasons(audit.may(Verb::Report, &found(&[&bare]), &lead())), ["incomplete_findings"]);
        let stage = findings::Stage::Withdrawn { reason: "x".into(), issued_at: None, case: None, at: at(), by: None };
        let withdrawn = Finding { stage, ..bare };
        assert_eq!(audit.may(Verb::Report, &found(&[&withdrawn]), &lead()), Ok(()));
    }
}

#[test]
fn it_freezes_checklist_and_findings_under_one_digest() {
    let audit = checked(Outcome::Minor);
    let finding = noted(Grade::Minor, &audit);
    let concluded =
        |finding: Finding| audit.clone().report(report(), vec![finding.clone()], &found(&[&finding]), &lead(), at());
    let digest = |concluded: Concluded| concluded.audit.after().stage.report().unwrap().0.digest.clone();
    let first = concluded(finding.clone()).unwrap();
    assert_eq!(first.findings[0].after().stage.name(), findings::StageName::Issued);
    assert_eq!(first.findings[0].verb(), "issued");
    let other = Finding { statement: "Another".into(), ..finding.clone() };
    assert_eq!(digest(first), digest(concluded(finding).unwrap()));
    assert_ne!(
        digest(concluded(other.clone()).unwrap()),
        digest(concluded(Finding { grade: Some(Grade::Major), ..other }).unwrap())
    );
}

#[test]
fn refuses_every_fault_of_a_report_at_once() {
    let wrong = ReportAudit { summary: " ".into(), conclusion: "\0".into(), recipients: Vec::new(), file: None };
    let refused = checked(Outcome::Conforms).report(wrong, Vec::new(), &facts(), &lead(), at());
    assert_eq!(faults(refused), ["/summary blank", "/conclusion forbidden_character", "/recipient_ids length"]);
}

#[test]
fn where_outsiders_audit_their_report_is_there() {
    let team = vec![AuditorDraft { is_lead: true, ..outsider() }];
    let draft = AuditDraft { team, ..draft(Kind::Certification) };
    let audit = Audit::plan(draft, &manager(), birth(Prefix::Audit)).unwrap().into_after();
    let audit = audit.start(Earlier::default(), &facts(), &manager(), at()).unwrap().audit.into_after();
    let refused = audit.clone().report(report(), Vec::new(), &facts(), &manager(), at());
    assert_eq!(faults(refused), ["/file required"]);
    let file = Some(crate::id::EvidenceId(Uuid::from_u128(40)));
    let reported = audit.report(ReportAudit { file, ..report() }, Vec::new(), &facts(), &manager(), at()).unwrap();
    assert_eq!(reported.audit.after().stage.report().unwrap().0.file, file);
}

#[test]
fn it_closes_when_management_has_it_and_each_nonconformity_is_raised() {
    let nobody = Facts { management: Vec::new(), ..facts() };
    let audit = reported(Outcome::Conforms);
    assert_eq!(reasons(audit.may(Verb::Close, &nobody, &lead())), ["no_management_recipient"]);
    let later = AddAddendum { text: "Sent to the board".into(), recipients: vec![member(9)] };
    let later = audit.clone().add_addendum(later, &facts(), &lead(), at()).unwrap().into_after();
    assert_eq!(later.recipients(), [member(8), member(9)]);
    let finding = |grade| noted(grade, &checked(Outcome::Minor)).issue(at()).into_after();
    for (grade, closes) in
        [(Grade::Observation, true), (Grade::Opportunity, true), (Grade::Minor, false), (Grade::Major, false)]
    {
        let issued = finding(grade);
        let verdict = audit.may(Verb::Close, &found(&[&issued]), &lead());
        assert_eq!(verdict.is_ok(), closes, "{grade:?}");
        if !closes {
            assert_eq!(reasons(verdict), ["findings_not_raised"]);
            let case = Target { kind: Prefix::Nonconformity, id: RecordId(Uuid::from_u128(5)) };
            let stage = findings::Stage::Raised { issued_at: at(), case, at: at(), by: None };
            let raised = Finding { stage, ..issued };
            assert_eq!(audit.may(Verb::Close, &found(&[&raised]), &lead()), Ok(()));
        }
    }
}
