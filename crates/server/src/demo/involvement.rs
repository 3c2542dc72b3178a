//! How the people of Harbour Robotics take part: what they report, what they learn, what they are told.

use super::gate::TAILGATING;
use super::people::{ADEYEMI, INES, MARA, PAVEL, SOFIA, TOMAS, YUKI};
use super::{Story, Who, save};
use ratchet_domain::access::Role;
use ratchet_domain::audience::Audience;
use ratchet_domain::change::Record;
use ratchet_domain::communication_plans::{CarryOut, CommunicationPlan, CommunicationPlanDraft};
use ratchet_domain::competences::{Assess, Basis, Competence, CompetenceDraft, Standing};
use ratchet_domain::courses::{Course, CourseDraft, Evaluate};
use ratchet_domain::employee_reports::{EmployeeReport, EmployeeReportDraft, Kind, Triage};
use ratchet_domain::reference::{Locator, Target};
use ratchet_domain::settings::Settings;
use ratchet_domain::tags::{Label, Tag};
use ratchet_domain::training_assignments::{Complete, TrainingAssignment};
use ratchet_persistence::table::{Listed, Order, Scope};

const TAILGATING_AGAIN: &str = "tailgating report, again";
const DRILL: &str = "drill report";
const BADGES: &str = "badge suggestion";
const USB: &str = "stick report";
const PHISHING: &str = "phishing course";
const TRIAGE: &str = "course in triage";
const VISITORS: &str = "visitor course";
const AUDITING: &str = "auditing course";
const AUDITOR: &str = "auditor's competence";
const ON_CALL: &str = "on-call competence";
const STATE: &str = "state of security";
const INTRANET: &str = "intranet page";

pub(super) fn add(story: &mut Story) {
    reports(story);
    courses(story);
    competences(story);
    communication(story);
}

pub(super) fn draft(kind: Kind, text: &'static str, place: Option<&'static str>) -> EmployeeReportDraft {
    EmployeeReportDraft { kind, text: text.to_owned(), place: place.map(str::to_owned), happened_on: None }
}

pub(super) fn file(story: &mut Story, when: (i64, u32), who: Who, name: &'static str, draft: EmployeeReportDraft) {
    story.step(when, who, move |tx, names| {
        let (by, birth) = (tx.actor().clone(), tx.birth(EmployeeReport::PREFIX)?);
        names.call(name, save(EmployeeReport::file(draft, tx.now().date_naive(), &by, birth)?, tx)?);
        Ok(())
    });
}

pub(super) fn triage(
    story: &mut Story,
    when: (i64, u32),
    name: &'static str,
    assessment: &'static str,
    kind: Option<Kind>,
) {
    let input = Triage { assessment: assessment.to_owned(), kind };
    story.change(when, MARA, name, |report: EmployeeReport, (), by, at| report.triage(input, by, at));
}

/// What people report: beside what [`super::gate`] tells, in vain and twice.
fn reports(story: &mut Story) {
    story.step((730, 10), TOMAS, |tx, names| {
        let organisation = tx.actor().organisation;
        let scope = Scope::whole(organisation, ());
        let (by, now, secret) = (tx.actor().clone(), tx.now(), *tx.next_id().as_bytes());
        let Some(settings) = Settings::page(&scope, &Order::default(), 1, tx.connection())?.pop() else {
            return Ok(());
        };
        names.call("settings", settings.head.id);
        save(settings.open_report_link(secret, &by, now)?, tx).map(drop)
    });
    // Whoever meets it among others sees what it is.
    story.step((730, 11), MARA, |tx, names| {
        let settings: Settings = tx.get(Locator::Id(names.get("settings")?))?;
        let (by, birth) = (tx.actor().clone(), tx.birth(Tag::PREFIX)?);
        let mark = Label { label: "sample".to_owned() };
        save(Tag::attach(Target::of(&settings), mark, &by, birth)?, tx).map(drop)
    });
    file(story, (29, 9), PAVEL, TAILGATING_AGAIN, draft(Kind::Event, "Gate 2 was open when I came in", Some("Gate 2")));
    triage(story, (29, 10), TAILGATING_AGAIN, "The same gate as yesterday", Some(Kind::Weakness));
    story.step((29, 10), SOFIA, |tx, names| {
        let (first, again) = (names.get(TAILGATING)?, names.get(TAILGATING_AGAIN)?);
        let first: EmployeeReport = tx.get(Locator::Id(first))?;
        let again: EmployeeReport = tx.get(Locator::Id(again))?;
        let (by, now) = (tx.actor().clone(), tx.now());
        let answer = "A colleague saw it, too: the gate has been set to three seconds.";
        save(again.mark_duplicate(&first, answer.into(), &by, now)?, tx).map(drop)
    });
    file(story, (21, 14), YUKI, DRILL, draft(Kind::Event, "All doors of the office were open at noon", None));
    triage(story, (21, 15), DRILL, "The fire drill", None);
    story.change((21, 15), MARA, DRILL, |report: EmployeeReport, (), by, at| {
        report.decline("It was the fire drill: all doors open then, and were closed at one.".into(), by, at)
    });
    file(story, (3, 11), PAVEL, BADGES, draft(Kind::Suggestion, "Badges could show the floor they open", None));
    triage(story, (2, 9), BADGES, "Worth thinking about", None);
    file(story, (1, 9), YUKI, USB, draft(Kind::Event, "A USB stick lay in the car park", Some("Car park")));
}

