//! What follows of a comparison: the action follows its ticket by its own commands, what both said is kept, and what they do
//! not agree on is seen.

use super::Claimed;
use super::failing::{Concern, Failed, answered, fail};
use crate::column::{InstantValue, KeyValue};
use crate::error::Error;
use crate::members;
use crate::schema::ticket_links as links;
use crate::table::Guarded;
use crate::tx::Tx;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use ratchet_domain::actions::{Action, Amendment, News, StageName};
use ratchet_domain::change::Change;
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::ticket_connections::Terms;
use ratchet_domain::tickets::{
    Category, Difference, Field, Moved, Remote, Said, Seen, Side, Step, Ticket, Why, moved, said_of,
};
use std::collections::BTreeMap;

/// How long after a comparison the next one is made, whatever happens.
const RECONCILED: TimeDelta = TimeDelta::hours(24);

/// The row, as long as it is leased by this claim.
macro_rules! mine {
    ($claimed:expr) => {
        links::table
            .filter(links::organisation_id.eq(KeyValue($claimed.organisation.0)))
            .filter(links::action_id.eq(KeyValue($claimed.action)))
            .filter(links::lease_id.eq(KeyValue($claimed.lease)))
    };
}

/// What was found, and told, when an action was compared with its ticket.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The version of the action that was compared.
    pub version: i64,
    /// The connection's terms by which that was done.
    pub terms: Terms,
    /// The ticket as it is now.
    pub remote: Remote,
    /// Whether the ticket is new to the action, and how.
    pub news: Option<News>,
    /// What is said here.
    pub ours: Said,
    /// What the ticket says, after it was told.
    pub theirs: Said,
    /// What was to be done about each field of which both say something.
    pub steps: BTreeMap<Field, Step>,
    /// Whether the connection says what the ticket's status means.
    pub is_known: bool,
}

/// Writes down what was found, and does here what the ticket says; whether it still counted.
///
/// # Errors
/// The database's.
pub fn conclude(claimed: &Claimed, compared: &Compared, tx: &mut Tx<'_>) -> Result<bool, Error> {
    let mut action: Action = tx.load(Locator::Id(claimed.action))?;
    tx.enter(action.circle())?;
    action = tx.load(Locator::Id(claimed.action))?;
    let Some(before) = taken(claimed, &action, tx)? else { return Ok(false) };
    if is_another_s(claimed, &compared.remote.key, tx)? {
        let failed = Failed { error: "the ticket is another action's".to_owned(), concerns: Concern::Ticket };
        fail(claimed, &failed, |_| RECONCILED, tx)?;
        return Ok(true);
    }
    let mut ticket = before.clone();
    let mut news = compared.news;
    ticket.adopts = None;
    ticket.remote = Some(Remote {
        category: compared.remote.category.or_else(|| before.remote.as_ref().and_then(|known| known.category)),
        ..compared.remote.clone()
    });
    // What came in between is compared with what the ticket says in a moment.
    let is_fresh = action.head.version == compared.version;
    let mut is_settled = is_fresh;
    for (field, step) in &compared.steps {
        let field = *field;
        // A text that was redacted meanwhile is not written down once more.
        if !is_fresh && matches!(field, Field::Title | Field::Text) {
            continue;
        }
        let said = |side: &Said| side.get(&field).cloned().flatten();
        let (ours, theirs) = (said(&compared.ours), said(&compared.theirs));
        let mut seen = Seen { ours: ours.clone(), theirs: theirs.clone() };
        match step {
            Step::Keep => continue,
            // Telling one thing has changed another: that is compared in a moment.
            Step::Agree if ours != theirs => {
                is_settled = false;
                continue;
            }
            Step::Agree => ticket.agree(field),
            Step::Out => match untaken(field, before.seen.get(&field), &seen) {
                None => {
                    ticket.agree(field);
                    // Changed there again before it was read back: that is compared in a moment with what was told.
                    if ours != theirs && !matches!(field, Field::Title | Field::Text) {
                        (seen.theirs, is_settled) = (ours, false);
                    }
                }
                Some(why) => ticket.differ(difference(field, &seen, why, None, tx.now())),
            },
            Step::Differ(why) => ticket.differ(difference(field, &seen, *why, None, tx.now())),
            Step::In if !is_fresh => continue,
            Step::In => match follow(&action, field, (theirs.as_deref(), &before, compared), tx)? {
                Followed::Done(changed) => {
                    action = *changed;
                    ticket.agree(field);
                    seen.ours = said_of(&action, &compared.terms).remove(&field).flatten();
                }
                Followed::Nothing => ticket.agree(field),
                Followed::Differs(why, detail) => ticket.differ(difference(field, &seen, why, detail, tx.now())),
            },
        }
        ticket.seen.insert(field, seen);
    }
    if !compared.is_known {
        let theirs = Some(compared.remote.status.clone());
        let seen = Seen { ours: compared.ours.get(&Field::State).cloned().flatten(), theirs };
        ticket.differ(difference(Field::State, &seen, Why::UnknownStatus, None, tx.now()));
    } else if ticket.difference(Field::State).is_some_and(|one| one.why == Why::UnknownStatus) {
        ticket.agree(Field::State);
    }
    if ticket != before {
        news = news.or_else(|| Some(what_is_new(&before, &ticket)));
        let (by, now) = (tx.actor().clone(), tx.now());
        tx.save(action.note_ticket(ticket, news.unwrap_or(News::Changed), &by, now)?)?;
    }
    settle(claimed, Some(&compared.remote.key), None, is_settled, tx)?;
    answered(claimed.organisation, claimed.connection, tx)?;
    Ok(true)
}

