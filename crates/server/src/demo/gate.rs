//! Somebody without a name tells of gate 2, is answered within four hours, and in the end the rules for visitors are others.

use super::cases::assess;
use super::changes::{
    Told, allowed, assessment, close_change, complete as complete_change, review, start as start_change,
};
use super::involvement::{draft as report_draft, triage};
use super::people::{ADEYEMI, INES, JONAS, MARA, SOFIA, TOMAS};
use super::policies::{VISITORS, acknowledge, all_acknowledge, approve, draft, publish, submit};
use super::treatment::{analyse, assign, check, complete, confirm, contain, implement, plan, start};
use super::{NOBODY, Story, save};
use ratchet_domain::actions::Kind as ActionKind;
use ratchet_domain::change::Record;
use ratchet_domain::changes::{Level, Verdict};
use ratchet_domain::employee_reports::{Converted, EmployeeReport, Kind};
use ratchet_domain::nonconformities::{Grade, Nonconformity};
use ratchet_domain::reference::{Locator, Target};
use ratchet_domain::report_intakes::FollowUpCode;
use ratchet_domain::weaknesses::{Treat, Weakness, WeaknessDraft};

pub(super) const TAILGATING: &str = "tailgating report";
const LETS_IN: &str = "Gate 2 lets people in without a badge";
const CASE: &str = "gate case";
const DOORMAN: &str = "Gate 2 closes behind each badge, and visitors are met there";
const RULES: &str = "visitors, third";

/// What the reporter comes back with. It is printed, so that everybody can see what the reporter sees.
pub(crate) fn follow_up_code() -> FollowUpCode {
    FollowUpCode::of(*b"harbour-gate-2-seen!")
}

pub(super) fn add(story: &mut Story) {
    reported(story);
    weakness(story);
    changed(story);
    rules(story);
}

/// At nine, asked at ten, answered at noon, and by one o'clock the reporter knows what comes of it.
fn reported(story: &mut Story) {
    story.step((30, 9), NOBODY, |tx, names| {
        let text = "Somebody followed me through gate 2 this morning. Nobody asked for a badge.";
        let (by, birth) = (tx.actor().clone(), tx.birth(EmployeeReport::PREFIX)?);
        let (draft, today) = (report_draft(Kind::Event, text, Some("Gate 2")), tx.now().date_naive());
        let report = EmployeeReport::take_in(draft, &follow_up_code().hash(), today, &by, birth)?;
        names.call(TAILGATING, save(report, tx)?);
        Ok(())
    });
    story.change((30, 10), MARA, TAILGATING, |report: EmployeeReport, (), by, at| {
        report.ask("Does the gate stay open, or was it held?".into(), by, at)
    });
    story.step((30, 12), NOBODY, |tx, names| {
        let report: EmployeeReport = tx.load(Locator::Id(names.get(TAILGATING)?))?;
        let (by, now) = (tx.actor().clone(), tx.now());
        save(report.answer("It stays open for a while by itself.".into(), &by, now)?, tx).map(drop)
    });
    triage(story, (30, 13), TAILGATING, "The gate closes too slowly: a weakness", Some(Kind::Weakness));
    story.step((30, 13), MARA, |tx, names| {
        let report: EmployeeReport = tx.get(Locator::Id(names.get(TAILGATING)?))?;
        let (by, birth, now) = (tx.actor().clone(), tx.birth(Weakness::PREFIX)?, tx.now());
        let draft = WeaknessDraft {
            title: LETS_IN.into(),
            description: "It stays open for eleven seconds, measured on the spot; two people fit through".into(),
            found_in: "Gate 2".into(),
            origin: Some(Target::of(&report)),
            reporter: None,
        };
        let weakness = Weakness::report(draft, &by, birth);
        let answer = "Thank you. The gate was set to three seconds; we look at what else is to change there.";
        let Converted { case, report } = report.convert(weakness, answer.into(), &by, now)?;
        names.call(LETS_IN, save(case, tx)?);
        save(report, tx).map(drop)
    });
}

/// How grave it is, why it is there, and what is done about it.
fn weakness(story: &mut Story) {
    const ROUNDS: &str = "Count on five mornings who follows whom";
    assess(story, 29, LETS_IN, (4, 3), SOFIA);
    story.step((29, 11), MARA, |tx, names| {
        let weakness: Weakness = tx.get(Locator::Id(names.get(LETS_IN)?))?;
        let (facts, by, birth) = (tx.facts(&weakness)?, tx.actor().clone(), tx.birth(Nonconformity::PREFIX)?);
        let input = Treat {
            objective_evidence: "Three of forty came in behind somebody else".to_owned(),
            requirement: Some("A.7.2".to_owned()),
            due_on: None,
        };
        let (case, weakness) = weakness.treat(input, &facts, &by, birth)?;
        names.call(CASE, save(case, tx)?);
        save(weakness, tx).map(drop)
    });
    confirm(story, 28, CASE, Grade::Minor, SOFIA);
    contain(story, 28, CASE, "The gate was set to three seconds");
    analyse(story, 28, CASE, "No rule says who meets visitors at gate 2, so that everybody holds it open");
    plan(story, 28, CASE);
    assign(story, 28, CASE, ROUNDS, (ActionKind::Corrective, JONAS, -10));
    start(story, 25, JONAS, ROUNDS);
    complete(story, 18, JONAS, ROUNDS, "Nobody on five mornings");
    check(story, 17, ROUNDS, "The tallies, and two mornings of the camera");
    implement(story, 17, CASE, 12);
}

/// What is different at the gate since.
fn changed(story: &mut Story) {
    let told = Told {
        weakness: Some(LETS_IN),
        policy: Some(VISITORS),
        description: "The gate closes three seconds after a badge; whoever has none rings and is met",
        ..Told::new(SOFIA, JONAS, "A.7.2", "Nobody comes in behind somebody else")
    };
    let impact = [Level::None, Level::Low, Level::Low];
    allowed(story, 25, DOORMAN, told, assessment(impact, "A queue of a minute at eight", (14, 14)));
    start_change(story, (24, 14), JONAS, DOORMAN);
    complete_change(story, 23, JONAS, DOORMAN, "Set, and a bell was put up");
    review(
        story,
        8,
        DOORMAN,
        Verdict::Beneficial,
        "Nobody followed anybody on five mornings; the queue is half a minute",
    );
    close_change(story, (7, 10), DOORMAN, "Ask whoever stands at the gate before setting times");
}

/// The third version: of the 42 it asks, 37 have read it.
fn rules(story: &mut Story) {
    let text = "Visitors wear a badge and hand it back. In the shipyard somebody of ours is with them all the time. At gate 2 \
        they ring and are met; nobody holds the gate open.";
    draft(story, 22, MARA, (VISITORS, RULES), ("1.3: visitors are met at gate 2", text));
    submit(story, (22, 10), MARA, RULES);
    approve(story, 21, RULES);
    publish(story, 20, RULES, None);
    for (hour, who) in (8..).zip([MARA, TOMAS, INES, ADEYEMI, SOFIA]) {
        acknowledge(story, (18, hour), who, RULES);
    }
    all_acknowledge(story, RULES, (19, 3), &["Emil Hansen", "Karim Daoud", "Xenia Markou"]);
}
