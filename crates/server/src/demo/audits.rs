//! How Harbour Robotics was audited: by itself, by somebody from outside, and by its certifier.

use super::auditing::{
    BRANDT, NADIA, Planned, audit_of, check, declare, declare_as, generate, note, plan, report, start,
};
use super::controls::{LEAVERS as LEAVERS_PROCESS, PORTAL};
use super::people::{ADEYEMI, INES, LENA};
use super::policies::LOGGING;
use super::staff::{DRAWN, Late, SEED};
use super::treatment::LEAVERS;
use super::{Story, Who, save};
use ratchet_domain::audit_programmes::{AuditProgramme, Close as CloseProgramme, Content, PlannedAudit};
use ratchet_domain::audits::{Audit, DrawSample, Found, Kind, Outcome, Population, Postpone};
use ratchet_domain::change::Record;
use ratchet_domain::findings::{Case, Finding, Grade, Raise};
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_persistence::audits;

const FIRST: &str = "Audits of the first year";
const LAST: &str = "Audits of last year";
const THIS: &str = "Audits of this year";
const NEXT: &str = "Audits of next year";
const SUPPLIERS: &str = "Suppliers";
const SITES: &str = "Doors, gates and cables";
const ACCESS: &str = "Access and people";
const RUNNING: &str = "Running the portal";
const CERTIFIER: &str = "Surveillance audit of spring";
const HOST: &str = "The portal's host";
const SHIPYARD: &str = "The shipyard's laptops";
const HANDBOOK: &str = "The handbook names a role that nobody holds";
const LOGS: &str = "Logs of the portal are kept for a week";
const REVIEW: &str = "The management review has no figures of suppliers";
const BADGE: &str = "Leavers hand in their badges at two desks";

pub(super) fn add(story: &mut Story, late: &[(Who, Late)]) {
    programmes(story);
    earlier(story);
    access(story, late);
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
        earlier_results: some("Access rights were weak at the last certification"),
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
    let first = vec![planned("1", SUPPLIERS, (-560, -550), &["A.5.19", "A.5.22"], story)];
    let last = vec![planned("1", SITES, (-240, -230), &["A.7.2", "A.7.11"], story)];
    let next = vec![planned("1", ACCESS, (300, 320), &["7.2", "A.5.18"], story)];
    for (name, day, content) in [
        (FIRST, 720, programme(story, FIRST, (-720, -396), first)),
        (LAST, 390, programme(story, LAST, (-390, -70), last)),
        (THIS, 69, programme(story, THIS, (-69, 295), this)),
        (NEXT, 69, programme(story, NEXT, (296, 660), next)),
    ] {
        story.step((day, 10), ADEYEMI, move |tx, names| {
            let (by, birth) = (tx.actor().clone(), tx.birth(AuditProgramme::PREFIX)?);
            names.call(name, save(AuditProgramme::draft(content, &by, birth)?, tx)?);
            Ok(())
        });
    }
    for (name, day) in [(FIRST, 720), (LAST, 390), (THIS, 69)] {
        story
            .change((day, 14), INES, name, |programme: AuditProgramme, facts, by, at| programme.approve(facts, by, at));
    }
    for (name, day) in [(FIRST, 390), (LAST, 68)] {
        let close = CloseProgramme {
            summary: "Held as planned, and in time; what was found is settled".to_owned(),
            not_audited_because: None,
        };
        story.change((day, 16), ADEYEMI, name, |programme: AuditProgramme, facts, by, at| {
            programme.close(close, facts, by, at)
        });
    }
}

