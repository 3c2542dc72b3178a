//! Actions that become tickets by themselves, as the rules of connections say.

use super::Looked;
use crate::actions::UNDONE;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::restrictions;
use crate::row::word;
use crate::schema::{
    actions, improvements, incidents, journal_entries as entries, nonconformities, tags, ticket_connections,
    ticket_links as links, ticket_progress,
};
use crate::table::{Guarded, Table};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::actions::Action;
use ratchet_domain::annotations::StageName as TagStage;
use ratchet_domain::change::Record;
use ratchet_domain::id::{OrganisationId, TicketConnectionId};
use ratchet_domain::nonconformities::{Grade, Source};
use ratchet_domain::reference::Locator;
use ratchet_domain::ticket_connections::{Circumstances, Rule, StageName, TicketConnection};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Actions that are looked at when rules are tried, at most.
const TRIED: i64 = 1_000;
/// The entry that says that an action is to be a ticket.
const REQUESTED: &str = "action.ticket_requested";

/// Rules, and the connection whose they are; none of those that are tried.
pub type Ruling = (Option<Uuid>, Vec<Rule>);

/// The connections with rules that are not retired, the oldest first: the first rule that takes an action counts.
///
/// # Errors
/// The database's.
pub fn ruling(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<TicketConnection>, Error> {
    let kept: Vec<KeyValue> = ticket_connections::table
        .filter(ticket_connections::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ticket_connections::stage.ne(<&str>::from(StageName::Retired)))
        .select(ticket_connections::id)
        .load(connection)?;
    let kept: Vec<Uuid> = kept.into_iter().map(|id| id.0).collect();
    let mut found = TicketConnection::many(organisation, &kept, connection)?;
    found.retain(|one| !one.terms.rules.is_empty());
    found.sort_by_key(|one| one.head.id);
    Ok(found)
}

/// Of what has happened, the actions that rules may take now: those that were written, and those around which something was, a
/// nonconformity that was graded, a tag that was attached.
///
/// # Errors
/// The database's.
pub fn candidates(looked: &[Looked], connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, Uuid)>, Error> {
    let mut candidates = Vec::new();
    for Looked { organisation, objects, .. } in looked {
        if ruling(*organisation, connection)?.is_empty() {
            continue;
        }
        let ours = KeyValue(organisation.0);
        let objects: Vec<KeyValue> = objects.iter().copied().map(KeyValue).collect();
        let tagged: Vec<KeyValue> = tags::table
            .filter(tags::organisation_id.eq(ours))
            .filter(tags::id.eq_any(objects.clone()))
            .select(tags::target_id)
            .load(connection)?;
        let touched: Vec<KeyValue> = objects.into_iter().chain(tagged).collect();
        let found: Vec<KeyValue> = actions::table
            .filter(actions::organisation_id.eq(ours))
            .filter(actions::id.eq_any(touched.clone()).or(actions::parent_id.eq_any(touched)))
            .filter(actions::stage.eq_any(UNDONE))
            .order(actions::id)
            .select(actions::id)
            .load(connection)?;
        let found = unlinked(*organisation, found.into_iter().map(|id| id.0).collect(), connection)?;
        candidates.extend(found.into_iter().map(|action| (*organisation, action)));
    }
    Ok(candidates)
}

/// Those of these actions that are no tickets.
fn unlinked(
    organisation: OrganisationId,
    mut of: Vec<Uuid>,
    connection: &mut AnyConnection,
) -> Result<Vec<Uuid>, Error> {
    let mut linked: HashSet<Uuid> = HashSet::new();
    for chunk in of.chunks(1_000) {
        let known: Vec<KeyValue> = links::table
            .filter(links::organisation_id.eq(KeyValue(organisation.0)))
            .filter(links::action_id.eq_any(chunk.iter().copied().map(KeyValue)))
            .select(links::action_id)
            .load(connection)?;
        linked.extend(known.into_iter().map(|id| id.0));
    }
    of.retain(|action| !linked.contains(action));
    Ok(of)
}

/// Makes an action a ticket, where a rule says so; whether one did. An action is taken once: what somebody has unlinked stays so. Of
/// what is restricted nothing leaves.
///
/// # Errors
/// The database's.
pub fn take(action: Uuid, tx: &mut Tx<'_>) -> Result<bool, Error> {
    let organisation = tx.actor().organisation;
    let found = Action::find(organisation, Locator::Id(action), tx.connection())?;
    let Some((seen, _)) = found else { return Ok(false) };
    tx.enter(seen.circle())?;
    let action: Action = tx.load(Locator::Id(action))?;
    let (id, parent, facts) = (action.head.id, action.parent.id.0, tx.facts(&action)?);
    if !action.is_open_to_rules(facts.parent_takes_actions) || was_ticket(organisation, id, tx.connection())? {
        return Ok(false);
    }
    let kept_back = restrictions::restricted_among(organisation, &[id, parent], tx.connection())?;
    if kept_back.contains(&id) || kept_back.contains(&parent) {
        return Ok(false);
    }
    let around = circumstances(organisation, std::slice::from_ref(&action), tx.connection())?;
    let around = around.into_iter().next().unwrap_or_default();
    let ruling = ruling(organisation, tx.connection())?;
    let takes = |one: &&TicketConnection| one.terms.rules.iter().any(|rule| rule.takes(&action, &around));
    let Some(connection) = ruling.iter().find(takes) else { return Ok(false) };
    let (by, now, of) = (tx.actor().clone(), tx.now(), TicketConnectionId(connection.head.id));
    let change = action.take_by_rule((of, &connection.head.reference), &facts, &by, now)?;
    super::begin(id, connection.head.id, None, tx)?;
    tx.save(change)?;
    Ok(true)
}

/// Writes down that rules could not be applied to an action: the connections that have rules say so, until they are amended or resumed.
///
/// # Errors
/// The database's.
pub fn rule_failed(action: Uuid, why: &str, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, error) = (tx.actor().organisation, format!("the action {action}: {why}"));
    let ruling = ruling(organisation, tx.connection())?;
    let theirs = ticket_progress::table
        .filter(ticket_progress::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ticket_progress::connection_id.eq_any(ruling.iter().map(|one| KeyValue(one.head.id))));
    diesel::update(theirs).set(ticket_progress::rule_error.eq(error)).execute(tx.connection())?;
    Ok(())
}

