//! Two turns of Harbour Robotics, told as they went: month by month what was found, why it was so, and what became of it.
//! What the turns come to is nowhere written down: the program counts it.

use super::people::MARA;
use super::treatment::{
    analyse, assign, check, close, complete, confirm, contain, implement, plan, raise, start, verify,
};
use super::{Story, Who, first_year, incidents, second_year};
use ratchet_domain::actions::Kind;
use ratchet_domain::links::{Edge, Relation, link};
use ratchet_domain::nonconformities::{Grade, Nonconformity, Source};
use ratchet_domain::reference::{Locator, Prefix, Target};

/// A nonconformity from its report to its closing.
pub(super) struct Told {
    title: &'static str,
    found: (Source, Who),
    requirement: &'static str,
    /// What is asked, what was seen, what was done at once, why it was so, what was done about that, and what was learned.
    words: [&'static str; 6],
    /// Who answers for it, and who did the work.
    people: (Who, Who),
    /// So many days ago, for so many days.
    days: (i64, i64),
    again: Option<&'static str>,
}

pub(super) const fn case(
    title: &'static str,
    found: (Source, Who),
    requirement: &'static str,
    words: [&'static str; 6],
    people: (Who, Who),
    days: (i64, i64),
) -> Told {
    Told { title, found, requirement, words, people, days, again: None }
}

impl Told {
    /// It is an earlier one once more.
    pub(super) const fn again(self, earlier: &'static str) -> Self {
        Self { again: Some(earlier), ..self }
    }
}

pub(super) fn add(story: &mut Story) {
    for told in first_year::CASES.iter().chain(&second_year::CASES) {
        tell(story, told);
    }
    incidents::add(story);
}

fn tell(story: &mut Story, told: &Told) {
    let Told { title, found: (source, by), requirement, words, people: (owner, doer), days: (raised, days), again } =
        *told;
    let [rule, seen, correction, cause, action, lesson] = words;
    let grade = if again.is_some() { Grade::Major } else { Grade::Minor };
    let half = raised - days / 2;
    raise(story, (raised, 9), by, title, (source, requirement, rule, seen));
    confirm(story, raised - 1, title, grade, owner);
    contain(story, raised - 1, title, correction);
    if let Some(earlier) = again {
        recurs(story, raised - 2, title, earlier);
    }
    analyse(story, raised - 3, title, cause);
    plan(story, raised - 3, title);
    assign(story, raised - 4, title, action, (Kind::Corrective, doer, days - 4 - raised));
    start(story, raised - 5, doer, action);
    complete(story, half, doer, action, "Done as planned; whoever is concerned was told");
    check(story, half - 1, action, "Seen on the spot, and asked whoever works there");
    implement(story, half - 1, title, days - 2 - raised);
    verify(story, raised - days + 1, title, true, "Looked for on three days; not found again");
    close(story, (raised - days, 9), title, lesson);
}

/// The earlier one had been judged effective, and here it is again.
fn recurs(story: &mut Story, day: i64, newer: &'static str, earlier: &'static str) {
    story.step((day, 9), MARA, move |tx, names| {
        let newer: Nonconformity = tx.get(Locator::Id(names.get(newer)?))?;
        let earlier: Nonconformity = tx.get(Locator::Id(names.get(earlier)?))?;
        let (by, birth) = (tx.actor().clone(), tx.birth(Prefix::Link)?);
        let edge = Edge { relation: Relation::RecurrenceOf, to: Target::of(&earlier), note: None };
        super::save(link(Target::of(&newer), edge, &by, birth)?, tx).map(drop)
    });
}