/// What the action's ticket was, where whoever has taken it still has.
fn taken(claimed: &Claimed, action: &Action, tx: &mut Tx<'_>) -> Result<Option<Ticket>, Error> {
    let ticket = action.ticket.clone().filter(|ticket| ticket.connection.0 == claimed.connection);
    Ok(if is_mine(claimed, tx)? { ticket } else { None })
}

/// Whether another action has become this ticket meanwhile.
fn is_another_s(claimed: &Claimed, key: &str, tx: &mut Tx<'_>) -> Result<bool, Error> {
    let others = links::table
        .filter(links::organisation_id.eq(KeyValue(claimed.organisation.0)))
        .filter(links::connection_id.eq(KeyValue(claimed.connection)))
        .filter(links::remote_key.eq(key))
        .filter(links::action_id.ne(KeyValue(claimed.action)));
    Ok(others.count().get_result::<i64>(tx.connection())? > 0)
}

fn difference(field: Field, seen: &Seen, why: Why, detail: Option<String>, at: DateTime<Utc>) -> Difference {
    let Seen { ours, theirs } = seen.clone();
    Difference { field, ours, theirs, why, detail, at }
}

/// Why what was told is not so there: some take what they then do not do. Of a state it matters whether it is over.
fn untaken(field: Field, before: Option<&Seen>, seen: &Seen) -> Option<Why> {
    if seen.ours == seen.theirs {
        return None;
    }
    let is_over =
        |said: &Option<String>| said.as_deref().and_then(|said| said.parse::<Category>().ok()).map(Category::is_over);
    let is_as_before = before.is_some_and(|before| before.theirs == seen.theirs);
    match field {
        Field::State if is_over(&seen.ours) != is_over(&seen.theirs) => Some(Why::NotTaken),
        // How a text is spelt there is the other system's affair.
        Field::State => None,
        Field::Title | Field::Text | Field::DueOn | Field::Assignee => is_as_before.then_some(Why::NotTaken),
    }
}

/// What came of doing here what the ticket says.
enum Followed {
    Done(Box<Action>),
    Nothing,
    Differs(Why, Option<String>),
}

