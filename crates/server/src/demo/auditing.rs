//! How an audit of Harbour Robotics is told, step by step.

use super::people::{ADEYEMI, INES, MARA, PAVEL, SOFIA};
use super::{Names, Story, Who, save};
use ratchet_domain::applicabilities::Applicability;
use ratchet_domain::audits::{
    Audit, AuditDraft, AuditorDraft, CheckItem, Criteria, Declare, Document, Facts, Kind, Outcome, Party, ReportAudit,
    Sources,
};
use ratchet_domain::catalogue::CONTROLS;
use ratchet_domain::change::Record;
use ratchet_domain::evidence::{Evidence, File};
use ratchet_domain::findings::{Finding, FindingDraft, Grade};
use ratchet_domain::id::{AuditProgrammeId, EvidenceId, ProcessId, RecordId};
use ratchet_domain::policies::Policy;
use ratchet_domain::processes::Process;
use ratchet_domain::reference::{Locator, Target};
use ratchet_persistence::error::Error;
use ratchet_persistence::table::{Listed, Order, Scope, Table};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{applicabilities, audits, findings};

pub(super) const NADIA: &str = "Nadia Berg";
pub(super) const BRANDT: &str = "Karl Brandt";

/// Who audits: a member, or somebody from outside.
fn auditor(names: &Names, name: Who, is_lead: bool) -> Result<AuditorDraft, Error> {
    let outside = |firm: &str, competence: &str| AuditorDraft {
        party: Party::Outside { name: name.to_owned(), firm: Some(firm.to_owned()) },
        is_lead,
        competence: Some(competence.to_owned()),
    };
    Ok(match name {
        NADIA => outside("Berg Audits", "Lead auditor for ten years"),
        BRANDT => outside("Certifier", "Appointed by the certification body"),
        member => AuditorDraft { party: Party::Member { id: names.member(member)? }, is_lead, competence: None },
    })
}

/// An audit as the story knows it.
pub(super) struct Planned {
    pub name: &'static str,
    pub kind: Kind,
    /// The programme, and which of its audits.
    pub plan: Option<(&'static str, &'static str)>,
    pub supplier: Option<&'static str>,
    pub scope: &'static str,
    pub requirements: &'static [&'static str],
    pub process: Option<&'static str>,
    /// A policy that is read.
    pub document: Option<&'static str>,
    pub team: &'static [Who],
    /// From today.
    pub days: (i64, i64),
}

