//! How Harbour Robotics was audited: by itself, by somebody from outside, and by its certifier.

use super::controls::{LEAVERS as LEAVERS_PROCESS, PORTAL};
use super::people::{ADEYEMI, INES, MARA, PAVEL, SOFIA};
use super::treatment::LEAVERS;
use super::{Names, Story, Who, save};
use ratchet_domain::applicabilities::Applicability;
use ratchet_domain::audit_programmes::{AuditProgramme, Close as CloseProgramme, Content, PlannedAudit};
use ratchet_domain::audits::{
    Audit, AuditDraft, AuditorDraft, CheckItem, Criteria, Declare, DrawSample, Facts, Found, Kind, Outcome, Party,
    Population, Postpone, ReportAudit, Sources,
};
use ratchet_domain::catalogue::CONTROLS;
use ratchet_domain::change::Record;
use ratchet_domain::evidence::{Evidence, File};
use ratchet_domain::findings::{Case, Finding, FindingDraft, Grade, Raise};
use ratchet_domain::id::{AuditProgrammeId, EvidenceId, ProcessId};
use ratchet_domain::processes::Process;
use ratchet_domain::reference::{Locator, Prefix, Target};
use ratchet_persistence::error::Error;
use ratchet_persistence::table::{Listed, Order, Scope, Table};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{applicabilities, audits, findings};

const LAST: &str = "Audits of last year";
const THIS: &str = "Audits of this year";
const NEXT: &str = "Audits of next year";
const ACCESS: &str = "Access and people";
const RUNNING: &str = "Running the portal";
const CERTIFIER: &str = "Surveillance audit of spring";
const HOST: &str = "The portal's host";
const SHIPYARD: &str = "The shipyard's laptops";
const NADIA: &str = "Nadia Berg";
const BRANDT: &str = "Karl Brandt";
const HANDBOOK: &str = "The handbook names a role that nobody holds";
const LOGS: &str = "Logs of the portal are kept for a week";
const REVIEW: &str = "The management review has no figures of suppliers";
const BADGE: &str = "Leavers hand in their badges at two desks";

pub(super) fn add(story: &mut Story) {
    programmes(story);
    access(story);
    certifier(story);
    portal(story);
    to_come(story);
}

fn programme(story: &Story, title: &str, (from, until): (i64, i64), plan: Vec<PlannedAudit>) -> Content {
    let some = |text: &str| Some(text.to_owned());
    Content {
        title: title.to_owned(),
        starts_on: story.day(from),
        ends_on: story.day(until),
        objectives: some("Whether the system is as the standard and we ourselves ask, and whether it works"),
        frequency: some("Each clause once a year, each control once in three years"),
        methods: some("Interviews, records, and samples drawn by seed"),
        responsibilities: some("Adeyemi plans and leads; Nadia Berg audits what Adeyemi is too close to"),
        planning_requirements: some("Two weeks' notice; the shipyard only between launches"),
        reporting: some("To Inès within two weeks"),
        process_importance: some("Leavers and the portal first: customers' drawings depend on them"),
        earlier_results: some("Access rights were weak last year"),
        plan,
    }
}