/// Does here what the ticket says, by the action's own commands.
fn follow(
    action: &Action,
    field: Field,
    (theirs, ticket, compared): (Option<&str>, &Ticket, &Compared),
    tx: &mut Tx<'_>,
) -> Result<Followed, Error> {
    let (by, now, facts) = (tx.actor().clone(), tx.now(), tx.facts(action)?);
    let key = &compared.remote.key;
    // Of what the ticket says now, and did not when that was decided, nothing is decided.
    let is_as_decided = ticket.seen.get(&field).is_some_and(|seen| seen.theirs.as_deref() == theirs);
    let decided = is_as_decided && ticket.settled.get(&field) == Some(&Side::Theirs);
    let action = action.clone();
    let command: Result<Change<Action>, Refusal> = match (field, theirs) {
        (Field::Title, Some(title)) => {
            action.amend(Amendment { title: Some(title.to_owned()), ..Amendment::default() }, &by, now)
        }
        (Field::Text, text) => {
            let description = text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
            action.amend(Amendment { description: Some(description), ..Amendment::default() }, &by, now)
        }
        (Field::DueOn, Some(day)) => match day.parse::<NaiveDate>() {
            Ok(day) => action.move_due((day, format!("It was moved in the ticket {key}")), &facts, &by, now),
            Err(_) => return Ok(Followed::Differs(Why::Refused, None)),
        },
        (Field::Assignee, Some(name)) => match compared.terms.member_of(name) {
            Some(member) if members::active(by.organisation, &[member], tx.connection())?.is_empty() => {
                return Ok(Followed::Differs(Why::Refused, Some("the member is not active".to_owned())));
            }
            Some(member) => action.reassign(member, &facts, &by, now),
            None => return Ok(Followed::Differs(Why::UnknownPerson, None)),
        },
        (Field::State, Some(there)) => {
            let Ok(there) = there.parse::<Category>() else { return Ok(Followed::Nothing) };
            let said = format!("The ticket {key} is {:?}", compared.remote.status);
            match moved(action.stage.name(), there, compared.terms.on_done) {
                Moved::Nothing => return Ok(Followed::Nothing),
                Moved::Start => action.start(&facts, &by, now),
                Moved::Complete => action.complete(said, &facts, &by, now),
                Moved::Propose if decided => match (action.stage.name(), there) {
                    (StageName::Open | StageName::InProgress | StageName::Blocked, Category::Done) => {
                        action.complete(said, &facts, &by, now)
                    }
                    (StageName::Done, Category::ToDo | Category::InProgress) => {
                        action.reject_completion(said, &facts, &by, now)
                    }
                    (_, Category::Cancelled) => action.cancel(said, &facts, &by, now),
                    (_, Category::ToDo | Category::InProgress | Category::Done) => {
                        action.reopen(said, &facts, &by, now)
                    }
                },
                Moved::Propose => return Ok(Followed::Differs(Why::Proposed, None)),
            }
        }
        (Field::DueOn | Field::Assignee, None) => {
            let detail = "an action is always due on a day, and somebody's";
            return Ok(Followed::Differs(Why::Refused, Some(detail.to_owned())));
        }
        // A ticket that says nothing takes nothing away here.
        (Field::Title | Field::State, None) => return Ok(Followed::Nothing),
    };
    match command {
        Ok(change) => Ok(Followed::Done(Box::new(tx.save(change)?.0))),
        Err(refusal) => Ok(Followed::Differs(Why::Refused, Some(words_of(refusal)))),
    }
}

fn words_of(refusal: Refusal) -> String {
    match refusal {
        Refusal::Forbidden => "nobody may do that by itself".to_owned(),
        Refusal::State(reasons) => reasons.into_iter().map(|reason| reason.detail).collect::<Vec<_>>().join("; "),
        Refusal::Invalid(faults) => faults.into_iter().map(|fault| fault.detail).collect::<Vec<_>>().join("; "),
    }
}

fn what_is_new(before: &Ticket, after: &Ticket) -> News {
    let is_known = |one: &&Difference| before.difference(one.field).is_some_and(|known| known.why == one.why);
    let fresh: Vec<Why> = after.differences.iter().filter(|one| !is_known(one)).map(|one| one.why).collect();
    if fresh.is_empty() {
        News::Changed
    } else if fresh.contains(&Why::Proposed) {
        News::Proposed
    } else {
        News::Differs
    }
}

/// Whether whoever has taken it still has.
pub(super) fn is_mine(claimed: &Claimed, tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(mine!(claimed).count().get_result::<i64>(tx.connection())? > 0)
}

/// When the action is compared with its ticket next.
pub(super) fn settle(
    claimed: &Claimed,
    key: Option<&str>,
    failure: Option<(&str, TimeDelta)>,
    is_fresh: bool,
    tx: &mut Tx<'_>,
) -> Result<(), Error> {
    let now = tx.now();
    let due_at: InstantValue = mine!(claimed).select(links::due_at).get_result(tx.connection())?;
    // What has become due meanwhile stays so.
    let next = match failure {
        Some((_, after)) => now + after,
        None if due_at.0 != claimed.due_at || !is_fresh => now,
        None => now + RECONCILED,
    };
    if let Some(key) = key {
        diesel::update(mine!(claimed)).set(links::remote_key.eq(key)).execute(tx.connection())?;
    }
    if failure.is_none() {
        diesel::update(mine!(claimed)).set(links::synced_at.eq(InstantValue(now))).execute(tx.connection())?;
    }
    diesel::update(mine!(claimed))
        .set((
            links::due_at.eq(InstantValue(next)),
            links::failures.eq(if failure.is_some() { claimed.failures + 1 } else { 0 }),
            links::error.eq(failure.map(|(error, _)| error.to_owned())),
            links::lease_id.eq(None::<KeyValue>),
            links::leased_until.eq(None::<InstantValue>),
        ))
        .execute(tx.connection())?;
    Ok(())
}