pub(super) fn plan(story: &mut Story, when: (i64, u32), planned: Planned) {
    let (starts_on, ends_on) = (story.day(planned.days.0), story.day(planned.days.1));
    story.step(when, ADEYEMI, move |tx, names| {
        let Planned { name, kind, plan, supplier, scope, requirements, process, document, team, days: _ } = planned;
        let programme = plan.map(|(programme, _)| names.get(programme)).transpose()?;
        let document = document.map(|policy| names.get(policy)).transpose()?;
        let processes = process.map(|process| names.get(process)).transpose()?;
        let members = team.iter().enumerate().map(|(index, who)| auditor(names, who, index == 0));
        let draft = AuditDraft {
            kind,
            title: name.to_owned(),
            programme: programme.map(AuditProgrammeId),
            plan_key: plan.map(|(_, key)| key.to_owned()),
            supplier: supplier.map(str::to_owned),
            scope: Some(scope.to_owned()),
            criteria: Criteria {
                requirements: requirements.iter().map(|number| (*number).to_owned()).collect(),
                processes: processes.into_iter().map(ProcessId).collect(),
                documents: document.map(|id| Target { kind: Policy::PREFIX, id: RecordId(id) }).into_iter().collect(),
            },
            method: Some("Interviews, records, samples".to_owned()),
            sampling: None,
            auditees: vec![names.member(SOFIA)?, names.member(PAVEL)?],
            team: members.collect::<Result<_, _>>()?,
            starts_on,
            ends_on,
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(Audit::PREFIX)?);
        names.call(name, save(Audit::plan(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

pub(super) fn declare(story: &mut Story, when: (i64, u32), name: &'static str, auditor: Option<&'static str>) {
    declare_as(story, when, ADEYEMI, name, auditor);
}

pub(super) fn declare_as(
    story: &mut Story,
    when: (i64, u32),
    who: Who,
    name: &'static str,
    auditor: Option<&'static str>,
) {
    let input = Declare {
        auditor: auditor.map(str::to_owned),
        statement: "Nothing stands between".to_owned(),
        requirements: Vec::new(),
        processes: Vec::new(),
    };
    story.change(when, who, name, |audit: Audit, facts, by, at| audit.declare(input, facts, by, at));
}

/// The checklist, out of the criteria.
pub(super) fn generate(story: &mut Story, when: (i64, u32), name: &'static str) {
    story.step(when, ADEYEMI, move |tx, names| {
        let (audit, facts) = audit_of(name, names, tx)?;
        let (by, at) = (tx.actor().clone(), tx.now());
        let scope = Scope::whole(by.organisation, applicabilities::Filter::default());
        let all = i64::try_from(CONTROLS.len()).unwrap_or(i64::MAX);
        let statement = Applicability::page(&scope, &Order::default(), all, tx.connection())?;
        let run: Vec<_> = audit.criteria.processes.iter().map(|process| process.0).collect();
        let processes = Process::many(by.organisation, &run, tx.connection())?;
        let read: Vec<_> = audit.criteria.documents.iter().map(|document| document.id.0).collect();
        let documents = Policy::many(by.organisation, &read, tx.connection())?.into_iter().map(|policy| Document {
            record: Target::of(&policy),
            reference: policy.head.reference,
            title: Some(policy.title),
        });
        let sources = Sources { statement, processes, documents: documents.collect() };
        save(audit.generate_checklist(&sources, &facts, &by, at)?, tx).map(drop)
    });
}

pub(super) fn audit_of(name: &'static str, names: &Names, tx: &mut Tx<'_>) -> Result<(Audit, Facts), Error> {
    let audit: Audit = tx.get(Locator::Id(names.get(name)?))?;
    let facts = tx.facts(&audit)?;
    Ok((audit, facts))
}

pub(super) fn start(story: &mut Story, when: (i64, u32), name: &'static str) {
    story.step(when, ADEYEMI, move |tx, names| {
        let (audit, facts) = audit_of(name, names, tx)?;
        let (by, at) = (tx.actor().clone(), tx.now());
        let earlier = audits::earlier(by.organisation, tx.connection())?;
        let started = audit.start(earlier, &facts, &by, at)?;
        save(started.audit, tx)?;
        for finding in started.findings {
            save(finding, tx)?;
        }
        for audit in started.audits {
            save(audit, tx)?;
        }
        Ok(())
    });
}

pub(super) fn check(
    story: &mut Story,
    when: (i64, u32),
    name: &'static str,
    (item, outcome, seen): (i64, Outcome, &str),
    auditor: Option<&'static str>,
) {
    let (evidence, reason) = if outcome.is_judged() { (Some(seen), None) } else { (None, Some(seen)) };
    let input = CheckItem {
        item,
        outcome,
        evidence: evidence.map(str::to_owned),
        reason: reason.map(str::to_owned),
        notes: None,
        auditor: auditor.map(str::to_owned),
        exception_reason: None,
    };
    story.change(when, ADEYEMI, name, |audit: Audit, facts, by, at| audit.check_item(input, facts, by, at));
}

pub(super) fn note(
    story: &mut Story,
    when: (i64, u32),
    (audit, item): (&'static str, Option<i64>),
    name: &'static str,
    (grade, requirement, evidence): (Grade, &'static str, &str),
) {
    let evidence = evidence.to_owned();
    story.step(when, ADEYEMI, move |tx, names| {
        let audit: Audit = tx.get(Locator::Id(names.get(audit)?))?;
        let draft = FindingDraft {
            item,
            title: name.to_owned(),
            statement: format!("{name}: {requirement} asks for something else"),
            evidence: Some(evidence),
            requirement: Some(requirement.to_owned()),
            process: None,
            grade: Some(grade),
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(Finding::PREFIX)?);
        names.call(name, save(Finding::note(draft, &audit, &by, birth)?, tx)?);
        Ok(())
    });
}

/// Reported to management; what outsiders wrote is attached.
pub(super) fn report(
    story: &mut Story,
    when: (i64, u32),
    name: &'static str,
    (summary, conclusion): (&'static str, &'static str),
    file: Option<&'static str>,
) {
    let files = story.files();
    story.step(when, ADEYEMI, move |tx, names| {
        let (audit, facts) = audit_of(name, names, tx)?;
        let (by, at) = (tx.actor().clone(), tx.now());
        let file = match file {
            Some(text) => {
                let piece = File { title: Some(format!("{name}: report")), ..super::store_text(&files, text, tx)? };
                let birth = tx.birth(Evidence::PREFIX)?;
                Some(EvidenceId(save(Evidence::attach(Target::of(&audit), piece.into(), &by, birth)?, tx)?))
            }
            None => None,
        };
        let input = ReportAudit {
            summary: summary.to_owned(),
            conclusion: conclusion.to_owned(),
            recipients: vec![names.member(INES)?, names.member(MARA)?],
            file,
        };
        let found = findings::of_audits(by.organisation, &[audit.id()], tx.connection())?;
        let concluded = audit.report(input, found, &facts, &by, at)?;
        save(concluded.audit, tx)?;
        for finding in concluded.findings {
            save(finding, tx)?;
        }
        Ok(())
    });
}