fn define(story: &mut Story, when: (i64, u32), name: &'static str, draft: CourseDraft, owner: Who) {
    story.step(when, MARA, move |tx, names| {
        let (by, birth) = (tx.actor().clone(), tx.birth(Course::PREFIX)?);
        let draft = CourseDraft { owner: Some(names.member(owner)?), ..draft };
        names.call(name, save(Course::define(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

fn course(title: &'static str, audience: Audience) -> CourseDraft {
    CourseDraft {
        title: title.to_owned(),
        description: None,
        material: Some(format!("https://learn.harbour.example/{}", title.to_lowercase().replace(' ', "-"))),
        audience,
        due_in_days: 30,
        validity_months: Some(12),
        pass_mark: None,
        requirements: vec!["A.6.3".to_owned()],
        indicators: Vec::new(),
        owner: None,
    }
}

fn publish(story: &mut Story, when: (i64, u32), name: &'static str, evaluate_in: i64) {
    let evaluate_on = story.day(evaluate_in);
    story.change(when, MARA, name, move |course: Course, facts, by, at| course.publish(evaluate_on, facts, by, at));
}

fn assign(story: &mut Story, when: (i64, u32), name: &'static str, (course, who): (&'static str, Who)) {
    story.step(when, MARA, move |tx, names| {
        let course: Course = tx.get(Locator::Id(names.get(course)?))?;
        let (by, birth, today) = (tx.actor().clone(), tx.birth(TrainingAssignment::PREFIX)?, tx.now().date_naive());
        let assigned = TrainingAssignment::assign(&course, (names.member(who)?, None), today, &by, birth)?;
        names.call(name, save(assigned, tx)?);
        Ok(())
    });
}

fn complete(story: &mut Story, when: (i64, u32), who: Who, name: &'static str, score: Option<i64>) {
    let input = Complete { taken_on: None, score, evidence: None };
    story.change(when, who, name, |assignment: TrainingAssignment, facts, by, at| {
        assignment.complete(input, facts, by, at)
    });
}

/// What people learn: whoever the story does not assign is assigned when the server starts.
fn courses(story: &mut Story) {
    const PAVELS: &str = "Pavel's phishing course";
    const YUKIS: &str = "Yuki's phishing course";
    const TOMAS_S: &str = "Tomás's phishing course";
    const SOFIAS: &str = "Sofia's course in triage";
    let phishing = CourseDraft { pass_mark: Some(80), ..course("Telling forged mails from others", Audience::All {}) };
    define(story, (65, 9), PHISHING, phishing, MARA);
    publish(story, (64, 9), PHISHING, -10);
    for (name, who) in [(PAVELS, PAVEL), (YUKIS, YUKI), (TOMAS_S, TOMAS)] {
        assign(story, (64, 10), name, (PHISHING, who));
    }
    complete(story, (50, 9), MARA, PAVELS, Some(92));
    complete(story, (48, 9), MARA, YUKIS, Some(68));
    story.change((40, 9), MARA, TOMAS_S, |assignment: TrainingAssignment, facts, by, at| {
        assignment.void("On parental leave until autumn".into(), facts, by, at)
    });
    let worked = Evaluate {
        effective: true,
        criterion: "Clicks in the trial of this quarter".into(),
        evidence: "4.9 %, before 11.8 %".into(),
        effect: None,
        again_on: Some(story.day(300)),
        exception_reason: None,
    };
    story.change((10, 9), INES, PHISHING, |course: Course, facts, by, at| course.evaluate(worked, facts, by, at));
    define(story, (70, 9), VISITORS, course("Visitors in the shipyard", Audience::All {}), SOFIA);
    story.change((60, 9), MARA, VISITORS, |course: Course, facts, by, at| {
        course.retire("The shipyard takes no visitors any more".into(), facts, by, at)
    });
    // Taken two years ago and good for one: whoever took it is to take it again.
    let managers = Audience::Roles { roles: vec![Role::IsmsManager] };
    define(story, (705, 9), TRIAGE, course("How incidents are triaged", managers), MARA);
    publish(story, (704, 9), TRIAGE, -20);
    assign(story, (704, 10), SOFIAS, (TRIAGE, SOFIA));
    complete(story, (690, 9), MARA, SOFIAS, None);
    let auditors = Audience::Roles { roles: vec![Role::Auditor] };
    define(story, (5, 9), AUDITING, course("Auditing by ISO 19011", auditors), MARA);
}

fn require(story: &mut Story, when: (i64, u32), name: &'static str, role: &'static str, requirement: &'static str) {
    story.step(when, MARA, move |tx, names| {
        let (by, birth) = (tx.actor().clone(), tx.birth(Competence::PREFIX)?);
        let draft = CompetenceDraft { role: role.to_owned(), requirement: requirement.to_owned() };
        names.call(name, save(Competence::define(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

fn assess(story: &mut Story, when: (i64, u32), name: &'static str, holder: Who, standing: Standing) {
    story.step(when, INES, move |tx, names| {
        let competence: Competence = tx.get(Locator::Id(names.get(name)?))?;
        let (by, now) = (tx.actor().clone(), tx.now());
        let input = Assess { member: names.member(holder)?, standing };
        save(competence.assess(input, now.date_naive(), &by, now)?, tx).map(drop)
    });
}

/// What roles require, who has it, and who lacks something.
fn competences(story: &mut Story) {
    require(
        story,
        (68, 9),
        AUDITOR,
        "Internal auditor",
        "Knows ISO/IEC 27001 and ISO 19011; has audited under supervision",
    );
    let held = |basis, evidence: &str| Standing::Held { basis, evidence: evidence.to_owned() };
    assess(story, (66, 9), AUDITOR, ADEYEMI, held(Basis::Training, "Lead auditor course, 2024"));
    let gap = Standing::Gap {
        missing: "Has not audited yet".into(),
        measure: "Joins the audit of the shipyard".into(),
        due_on: story.day(45),
    };
    assess(story, (20, 9), AUDITOR, SOFIA, gap);
    require(story, (68, 10), ON_CALL, "On call at night", "Restores the portal from a backup alone");
    assess(story, (60, 10), ON_CALL, PAVEL, held(Basis::Experience, "Four restores in two years"));
    story.change((15, 9), MARA, ON_CALL, |competence: Competence, (), by, at| {
        competence.retire("The provider is on call now".into(), by, at)
    });
}

fn communicate(
    story: &mut Story,
    when: (i64, u32),
    name: &'static str,
    owner: Who,
    said: [&'static str; 4],
    next: i64,
) {
    let next_on = story.day(next);
    story.step(when, MARA, move |tx, names| {
        let (by, birth, today) = (tx.actor().clone(), tx.birth(CommunicationPlan::PREFIX)?, tx.now().date_naive());
        let [subject, timing, audience, channel] = said.map(str::to_owned);
        let draft = CommunicationPlanDraft {
            subject,
            timing,
            audience,
            channel,
            owner: names.member(owner)?,
            next_on: Some(next_on),
            requirements: vec!["7.4".to_owned()],
        };
        names.call(name, save(CommunicationPlan::plan(draft, today, &by, birth)?, tx)?);
        Ok(())
    });
}

/// What people are told.
fn communication(story: &mut Story) {
    let quarterly = ["State of information security", "Each quarter", "Everybody", "All-hands meeting"];
    communicate(story, (69, 9), STATE, SOFIA, quarterly, -40);
    let done = CarryOut {
        on: None,
        summary: "Shown to 38 of 42; questions about gate 2".into(),
        next_on: Some(story.day(50)),
    };
    story.step((40, 15), SOFIA, move |tx, names| {
        let plan: CommunicationPlan = tx.get(Locator::Id(names.get(STATE)?))?;
        let (by, now) = (tx.actor().clone(), tx.now());
        save(plan.carry_out(done, now.date_naive(), &by, now)?, tx).map(drop)
    });
    let page = ["How to report something", "Once a year", "Everybody", "Page of the intranet"];
    communicate(story, (69, 10), INTRANET, MARA, page, 200);
    story.change((12, 9), MARA, INTRANET, |plan: CommunicationPlan, (), by, at| {
        plan.retire("Every badge has the link printed on its back".into(), by, at)
    });
}
