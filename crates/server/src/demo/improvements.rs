//! What could be better at Harbour Robotics, who spoke for it, and whether it helped.

use super::monitoring::{BADGES, LATENCY, PATCHES, PHISHING};
use super::people::{ADEYEMI, INES, MARA, PAVEL, SOFIA, YUKI};
use super::{Story, Who, save};
use ratchet_domain::change::Record;
use ratchet_domain::id::IndicatorId;
use ratchet_domain::improvements::{Accept, Conclude, Decline, Improvement, ImprovementDraft, Measure, Size};
use ratchet_domain::nonconformities::Source;
use ratchet_domain::reference::Locator;
use ratchet_domain::votes::Vote;
use ratchet_persistence::effects::Effective;

const VISITORS: &str = "Meet visitors at the door";
const MONITORS: &str = "A second screen for everyone";
const WELCOME: &str = "A security hour in the first week";
const BUTTON: &str = "A report button in the mail program";
const SHELF: &str = "Keep spare laptops patched on the shelf";
const IMAGE: &str = "Build the laptop image every week";
const REPLICA: &str = "Serve reports from a replica";
const BOX: &str = "A box for badges at the gate";

pub(super) fn add(story: &mut Story) {
    suggestion_box(story);
    under_way(story);
    judged(story);
}