fn programmes(story: &mut Story) {
    let planned =
        |key: &str, title: &str, (from, until): (i64, i64), requirements: &[&str], story: &Story| PlannedAudit {
            key: key.to_owned(),
            title: title.to_owned(),
            starts_on: story.day(from),
            ends_on: story.day(until),
            requirements: requirements.iter().map(|number| (*number).to_owned()).collect(),
            processes: Vec::new(),
        };
    let this = vec![
        planned("1", ACCESS, (-68, -50), &["7.2", "A.5.18"], story),
        planned("2", RUNNING, (-10, 10), &["8.1", "A.8.6", "A.8.15"], story),
        planned("3", "Clauses 4 to 6", (60, 90), &["4", "5", "6"], story),
    ];
    let last = vec![planned("1", "Everything, by hand", (-400, -380), &["9.2"], story)];
    let next = vec![planned("1", ACCESS, (300, 320), &["7.2", "A.5.18"], story)];
    for (name, hour, content) in [
        (LAST, 9, programme(story, LAST, (-430, -70), last)),
        (THIS, 10, programme(story, THIS, (-69, 295), this)),
        (NEXT, 11, programme(story, NEXT, (296, 660), next)),
    ] {
        story.step((69, hour), ADEYEMI, move |tx, names| {
            let (by, birth) = (tx.actor().clone(), tx.birth(AuditProgramme::PREFIX)?);
            names.call(name, save(AuditProgramme::draft(content, &by, birth)?, tx)?);
            Ok(())
        });
    }
    for name in [LAST, THIS] {
        story.change((69, 14), INES, name, |programme: AuditProgramme, facts, by, at| programme.approve(facts, by, at));
    }
    let close = CloseProgramme {
        summary: "One audit on paper, before this system was in use".to_owned(),
        not_audited_because: Some("It was held, and is filed on paper".to_owned()),
    };
    story.change((68, 16), ADEYEMI, LAST, |programme: AuditProgramme, facts, by, at| {
        programme.close(close, facts, by, at)
    });
}

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
struct Planned {
    name: &'static str,
    kind: Kind,
    plan_key: Option<&'static str>,
    supplier: Option<&'static str>,
    scope: &'static str,
    requirements: &'static [&'static str],
    process: Option<&'static str>,
    team: &'static [Who],
    /// From today.
    days: (i64, i64),
}

