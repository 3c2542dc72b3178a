//! What Harbour Robotics changed, and what came of it.

use super::monitoring::LATENCY;
use super::people::{ADEYEMI, INES, MARA, PAVEL, SOFIA, YUKI};
use super::{Story, Who, save};
use chrono::TimeDelta;
use ratchet_domain::actions::{Action, ActionDraft, Kind as ActionKind, Priority};
use ratchet_domain::change::Record;
use ratchet_domain::change_templates::{self, ChangeTemplate, Procedure};
use ratchet_domain::changes::{
    Approve, Assessment, ChangeAmendment, ChangeDraft, Close, Description, Impact, Level, PlannedChange, Reject,
    Review, Verdict, What, Window,
};
use ratchet_domain::id::{IndicatorId, RecordId};
use ratchet_domain::reference::{Locator, Prefix, Target};
use ratchet_persistence::effects::Effective;
use ratchet_persistence::error::Error;

const PORTS: &str = "Open a port in the firewall";
const RESTORE: &str = "Restore a server from its backup";
const BROWSER: &str = "Install a browser by hand";

const REPLICA: &str = "The nightly export reads a replica";
const STICKS: &str = "Block USB storage on all computers";
const TABLETS: &str = "Encrypt the tablets of the workshop";
const GATEWAY: &str = "Take the vulnerable mail gateway off the net";
const AGENT: &str = "Update agent in the shipyard's image";
const FIREWALL: &str = "Replace the office's firewall";
const PORTAL: &str = "Port 8443 for the partners' portal";
const LEAVERS: &str = "Payroll closes the accounts of leavers";
const LOGS: &str = "Keep logs for a year instead of three months";
const BADGES: &str = "Turnstiles at the front desk";
const WLAN: &str = "One wireless network for guests and machines";
const SCANNER: &str = "A second vulnerability scanner";

pub(super) fn add(story: &mut Story) {
    templates(story);
    measured(story);
    taken_back(story);
    urgent(story);
    on_their_way(story);
    not_made(story);
}

/// What is considered; only the words that differ are told.
pub(super) fn assessment(
    impact: [Level; 3],
    consequences: &str,
    (baseline_days, monitoring_days): (i64, i64),
) -> Assessment {
    let [confidentiality, integrity, availability] = impact;
    Assessment {
        consequences: consequences.to_owned(),
        impact: Impact { confidentiality, integrity, availability },
        isms_integrity: "The controls concerned stay in force; their owners were asked".to_owned(),
        resources: "Within the team's own time".to_owned(),
        responsibilities: "Whoever owns the change answers for it until it is reviewed".to_owned(),
        risks: "It takes longer than thought, or somebody was forgotten".to_owned(),
        security_measures: "Only administrators with a second factor touch it".to_owned(),
        rollback_plan: "The former state is kept until the review".to_owned(),
        tests: "Tried on one machine first".to_owned(),
        baseline_days,
        monitoring_days,
    }
}

const LITTLE: [Level; 3] = [Level::None, Level::Low, Level::Low];

fn define(story: &mut Story, day: i64, who: Who, name: &'static str, description: &'static str) {
    story.step((day, 9), who, move |tx, names| {
        let procedure = Procedure {
            title: name.to_owned(),
            purpose: "It is done often, and always in the same way".to_owned(),
            description: description.to_owned(),
            requirements: vec!["A.8.32".to_owned()],
            indicators: Vec::new(),
            assessment: assessment(LITTLE, "Nobody notices", (28, 14)),
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(ChangeTemplate::PREFIX)?);
        names.call(name, save(ChangeTemplate::define(procedure, &by, birth)?, tx)?);
        Ok(())
    });
}

fn templates(story: &mut Story) {
    define(story, 60, MARA, PORTS, "Check against the list of allowed services; open; try; note it in the list");
    define(story, 12, SOFIA, RESTORE, "Agree on the moment; restore beside the running server; compare; switch");
    define(story, 66, MARA, BROWSER, "Download from the vendor, check the signature, install");
    for name in [PORTS, BROWSER] {
        story.change((59, 10), INES, name, |template: ChangeTemplate, facts, by, at| {
            template.approve(change_templates::Approve::default(), facts, by, at)
        });
    }
    story.change((30, 10), MARA, BROWSER, |template: ChangeTemplate, facts, by, at| {
        template.retire("The update agent installs browsers now".to_owned(), facts, by, at)
    });
}

