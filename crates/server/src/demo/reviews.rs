//! How top management of Harbour Robotics looks at its management system: the reviews of two years, each of which ends a turn,
//! the next one scheduled by the last, and what is under way this week.

use super::people::{ADEYEMI, INES, JONAS, LENA, MARA, PAVEL, SOFIA, YUKI};
use super::{Story, Who, save};
use ratchet_domain::actions::{Action, Verify};
use ratchet_domain::change::Record;
use ratchet_domain::management_reviews::{
    Approve, Conclusions, Consider, Decide, DecisionKind, Hold, ManagementReview, Period, ReviewDraft, Standing,
    Statement, Statements, Topic,
};
use ratchet_domain::reference::Locator;
use ratchet_domain::settings::{ReviewRules, Settings};
use ratchet_persistence::management_reviews;
use ratchet_persistence::table::Table;

const FIRST: &str = "Management review of the first year";
const SPRING: &str = "Management review of the second year";
const SHIPYARD: &str = "Extraordinary review: patches at the shipyard";
const BUDGET: &str = "Review before next year's budget";
const PURCHASE: &str = "Review of the shipyard's purchase";

const PATCHER: &str = "A second person for patching";
const ONE_WAY: &str = "One way of working for both sites";
const SUPPLIERS: &str = "Suppliers are reviewed before they are paid";

pub(super) fn add(story: &mut Story) {
    story.step((728, 9), INES, |tx, _| {
        let (by, at) = (tx.actor().clone(), tx.now());
        let found = Settings::walk(by.organisation, None, 1, tx.connection())?;
        for (settings, _) in found {
            let rules = ReviewRules { interval_months: 11, quorum_percent: 60 };
            save(settings.set_review_rules(rules, &by, at)?, tx)?;
        }
        Ok(())
    });
    first(story);
    spring(story);
    shipyard(story);
    schedule(story, 6, BUDGET, 5, (90, 1));
    prepare(story, 1, BUDGET, Statements::default());
    schedule(story, 40, PURCHASE, -30, (90, 41));
    story.change((33, 9), INES, PURCHASE, |review: ManagementReview, facts, by, at| {
        review.cancel("Taken together with the review of the summer".into(), facts, by, at)
    });
}

fn schedule(story: &mut Story, day: i64, name: &'static str, ahead: i64, (from, until): (i64, i64)) {
    let (scheduled_on, period) = (story.day(ahead), Period { from: story.day(-from), until: story.day(-until) });
    story.step((day, 8), MARA, move |tx, names| {
        let (by, now) = (tx.actor().clone(), tx.now());
        let facts = management_reviews::facts(by.organisation, None, now, tx.connection())?;
        let (mara, sofia, adeyemi) = (names.member(MARA)?, names.member(SOFIA)?, names.member(ADEYEMI)?);
        let draft = ReviewDraft {
            title: name.to_owned(),
            scheduled_on,
            period,
            chair: names.member(INES)?,
            attendees: vec![mara, sofia, adeyemi],
        };
        let birth = tx.birth(ManagementReview::PREFIX)?;
        names.call(name, save(ManagementReview::schedule(draft, &facts, &by, birth)?, tx)?);
        Ok(())
    });
}

fn prepare(story: &mut Story, day: i64, name: &'static str, statements: Statements) {
    story.step((day, 10), MARA, move |tx, names| {
        let review: ManagementReview = tx.get(Locator::Id(names.get(name)?))?;
        let facts = tx.facts(&review)?;
        let change = management_reviews::prepare(review, statements, &facts, tx)?;
        save(change, tx).map(drop)
    });
}

fn hold(story: &mut Story, day: i64, name: &'static str) {
    let held_on = story.day(-day);
    story.step((day, 14), MARA, move |tx, names| {
        let review: ManagementReview = tx.get(Locator::Id(names.get(name)?))?;
        let (facts, by, at) = (tx.facts(&review)?, tx.actor().clone(), tx.now());
        let present = vec![names.member(INES)?, names.member(MARA)?, names.member(SOFIA)?];
        save(review.hold(Hold { held_on, present }, &facts, &by, at)?, tx).map(drop)
    });
}