/// One in each of the two years before.
fn earlier(story: &mut Story) {
    let planned = |name, programme, scope, requirements, from: i64| Planned {
        name,
        kind: Kind::Internal,
        plan: Some((programme, "1")),
        supplier: None,
        scope,
        requirements,
        process: None,
        document: None,
        team: &[ADEYEMI],
        days: (-from, 2 - from),
    };
    let seen = [
        (
            SUPPLIERS,
            FIRST,
            "Five suppliers of both sites",
            &["A.5.19", "A.5.22"],
            560,
            ["Five of five contracts name what we expect", "Four were reviewed within the year, the fifth is new"],
        ),
        (
            SITES,
            LAST,
            "Both sites, without notice",
            &["A.7.2", "A.7.11"],
            240,
            [
                "Locked, and the list of keys is true; gate 2 is held open for visitors now and then",
                "The generator ran for an hour; its log says so each month",
            ],
        ),
    ];
    for (name, programme, scope, requirements, day, [first, second]) in seen {
        plan(story, (day + 14, 9), planned(name, programme, scope, requirements, day));
        declare(story, (day + 13, 9), name, None);
        generate(story, (day + 13, 10), name);
        start(story, (day, 9), name);
        check(story, (day, 14), name, (1, Outcome::Conforms, first), None);
        check(story, (day - 1, 14), name, (2, Outcome::Strength, second), None);
        report(
            story,
            (day - 7, 9),
            name,
            ("Nothing was found against the standard", "Conforms and is effective"),
            None,
        );
        story.change((day - 8, 9), ADEYEMI, name, |audit: Audit, facts, by, at| audit.close(facts, by, at));
    }
}

/// An outsourced auditor draws leavers by seed; two accounts outlived their owners.
fn access(story: &mut Story, late: &[(Who, Late)]) {
    let planned = Planned {
        name: ACCESS,
        kind: Kind::Internal,
        plan: Some((THIS, "1")),
        supplier: None,
        scope: "Head office, since January",
        requirements: &["7.2", "A.5.18"],
        process: Some(LEAVERS_PROCESS),
        document: None,
        team: &[NADIA, ADEYEMI],
        days: (-67, -62),
    };
    plan(story, (68, 9), planned);
    declare(story, (68, 10), ACCESS, None);
    declare(story, (68, 11), ACCESS, Some(NADIA));
    generate(story, (68, 12), ACCESS);
    start(story, (67, 9), ACCESS);
    let states = vec!["deactivated".to_owned()];
    let population = Population { kind: Prefix::Member, states, made_from: None, made_until: None };
    let draw = DrawSample { population, size: DRAWN, seed: SEED.to_owned(), item: Some(2) };
    story.step((66, 9), ADEYEMI, move |tx, names| {
        let (audit, facts) = audit_of(ACCESS, names, tx)?;
        let (by, at) = (tx.actor().clone(), tx.now());
        let records = audits::population(&draw.population, &by, tx.connection())?;
        save(audit.draw_sample(draw, Found { records, states: Vec::new() }, &facts, &by, at)?, tx).map(drop)
    });
    check(story, (66, 10), ACCESS, (1, Outcome::Conforms, "Three people's records name what they were taught"), None);
    let outlived = late.iter().map(|(_, Late { reference, left, days })| {
        format!("that of {reference} by {days} days, whose contract had ended on {}", story.day(-left))
    });
    let outlived = outlived.collect::<Vec<_>>().join(", and ");
    let seen = &format!("Of 8 leavers drawn by seed out of 37, two accounts have outlived their owners: {outlived}");
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
        plan: None,
        supplier: None,
        scope: "The whole system",
        requirements: &["9.3", "A.8.15"],
        process: None,
        document: None,
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
        plan: Some((THIS, "2")),
        supplier: None,
        scope: "The portal and its backups",
        requirements: &["8.1", "A.8.6", "A.8.15"],
        process: Some(PORTAL),
        document: Some(LOGGING),
        team: &[ADEYEMI, LENA],
        days: (-5, 5),
    };
    plan(story, (20, 9), planned);
    declare(story, (19, 9), RUNNING, None);
    declare_as(story, (19, 9), LENA, RUNNING, None);
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
        plan: None,
        supplier: Some("North Sea Hosting"),
        scope: "The computing centre in Emden",
        requirements: &["A.5.22", "A.7.11"],
        process: None,
        document: None,
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
        plan: None,
        supplier: None,
        scope: "Every laptop at the yard",
        requirements: &["A.8.1"],
        process: None,
        document: None,
        team: &[ADEYEMI],
        days: (-15, -14),
    };
    plan(story, (45, 9), shipyard);
    story.change((20, 9), ADEYEMI, SHIPYARD, |audit: Audit, facts, by, at| {
        let cancelled = audit.cancel("The laptops are being replaced".to_owned(), Vec::new(), facts, by, at)?;
        Ok(cancelled.audit)
    });
}