fn plan(story: &mut Story, when: (i64, u32), planned: Planned) {
    let (starts_on, ends_on) = (story.day(planned.days.0), story.day(planned.days.1));
    story.step(when, ADEYEMI, move |tx, names| {
        let Planned { name, kind, plan_key, supplier, scope, requirements, process, team, days: _ } = planned;
        let programme = plan_key.map(|_| names.get(THIS)).transpose()?;
        let processes = process.map(|process| names.get(process)).transpose()?;
        let members = team.iter().enumerate().map(|(index, who)| auditor(names, who, index == 0));
        let draft = AuditDraft {
            kind,
            title: name.to_owned(),
            programme: programme.map(AuditProgrammeId),
            plan_key: plan_key.map(str::to_owned),
            supplier: supplier.map(str::to_owned),
            scope: Some(scope.to_owned()),
            criteria: Criteria {
                requirements: requirements.iter().map(|number| (*number).to_owned()).collect(),
                processes: processes.into_iter().map(ProcessId).collect(),
                documents: Vec::new(),
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

fn declare(story: &mut Story, when: (i64, u32), name: &'static str, auditor: Option<&'static str>) {
    let input = Declare {
        auditor: auditor.map(str::to_owned),
        statement: "Nothing stands between".to_owned(),
        requirements: Vec::new(),
        processes: Vec::new(),
    };
    story.change(when, ADEYEMI, name, |audit: Audit, facts, by, at| audit.declare(input, facts, by, at));
}

/// The checklist, out of the criteria.
fn generate(story: &mut Story, when: (i64, u32), name: &'static str) {
    story.step(when, ADEYEMI, move |tx, names| {
        let (audit, facts) = audit_of(name, names, tx)?;
        let (by, at) = (tx.actor().clone(), tx.now());
        let scope =
            Scope { organisation: by.organisation, own: None, only: None, filter: applicabilities::Filter::default() };
        let all = i64::try_from(CONTROLS.len()).unwrap_or(i64::MAX);
        let statement = Applicability::page(&scope, &Order::default(), all, tx.connection())?;
        let run: Vec<_> = audit.criteria.processes.iter().map(|process| process.0).collect();
        let processes = Process::many(by.organisation, &run, tx.connection())?;
        let sources = Sources { statement, processes, documents: Vec::new() };
        save(audit.generate_checklist(&sources, &facts, &by, at)?, tx).map(drop)
    });
}

fn audit_of(name: &'static str, names: &Names, tx: &mut Tx<'_>) -> Result<(Audit, Facts), Error> {
    let audit: Audit = tx.get(Locator::Id(names.get(name)?))?;
    let facts = tx.facts(&audit)?;
    Ok((audit, facts))
}

fn start(story: &mut Story, when: (i64, u32), name: &'static str) {
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

fn check(
    story: &mut Story,
    when: (i64, u32),
    name: &'static str,
    (item, outcome, seen): (i64, Outcome, &'static str),
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

fn note(
    story: &mut Story,
    when: (i64, u32),
    (audit, item): (&'static str, Option<i64>),
    name: &'static str,
    (grade, requirement, evidence): (Grade, &'static str, &'static str),
) {
    story.step(when, ADEYEMI, move |tx, names| {
        let audit: Audit = tx.get(Locator::Id(names.get(audit)?))?;
        let draft = FindingDraft {
            item,
            title: name.to_owned(),
            statement: format!("{name}: {requirement} asks for something else"),
            evidence: Some(evidence.to_owned()),
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
fn report(
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
                Some(EvidenceId(save(Evidence::attach(Target::of(&audit), piece, &by, birth)?, tx)?))
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

/// An outsourced auditor draws leavers by seed; two accounts outlived their owners.
fn access(story: &mut Story) {
    let planned = Planned {
        name: ACCESS,
        kind: Kind::Internal,
        plan_key: Some("1"),
        supplier: None,
        scope: "Head office, since January",
        requirements: &["7.2", "A.5.18"],
        process: Some(LEAVERS_PROCESS),
        team: &[NADIA, ADEYEMI],
        days: (-67, -62),
    };
    plan(story, (68, 9), planned);
    declare(story, (68, 10), ACCESS, None);
    declare(story, (68, 11), ACCESS, Some(NADIA));
    generate(story, (68, 12), ACCESS);
    start(story, (67, 9), ACCESS);
    let population = Population { kind: Prefix::Member, states: Vec::new(), made_from: None, made_until: None };
    let draw = DrawSample { population, size: 3, seed: "Berg 4711".to_owned(), item: Some(1) };
    story.step((66, 9), ADEYEMI, move |tx, names| {
        let (audit, facts) = audit_of(ACCESS, names, tx)?;
        let (by, at) = (tx.actor().clone(), tx.now());
        let records = audits::population(&draw.population, &by, tx.connection())?;
        save(audit.draw_sample(draw, Found { records, states: Vec::new() }, &facts, &by, at)?, tx).map(drop)
    });
    check(story, (66, 10), ACCESS, (1, Outcome::Conforms, "Three people's records name what they were taught"), None);
    let seen = "Of 8 leavers drawn by seed out of 37, two had accounts 9 and 12 days later";
    check(story, (66, 11), ACCESS, (2, Outcome::Minor, seen), Some(NADIA));
    check(story, (65, 9), ACCESS, (3, Outcome::Opportunity, "Badges are handed in at two desks"), Some(NADIA));
    note(story, (65, 10), (ACCESS, Some(2)), LEAVERS, (Grade::Minor, "A.5.18", seen));
    note(story, (65, 11), (ACCESS, Some(3)), BADGE, (Grade::Opportunity, "A.6.5", "Seen on two mornings"));
    note(story, (65, 12), (ACCESS, None), HANDBOOK, (Grade::Observation, "7.2", "Page 12"));
    let told = ("Access outlives contracts; the rest is in order", "Conforms and is effective, but for leavers");
    report(story, (61, 9), ACCESS, told, Some("Report of Berg Audits. Access outlives contracts; one minor finding."));
    story.step((60, 11), ADEYEMI, |tx, names| {
        let finding: Finding = tx.get(Locator::Id(names.get(LEAVERS)?))?;
        let (facts, by) = (tx.facts(&finding)?, tx.actor().clone());
        let birth = tx.birth(Prefix::Nonconformity)?;
        let raised = finding.raise(Raise::default(), &facts, &by, birth)?;
        match raised.case {
            // From here on the story speaks of the case.
            Case::Nonconformity(case) => names.call(LEAVERS, save(*case, tx)?),
            Case::Improvement(improvement) => drop(save(*improvement, tx)?),
        }
        save(raised.finding, tx).map(drop)
    });
    story.change((59, 9), ADEYEMI, HANDBOOK, |finding: Finding, facts, by, at| {
        finding.withdraw("The role was filled the week before".to_owned(), facts, by, at)
    });
    story.change((58, 9), ADEYEMI, ACCESS, |audit: Audit, facts, by, at| audit.close(facts, by, at));
}

/// The certifier's report is on the table; one finding waits for its nonconformity.
fn certifier(story: &mut Story) {
    let planned = Planned {
        name: CERTIFIER,
        kind: Kind::Surveillance,
        plan_key: None,
        supplier: None,
        scope: "The whole system",
        requirements: &["9.3", "A.8.15"],
        process: None,
        team: &[BRANDT],
        days: (-30, -28),
    };
    plan(story, (40, 9), planned);
    start(story, (30, 9), CERTIFIER);
    note(story, (28, 15), (CERTIFIER, None), REVIEW, (Grade::Minor, "9.3.2", "Minutes of last autumn"));
    note(story, (28, 16), (CERTIFIER, None), LOGS, (Grade::Observation, "A.8.15", "Settings of the log server"));
    let told = ("One minor finding, one observation", "The certificate stays");
    report(story, (14, 9), CERTIFIER, told, Some("Surveillance report. One minor nonconformity, one observation."));
}

/// Half way through; nobody checks their own.
fn portal(story: &mut Story) {
    let planned = Planned {
        name: RUNNING,
        kind: Kind::Internal,
        plan_key: Some("2"),
        supplier: None,
        scope: "The portal and its backups",
        requirements: &["8.1", "A.8.6", "A.8.15"],
        process: Some(PORTAL),
        team: &[ADEYEMI],
        days: (-5, 5),
    };
    plan(story, (20, 9), planned);
    declare(story, (19, 9), RUNNING, None);
    generate(story, (19, 10), RUNNING);
    start(story, (5, 9), RUNNING);
    check(story, (4, 9), RUNNING, (1, Outcome::Conforms, "Three changes followed from request to review"), None);
    check(story, (3, 9), RUNNING, (3, Outcome::Observation, "Logs are kept for a week"), None);
    note(story, (3, 10), (RUNNING, Some(3)), "A week is short", (Grade::Observation, "A.8.15", "As the certifier saw"));
}

/// One of a supplier in three weeks, moved once; one that will not be.
fn to_come(story: &mut Story) {
    let host = Planned {
        name: HOST,
        kind: Kind::Supplier,
        plan_key: None,
        supplier: Some("North Sea Hosting"),
        scope: "The computing centre in Emden",
        requirements: &["A.5.22", "A.7.11"],
        process: None,
        team: &[ADEYEMI],
        days: (6, 7),
    };
    plan(story, (12, 9), host);
    let (starts_on, ends_on) = (story.day(20), story.day(21));
    let later = Postpone { starts_on, ends_on, reason: "The host moves its racks next week".to_owned() };
    story.change((9, 9), ADEYEMI, HOST, |audit: Audit, facts, by, at| audit.postpone(later, facts, by, at));
    let shipyard = Planned {
        name: SHIPYARD,
        kind: Kind::Internal,
        plan_key: None,
        supplier: None,
        scope: "Every laptop at the yard",
        requirements: &["A.8.1"],
        process: None,
        team: &[ADEYEMI],
        days: (-15, -14),
    };
    plan(story, (45, 9), shipyard);
    story.change((20, 9), ADEYEMI, SHIPYARD, |audit: Audit, facts, by, at| {
        let cancelled = audit.cancel("The laptops are being replaced".to_owned(), Vec::new(), facts, by, at)?;
        Ok(cancelled.audit)
    });
}