/// A change in its own words: who requests it, who makes it, and what it is about.
pub(super) struct Told {
    pub by: Who,
    pub owner: Who,
    pub purpose: &'static str,
    pub description: &'static str,
    pub requirement: &'static str,
    pub is_emergency: bool,
    pub indicator: Option<&'static str>,
    pub case: Option<&'static str>,
    pub weakness: Option<&'static str>,
    pub policy: Option<&'static str>,
}

impl Told {
    pub(super) const fn new(by: Who, owner: Who, requirement: &'static str, purpose: &'static str) -> Self {
        let (description, is_emergency) = ("As the plan in the wiki says", false);
        Self {
            by,
            owner,
            purpose,
            description,
            requirement,
            is_emergency,
            indicator: None,
            case: None,
            weakness: None,
            policy: None,
        }
    }
}

fn request(story: &mut Story, day: i64, name: &'static str, told: Told) {
    story.step((day, 9), told.by, move |tx, names| {
        let Told { by: _, owner, purpose, description, requirement, is_emergency, indicator, case, weakness, policy } =
            told;
        let indicator = indicator.map(|indicator| names.get(indicator).map(IndicatorId)).transpose()?;
        let words = Description {
            purpose: purpose.to_owned(),
            description: description.to_owned(),
            requirements: vec![requirement.to_owned(), "A.8.32".to_owned()],
            indicators: indicator.into_iter().collect(),
        };
        let known = |kind, name: Option<&'static str>| {
            name.map(|name| names.get(name).map(|id| Target { kind, id: RecordId(id) })).transpose()
        };
        let (case, weakness) = (known(Prefix::Nonconformity, case)?, known(Prefix::Weakness, weakness)?);
        let draft = ChangeDraft {
            title: name.to_owned(),
            what: if is_emergency { What::Emergency(words) } else { What::Normal(words) },
            particulars: None,
            owner: names.member(owner)?,
            affected: known(Prefix::Policy, policy)?.into_iter().collect(),
            origin: case.or(weakness),
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(PlannedChange::PREFIX)?);
        names.call(name, save(PlannedChange::request(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

fn submit(story: &mut Story, day: i64, who: Who, name: &'static str) {
    story.change((day, 10), who, name, |change: PlannedChange, facts, by, at| change.submit(facts, by, at));
}

fn assess(story: &mut Story, (day, hour): (i64, u32), name: &'static str, assessment: Assessment) {
    story.change((day, hour), MARA, name, |change: PlannedChange, facts, by, at| {
        change.assess(assessment, facts, by, at)
    });
}

fn approve(story: &mut Story, (day, hour): (i64, u32), name: &'static str, note: Option<&'static str>) {
    let input = Approve { note: note.map(str::to_owned), exception_reason: None };
    story.change((day, hour), INES, name, |change: PlannedChange, facts, by, at| change.approve(input, facts, by, at));
}

pub(super) fn start(story: &mut Story, when: (i64, u32), who: Who, name: &'static str) {
    story.change(when, who, name, |change: PlannedChange, facts, by, at| change.start(facts, by, at));
}

pub(super) fn complete(story: &mut Story, day: i64, who: Who, name: &'static str, summary: &'static str) {
    story.change((day, 15), who, name, |change: PlannedChange, facts, by, at| {
        change.complete(summary.to_owned(), facts, by, at)
    });
}

pub(super) fn review(story: &mut Story, day: i64, name: &'static str, verdict: Verdict, conclusion: &'static str) {
    story.step((day, 16), ADEYEMI, move |tx, names| {
        let change: PlannedChange = tx.get(Locator::Id(names.get(name)?))?;
        let (facts, by, at) = (tx.facts(&change)?, tx.actor().clone(), tx.now());
        let effect = change.measured(at, tx.connection())?.ok_or(Error::NotFound)?;
        let input = Review { verdict, conclusion: conclusion.to_owned(), effect, exception_reason: None };
        save(change.review(input, &facts, &by, at)?, tx).map(drop)
    });
}

pub(super) fn close_change(story: &mut Story, when: (i64, u32), name: &'static str, lessons: &'static str) {
    let close = Close { lessons: lessons.to_owned(), case: None };
    story.change(when, INES, name, |change: PlannedChange, facts, by, at| change.close(close, facts, by, at));
}

/// Requested, submitted, assessed and approved on four days in a row, the last of them `day`.
pub(super) fn allowed(story: &mut Story, day: i64, name: &'static str, told: Told, assessment: Assessment) {
    let by = told.by;
    request(story, day + 3, name, told);
    submit(story, day + 2, by, name);
    assess(story, (day + 1, 11), name, assessment);
    approve(story, (day, 12), name, None);
}

fn task(story: &mut Story, day: i64, change: &'static str, name: &'static str, (assignee, due): (Who, i64)) {
    let due_on = story.day(due);
    story.step((day, 13), MARA, move |tx, names| {
        let parent: PlannedChange = tx.get(Locator::Id(names.get(change)?))?;
        let draft = ActionDraft {
            title: name.to_owned(),
            description: None,
            kind: ActionKind::ChangeTask,
            parent: Target::of(&parent),
            attempt: 0,
            assignee: names.member(assignee)?,
            due_on,
            priority: Priority::Medium,
            done_criteria: None,
            indicators: Vec::new(),
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(Action::PREFIX)?);
        let action = Action::plan(draft, tx.now().date_naive(), &by, birth)?;
        names.call(name, save(action, tx)?);
        Ok(())
    });
}

/// Born of a case, made, watched, judged by the indicator that had raised it, and closed.
fn measured(story: &mut Story) {
    const COPY: &str = "Set up a replica for the export";
    let told = Told {
        indicator: Some(LATENCY),
        case: Some("latency case"),
        description: "The export of four in the morning reads a replica; the live database is left alone",
        ..Told::new(SOFIA, PAVEL, "A.8.16", "Customers can work at night, too")
    };
    let impact = [Level::Low, Level::Low, Level::Medium];
    allowed(story, 29, REPLICA, told, assessment(impact, "The export is some minutes old", (14, 14)));
    task(story, 29, REPLICA, COPY, (PAVEL, -27));
    start(story, (28, 14), PAVEL, REPLICA);
    story.change((27, 14), PAVEL, COPY, |action: Action, facts, by, at| {
        action.complete("It follows within seconds".to_owned(), facts, by, at)
    });
    complete(story, 26, PAVEL, REPLICA, "The export reads the replica since tonight");
    let seen = "Every night is as quick as the day, and the days are a little quicker, too";
    review(story, 11, REPLICA, Verdict::Beneficial, seen);
    close_change(story, (10, 10), REPLICA, "Ask first who else reads the live database");
    let told = Told::new(MARA, YUKI, "A.8.1", "A lost tablet tells nobody anything");
    allowed(story, 24, TABLETS, told, assessment(LITTLE, "Starting takes a moment longer", (14, 14)));
    start(story, (23, 14), YUKI, TABLETS);
    complete(story, 22, YUKI, TABLETS, "All nine tablets are encrypted; the keys lie in the vault");
    review(story, 7, TABLETS, Verdict::Beneficial, "Found encrypted on an unannounced round");
}

/// Approved in good faith, harmful, taken back.
fn taken_back(story: &mut Story) {
    let told = Told::new(SOFIA, YUKI, "A.7.10", "Nothing leaves or enters by stick");
    let impact = [Level::Medium, Level::Low, Level::Medium];
    allowed(story, 171, STICKS, told, assessment(impact, "Drawings are handed over by the share alone", (14, 7)));
    start(story, (170, 14), YUKI, STICKS);
    complete(story, 169, YUKI, STICKS, "The policy is on all 61 computers");
    let seen = "The measuring machines of the workshop hand over their data by stick: two days of work stood still";
    review(story, 160, STICKS, Verdict::Harmful, seen);
    story.change((159, 17), YUKI, STICKS, |change: PlannedChange, facts, by, at| {
        change.roll_back("The workshop cannot work without; machines first, then the rule".to_owned(), facts, by, at)
    });
}

/// Started at once; assessed and approved the day after, within the three working days.
fn urgent(story: &mut Story) {
    let told = Told {
        is_emergency: true,
        description: "The gateway is reached from outside no more until the vendor's fix is in",
        ..Told::new(PAVEL, PAVEL, "A.8.8", "The flaw is being used against others")
    };
    request(story, 6, GATEWAY, told);
    start(story, (6, 10), PAVEL, GATEWAY);
    let impact = [Level::Low, Level::Low, Level::High];
    assess(story, (5, 9), GATEWAY, assessment(impact, "Mail from outside is late by hours", (14, 28)));
    approve(story, (5, 10), GATEWAY, Some("Rightly so. Tell the customers."));
    complete(story, 4, PAVEL, GATEWAY, "Patched, tried, reached from outside again");
}

/// Being made, to be made, and to be decided.
fn on_their_way(story: &mut Story) {
    const BUILD: &str = "Build the image with the agent";
    let told = Told {
        case: Some("patch case"),
        ..Told::new(MARA, YUKI, "A.8.8", "Critical patches reach the shipyard within 14 days")
    };
    allowed(story, 14, AGENT, told, assessment(LITTLE, "Each laptop is away for an hour", (28, 28)));
    task(story, 13, AGENT, BUILD, (YUKI, 6));
    start(story, (12, 14), YUKI, AGENT);
    let told = Told::new(MARA, PAVEL, "A.8.20", "The maker supports the old one no more");
    let impact = [Level::Medium, Level::Medium, Level::High];
    allowed(story, 8, FIREWALL, told, assessment(impact, "The office is offline for two hours", (28, 28)));
    let from = story.at(-4, 20);
    let window = Window { from, to: from + TimeDelta::hours(6) };
    story.change((7, 11), MARA, FIREWALL, move |change: PlannedChange, facts, by, at| {
        change.schedule(window, facts, by, at)
    });
    story.step((5, 9), YUKI, |tx, names| {
        let template: ChangeTemplate = tx.get(Locator::Id(names.get(PORTS)?))?;
        let draft = ChangeDraft {
            title: PORTAL.to_owned(),
            what: What::Standard(Box::new(template)),
            particulars: Some("From the addresses of three partners alone".to_owned()),
            owner: names.member(YUKI)?,
            affected: Vec::new(),
            origin: None,
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(PlannedChange::PREFIX)?);
        names.call(PORTAL, save(PlannedChange::request(draft, &by, birth)?, tx)?);
        Ok(())
    });
    submit(story, 5, YUKI, PORTAL);
    request(story, 4, LEAVERS, Told::new(SOFIA, YUKI, "A.5.18", "Access ends with the contract"));
    submit(story, 3, SOFIA, LEAVERS);
    assess(story, (2, 11), LEAVERS, assessment(LITTLE, "Who returns gets a new account", (28, 28)));
    request(story, 3, LOGS, Told::new(SOFIA, PAVEL, "A.8.15", "An incident of last year can still be looked into"));
    submit(story, 2, SOFIA, LOGS);
    request(story, 1, SCANNER, Told::new(PAVEL, PAVEL, "A.8.8", "What one does not see, the other may"));
}

/// Somebody said no, or it was not needed any more.
fn not_made(story: &mut Story) {
    request(story, 45, WLAN, Told::new(PAVEL, PAVEL, "A.8.22", "One network is less work than two"));
    submit(story, 44, PAVEL, WLAN);
    let impact = [Level::High, Level::Medium, Level::Low];
    assess(story, (43, 11), WLAN, assessment(impact, "Guests reach the robots", (28, 28)));
    let no = Reject { reason: "Guests and robots stay apart [A.8.22]".to_owned(), exception_reason: None };
    story.change((42, 12), INES, WLAN, |change: PlannedChange, facts, by, at| change.reject(no, facts, by, at));
    let told = Told::new(SOFIA, PAVEL, "A.7.2", "Nobody walks in behind somebody else");
    allowed(story, 34, BADGES, told, assessment(LITTLE, "Queues at eight in the morning", (28, 28)));
    let content = ChangeAmendment { description: Some("Two turnstiles, and a bell".to_owned()), ..Default::default() };
    story.change((32, 11), SOFIA, BADGES, |change: PlannedChange, facts, by, at| {
        change.revise((content, "Deliveries do not fit through".to_owned()), facts, by, at)
    });
    story.change((31, 11), SOFIA, BADGES, |change: PlannedChange, facts, by, at| {
        change.cancel("The landlord puts them in for the whole house".to_owned(), facts, by, at)
    });
}