/// How the story measures: an indicator with baseline and target, or what somebody looks at.
type By = Result<(&'static str, f64, f64), &'static str>;

fn propose(
    story: &mut Story,
    when: (i64, u32),
    (who, source): (Who, Source),
    name: &'static str,
    (description, benefit, measure): (&'static str, &'static str, By),
) {
    story.step(when, who, move |tx, names| {
        let measure = match measure {
            Ok((indicator, baseline, target)) => {
                Measure::Indicator { indicator: IndicatorId(names.get(indicator)?), baseline, target }
            }
            Err(criterion) => Measure::Criterion { criterion: criterion.to_owned() },
        };
        let draft = ImprovementDraft {
            title: name.to_owned(),
            description: description.to_owned(),
            source,
            origin: None,
            proposer: Some(names.member(who)?),
            expected_benefit: Some(benefit.to_owned()),
            measure: Some(measure),
            effort: Some(Size::Small),
            value: Some(Size::Medium),
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(Improvement::PREFIX)?);
        names.call(name, save(Improvement::propose(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

/// Somebody speaks for it; the vote is known by both names.
fn vote(story: &mut Story, when: (i64, u32), who: Who, improvement: &'static str, name: &'static str) {
    story.step(when, who, move |tx, names| {
        let improvement: Improvement = tx.get(Locator::Id(names.get(improvement)?))?;
        let (by, birth) = (tx.actor().clone(), tx.birth(Vote::PREFIX)?);
        names.call(name, save(Vote::cast(&improvement, &by, birth)?, tx)?);
        Ok(())
    });
}

fn accept(story: &mut Story, day: i64, name: &'static str, owner: Who, reason: &'static str) {
    story.step((day, 11), INES, move |tx, names| {
        let improvement: Improvement = tx.get(Locator::Id(names.get(name)?))?;
        let (facts, by, at) = (tx.facts(&improvement)?, tx.actor().clone(), tx.now());
        let owner = names.member(owner)?;
        let input = Accept { owner, reason: reason.to_owned(), expected_benefit: None, exception_reason: None };
        save(improvement.accept(input, &facts, &by, at)?, tx).map(drop)
    });
}

fn plan(story: &mut Story, day: i64, who: Who, name: &'static str, (approach, due): (&'static str, i64)) {
    let due_on = story.day(due);
    story.change((day, 12), who, name, move |improvement: Improvement, facts, by, at| {
        improvement.plan((approach.to_owned(), due_on), facts, by, at)
    });
}

fn start(story: &mut Story, day: i64, who: Who, name: &'static str) {
    story.change((day, 13), who, name, |improvement: Improvement, facts, by, at| improvement.start(facts, by, at));
}

fn put_in_place(story: &mut Story, day: i64, who: Who, name: &'static str, (summary, judge): (&'static str, i64)) {
    let judge_on = story.day(judge);
    story.change((day, 14), who, name, move |improvement: Improvement, facts, by, at| {
        improvement.measure((summary.to_owned(), judge_on), facts, by, at)
    });
}

/// The figures decide.
fn conclude(story: &mut Story, day: i64, name: &'static str, (evidence, lessons): (&'static str, &'static str)) {
    story.step((day, 15), ADEYEMI, move |tx, names| {
        let improvement: Improvement = tx.get(Locator::Id(names.get(name)?))?;
        let (facts, by, at) = (tx.facts(&improvement)?, tx.actor().clone(), tx.now());
        let (evidence, lessons) = (evidence.to_owned(), lessons.to_owned());
        let effect = improvement.measured(at, tx.connection())?;
        let input = Conclude { realised: None, evidence, lessons, effect, exception_reason: None };
        save(improvement.conclude(input, &facts, &by, at)?, tx).map(drop)
    });
}

/// What everybody sees, and what became of one.
fn suggestion_box(story: &mut Story) {
    let told = (
        "The front desk lets visitors in by the intercom; nobody sees who comes in behind them",
        "Nobody walks in behind a visitor",
        Err("Twenty visits in a row are met at the door"),
    );
    propose(story, (12, 9), (PAVEL, Source::Employee), VISITORS, told);
    vote(story, (12, 10), YUKI, VISITORS, "Yuki's vote");
    vote(story, (11, 9), SOFIA, VISITORS, "Sofia's vote");
    vote(story, (11, 10), INES, VISITORS, "Inès's vote");
    story.change((9, 9), INES, "Inès's vote", |vote: Vote, facts, by, at| vote.withdraw(facts, by, at));
    let told = ("Reading logs on one screen is slow", "Logs are read faster", Err("The analysts say so after a month"));
    propose(story, (55, 9), (YUKI, Source::Employee), MONITORS, told);
    vote(story, (54, 9), PAVEL, MONITORS, "Pavel's vote");
    let no =
        Decline { reason: "The budget of this year is spent; ask again in January".to_owned(), exception_reason: None };
    story.change((50, 9), MARA, MONITORS, |improvement: Improvement, facts, by, at| {
        improvement.decline(no, facts, by, at)
    });
}

/// Accepted, planned, begun.
fn under_way(story: &mut Story) {
    let told = (
        "New colleagues meet the rules in a long document; an hour with examples would stick",
        "New colleagues know whom to call",
        Err("Five new colleagues name whom they would call"),
    );
    propose(story, (18, 9), (SOFIA, Source::Audit), WELCOME, told);
    accept(story, 6, WELCOME, SOFIA, "The auditor asked for it, and it costs an hour");
    let told =
        ("Forwarding a suspicious message takes five clicks", "More messages are reported", Ok((PHISHING, 0.65, 0.8)));
    propose(story, (30, 9), (YUKI, Source::Employee), BUTTON, told);
    vote(story, (29, 9), PAVEL, BUTTON, "Pavel's other vote");
    accept(story, 22, BUTTON, YUKI, "Five clicks are four too many");
    plan(story, 20, YUKI, BUTTON, ("Roll out the vendor's add-on, site by site", 25));
    let told = (
        "A replacement laptop has missed months of patches when it is handed out",
        "No gap on the first day",
        Err("Ten replacements in a row are up to date"),
    );
    propose(story, (34, 9), (PAVEL, Source::Incident), SHELF, told);
    accept(story, 28, SHELF, PAVEL, "It costs a shelf and a cable");
    plan(story, 27, PAVEL, SHELF, ("Power and network at the shelf, a list at the door", 5));
    start(story, 21, PAVEL, SHELF);
    let told =
        ("The image is built by hand, twice a year", "Laptops start without a backlog", Ok((PATCHES, 0.94, 0.97)));
    propose(story, (45, 9), (YUKI, Source::Indicator), IMAGE, told);
    accept(story, 40, IMAGE, YUKI, "The image is where the gap begins");
    plan(story, 38, YUKI, IMAGE, ("A job builds and tests it on Sundays", -8));
    start(story, 37, YUKI, IMAGE);
    put_in_place(story, 8, YUKI, IMAGE, ("Built four Sundays in a row", 20));
}

/// One that helped, by its figures, and one that did not.
fn judged(story: &mut Story) {
    let told = ("Reports read the live database", "The portal stays fast while reports run", Ok((LATENCY, 62.0, 50.0)));
    propose(story, (64, 9), (PAVEL, Source::Review), REPLICA, told);
    accept(story, 60, REPLICA, PAVEL, "Customers notice");
    plan(story, 58, PAVEL, REPLICA, ("A replica for reports, reads moved one by one", -22));
    start(story, 57, PAVEL, REPLICA);
    put_in_place(story, 24, PAVEL, REPLICA, ("Every report reads the replica", -10));
    conclude(story, 9, REPLICA, ("Two weeks of hourly figures", "Ask what reads the live database"));
    let told = ("Visitors forget to hand in their badges", "No badge leaves the building", Ok((BADGES, 1.0, 0.0)));
    propose(story, (66, 9), (MARA, Source::Indicator), BOX, told);
    accept(story, 62, BOX, MARA, "A box costs nothing");
    plan(story, 61, MARA, BOX, ("A box beside the gate, a note on the door", -50));
    start(story, 60, MARA, BOX);
    put_in_place(story, 52, MARA, BOX, ("The box hangs", -28));
    conclude(story, 22, BOX, ("One badge a week is missing, as before", "People leave with others and pass no gate"));
}