fn consider(story: &mut Story, day: i64, name: &'static str, said: &'static [(Topic, Standing, &'static str)]) {
    let inputs = said.iter().map(|(input, standing, discussion)| Consider {
        input: *input,
        standing: *standing,
        discussion: (*discussion).to_owned(),
    });
    let inputs = inputs.collect();
    story.change((day, 15), MARA, name, |review: ManagementReview, facts, by, at| {
        review.consider(inputs, facts, by, at)
    });
}

fn decide(
    story: &mut Story,
    day: i64,
    name: &'static str,
    (kind, text, responsible, due): (DecisionKind, &'static str, Who, i64),
) {
    let due_on = story.day(due);
    story.step((day, 16), MARA, move |tx, names| {
        let review: ManagementReview = tx.get(Locator::Id(names.get(name)?))?;
        let facts = tx.facts(&review)?;
        let input =
            Decide { kind, text: text.to_owned(), responsible: names.member(responsible)?, due_on, raises: None };
        let change = management_reviews::decide(review, input, &facts, tx)?;
        let decided = change.after().meeting().and_then(|meeting| meeting.decisions.last());
        if let Some(action) = decided.and_then(|decision| decision.made.first()) {
            names.call(text, action.id.0);
        }
        save(change, tx).map(drop)
    });
}

fn text(text: &str) -> Option<Statement> {
    Some(Statement::Text { text: text.to_owned() })
}

/// What was decided in the first year is done and verified before the second ends.
fn carried_out(
    story: &mut Story,
    day: i64,
    name: &'static str,
    who: Who,
    (summary, seen): (&'static str, &'static str),
) {
    story.change((day + 30, 9), who, name, |action: Action, facts, by, at| action.start(facts, by, at));
    story.change((day, 9), who, name, |action: Action, facts, by, at| action.complete(summary.into(), facts, by, at));
    let seen = Verify { evidence: seen.into(), exception_reason: None, effect: None };
    story.change((day - 1, 9), ADEYEMI, name, |action: Action, facts, by, at| action.verify(seen, facts, by, at));
}

/// It ends the first turn.
fn first(story: &mut Story) {
    use Standing::{Considered, NothingToReport};
    const COURSE: &str = "A course on phishing for everybody who joins";
    const SHOP: &str = "One repair shop for both sites, with our image";
    const DEPUTY: &str = "A deputy for whoever runs the register";
    schedule(story, 430, FIRST, -396, (730, 397));
    let statements = Statements {
        issues: text("The shipyard was bought; two ways of working"),
        interested_parties: text("Two customers ask for our answers to their questionnaires"),
        feedback: Some(Statement::NothingToReport),
    };
    prepare(story, 399, FIRST, statements);
    hold(story, 396, FIRST);
    consider(
        story,
        396,
        FIRST,
        &[
            (Topic::EarlierActions, NothingToReport, "This is the first review"),
            (Topic::Issues, Considered, "Both sites keep one register from now on"),
            (Topic::InterestedParties, Considered, "The questionnaires are answered from the register"),
            (Topic::Nonconformities, Considered, "Two months to close one is too long, and four came again"),
            (Topic::Monitoring, Considered, "Patches are steady; one in nine clicks on phishing"),
            (Topic::Audits, Considered, "Suppliers: nothing against the standard"),
            (Topic::Objectives, Considered, "Patches arrive in time: reached"),
            (Topic::Feedback, NothingToReport, "Nothing was heard"),
            (Topic::Risks, Considered, "The register of risks is begun by the winter"),
            (Topic::Improvements, NothingToReport, "None was proposed yet"),
        ],
    );
    decide(story, 396, FIRST, (DecisionKind::Improvement, COURSE, SOFIA, -330));
    decide(story, 396, FIRST, (DecisionKind::Change, SHOP, JONAS, -290));
    decide(story, 396, FIRST, (DecisionKind::Resources, DEPUTY, LENA, -340));
    let conclusions = Conclusions {
        suitability: "It fits what we do".into(),
        adequacy: "It lacks a deputy for the register, and a course; both were decided".into(),
        effectiveness: "Cases are found and settled, slowly; causes are not always found".into(),
    };
    conclude(story, (396, 17), FIRST, conclusions);
    approve(story, (395, 9), FIRST);
    carried_out(story, 335, COURSE, SOFIA, ("Held each month", "Eleven of eleven who joined have taken it"));
    carried_out(
        story,
        300,
        SHOP,
        JONAS,
        ("One contract, with our image", "The last three repairs came back with patches"),
    );
    carried_out(story, 345, DEPUTY, LENA, ("Lena runs it every second week", "Seen in the journal of last month"));
}

fn conclude(story: &mut Story, when: (i64, u32), name: &'static str, conclusions: Conclusions) {
    story.change(when, MARA, name, |review: ManagementReview, facts, by, at| {
        review.conclude(conclusions, facts, by, at)
    });
}

fn approve(story: &mut Story, when: (i64, u32), name: &'static str) {
    story.step(when, INES, move |tx, names| {
        let review: ManagementReview = tx.get(Locator::Id(names.get(name)?))?;
        let change = management_reviews::approve(review, Approve::default(), tx)?;
        save(change, tx).map(drop)
    });
}

/// From the date to locked minutes, with an addendum; it ends the second turn and schedules the next review.
fn spring(story: &mut Story) {
    use Standing::Considered;
    // Known before the first is approved, which would schedule one otherwise.
    schedule(story, 400, SPRING, -62, (395, 63));
    let statements = Statements {
        issues: text("Tenders ask for a certificate; the law on machines was passed"),
        interested_parties: None,
        feedback: text("Two harbours praised how quickly they were told of the outage"),
    };
    prepare(story, 64, SPRING, statements);
    // What was left out is filled in before the meeting.
    let heard = text("The port authority wants an exercise a year");
    prepare(story, 63, SPRING, Statements { interested_parties: heard, ..Statements::default() });
    hold(story, 62, SPRING);
    consider(
        story,
        62,
        SPRING,
        &[
            (Topic::EarlierActions, Considered, "All three of the first year are verified"),
            (Topic::Issues, Considered, "The certificate is wanted by next spring"),
            (Topic::InterestedParties, Considered, "The exercise is combined with the port's own"),
            (
                Topic::Nonconformities,
                Considered,
                "Closed in half the time of the year before; one came again, where it was four",
            ),
            (Topic::Monitoring, Considered, "Clicks on phishing have halved; five more indicators are set up"),
            (
                Topic::Audits,
                Considered,
                "Doors, gates and cables: nothing against the standard; gate 2 is one to watch",
            ),
            (
                Topic::Objectives,
                Considered,
                "4 % of clicks was missed by a little; patches in 14 days is the objective of the year",
            ),
            (Topic::Feedback, Considered, "The way incidents are told stays as it is"),
            (Topic::Risks, Considered, "Suppliers are the risk without an owner"),
            (Topic::Improvements, Considered, "Both sites want one way of working"),
        ],
    );
    decide(story, 62, SPRING, (DecisionKind::Resources, PATCHER, SOFIA, -20));
    decide(story, 62, SPRING, (DecisionKind::Improvement, ONE_WAY, PAVEL, 20));
    decide(story, 62, SPRING, (DecisionKind::Change, SUPPLIERS, YUKI, -10));
    let conclusions = Conclusions {
        suitability: "It fits: both sites can work by it".into(),
        adequacy: "It lacks somebody for patches and an owner for suppliers; both were decided".into(),
        effectiveness: "It works: faster than a year ago, and less comes again".into(),
    };
    conclude(story, (62, 17), SPRING, conclusions);
    approve(story, (61, 9), SPRING);
    story.change((58, 9), MARA, SPRING, |review: ManagementReview, facts, by, at| {
        review.add_addendum("The second person is for both sites".into(), facts, by, at)
    });
    story.change((50, 9), SOFIA, PATCHER, |action: Action, facts, by, at| action.start(facts, by, at));
    story.change((24, 9), SOFIA, PATCHER, |action: Action, facts, by, at| {
        action.complete("Hired from the first of the month on".into(), facts, by, at)
    });
    let seen = Verify { evidence: "The contract is signed".into(), exception_reason: None, effect: None };
    story.change((23, 9), ADEYEMI, PATCHER, |action: Action, facts, by, at| action.verify(seen, facts, by, at));
    story.change((30, 9), PAVEL, ONE_WAY, |action: Action, facts, by, at| action.start(facts, by, at));
}

/// Held this week; its minutes are being written.
fn shipyard(story: &mut Story) {
    schedule(story, 10, SHIPYARD, -2, (60, 4));
    let statements = Statements {
        issues: Some(Statement::NothingToReport),
        interested_parties: text("The shipyard's own customer asked for our patch figures"),
        feedback: Some(Statement::NothingToReport),
    };
    prepare(story, 4, SHIPYARD, statements);
    hold(story, 2, SHIPYARD);
    let said = &[
        (Topic::Nonconformities, Standing::Considered, "The second attempt waits for the vendor's agent"),
        (
            Topic::Monitoring,
            Standing::Considered,
            "79 % of a week's patches in time at the worst, 97 % since the new image",
        ),
    ];
    consider(story, 2, SHIPYARD, said);
    let replace = "Replace the laptops that have no agent";
    decide(story, 2, SHIPYARD, (DecisionKind::Resources, replace, PAVEL, 30));
}