/// Whether the action was to be a ticket before.
fn was_ticket(organisation: OrganisationId, action: Uuid, connection: &mut AnyConnection) -> Result<bool, Error> {
    let asked = entries::table
        .filter(entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(entries::object_kind.eq(Action::PREFIX.kind()))
        .filter(entries::object_id.eq(KeyValue(action)))
        .filter(entries::action.eq(REQUESTED));
    Ok(asked.count().get_result::<i64>(connection)? > 0)
}

/// An action that rules would take.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The action.
    pub action: Action,
    /// Whose rule it is.
    pub connection: Option<Uuid>,
    /// Which of its rules, from 0.
    pub rule: usize,
}

/// Which of the newest actions that are not done rules would take if each was written now; and how many were looked at.
///
/// # Errors
/// The database's.
pub fn tried(
    organisation: OrganisationId,
    ruling: &[Ruling],
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(usize, Vec<Taken>), Error> {
    let untaken = untaken(organisation, connection)?;
    let around = circumstances(organisation, &untaken, connection)?;
    let (looked_at, mut parents) = (untaken.len(), HashMap::new());
    let mut taken = Vec::new();
    for (action, around) in untaken.into_iter().zip(&around) {
        let rule_of =
            |(of, rules): &Ruling| rules.iter().position(|rule| rule.takes(&action, around)).map(|rule| (*of, rule));
        let Some((of, rule)) = ruling.iter().find_map(rule_of) else { continue };
        // What is known of one attempt of a parent holds for all of its actions.
        let served = (action.parent.id.0, action.attempt);
        let takes_actions = match parents.get(&served) {
            Some(known) => *known,
            None => action.facts(now, connection)?.parent_takes_actions,
        };
        parents.insert(served, takes_actions);
        if action.is_open_to_rules(takes_actions) && !was_ticket(organisation, action.head.id, connection)? {
            taken.push(Taken { action, connection: of, rule });
        }
    }
    Ok((looked_at, taken))
}

/// Of the newest actions that are not done those that are no tickets, and not restricted.
fn untaken(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Action>, Error> {
    let ours = KeyValue(organisation.0);
    let found: Vec<KeyValue> = actions::table
        .filter(actions::organisation_id.eq(ours))
        .filter(actions::stage.eq_any(UNDONE))
        .order(actions::id.desc())
        .limit(TRIED)
        .select(actions::id)
        .load(connection)?;
    let found = unlinked(organisation, found.into_iter().map(|id| id.0).collect(), connection)?;
    let restricted = restrictions::restricted_among(organisation, &found, connection)?;
    let mut untaken = Vec::new();
    for chunk in found.chunks(500) {
        untaken.extend(Action::many(organisation, chunk, connection)?);
    }
    untaken.retain(|action| !restricted.contains(&action.head.id));
    untaken.sort_by_key(|action| std::cmp::Reverse(action.head.id));
    Ok(untaken)
}

/// What a table says of each of these records.
macro_rules! said_of {
    ($table:ident.$column:ident: $type:ty, ($ours:expr, $of:expr), $connection:expr) => {{
        let found: Vec<(KeyValue, $type)> = $table::table
            .filter($table::organisation_id.eq($ours))
            .filter($table::id.eq_any($of.iter().copied().map(KeyValue)))
            .select(($table::id, $table::$column))
            .load($connection)?;
        found.into_iter().map(|(id, said)| (id.0, said)).collect::<HashMap<Uuid, $type>>()
    }};
}

/// What rules ask of each of these actions, beyond itself.
fn circumstances(
    organisation: OrganisationId,
    of: &[Action],
    connection: &mut AnyConnection,
) -> Result<Vec<Circumstances>, Error> {
    let ours = KeyValue(organisation.0);
    let parents: HashSet<Uuid> = of.iter().map(|action| action.parent.id.0).collect();
    let grades = said_of!(nonconformities.grade: Option<String>, (ours, parents), connection);
    let severities = said_of!(incidents.severity: Option<i64>, (ours, parents), connection);
    let mut sources = said_of!(nonconformities.source: String, (ours, parents), connection);
    sources.extend(said_of!(improvements.source: String, (ours, parents), connection));
    let targets: BTreeSet<Uuid> = of.iter().map(|action| action.head.id).chain(parents).collect();
    let tagged: Vec<(KeyValue, String)> = tags::table
        .filter(tags::organisation_id.eq(ours))
        .filter(tags::target_id.eq_any(targets.into_iter().map(KeyValue)))
        .filter(tags::stage.eq(word(TagStage::Attached)))
        .select((tags::target_id, tags::label))
        .load(connection)?;
    let mut labels: HashMap<Uuid, Vec<String>> = HashMap::new();
    tagged.into_iter().for_each(|(target, label)| labels.entry(target.0).or_default().push(label));
    let around = |action: &Action| {
        let parent = action.parent.id.0;
        let carried = [action.head.id, parent].into_iter().filter_map(|id| labels.get(&id));
        Circumstances {
            grade: grades.get(&parent).cloned().flatten().and_then(|grade| grade.parse::<Grade>().ok()),
            severity: severities.get(&parent).copied().flatten(),
            source: sources.get(&parent).and_then(|source| source.parse::<Source>().ok()),
            tags: carried.flatten().cloned().collect(),
        }
    };
    Ok(of.iter().map(around).collect())
}
