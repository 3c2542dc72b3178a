//! What an action says in the words of a ticket, and what follows of all that both say.

use super::{Field, Said, Side, Step, Ticket, step};
use crate::actions::Action;
use crate::ticket_connections::Terms;
use std::collections::BTreeMap;

/// By what the ticket of an action is found again: its reference, and so much of its id that no two of other organisations
/// are taken for each other.
#[must_use]
pub fn marker(action: &Action) -> String {
    let id = action.head.id.simple().to_string();
    format!("ratchet-{}-{}", action.head.reference, id.get(24..).unwrap_or_default())
}

/// What is said here. Who does it is said where the connection knows by which name.
#[must_use]
pub fn said_of(action: &Action, terms: &Terms) -> Said {
    let mut said = Said::from([
        (Field::Title, Some(action.title.clone())),
        (Field::Text, Some(text_of(action))),
        (Field::DueOn, Some(action.due_on.to_string())),
        (Field::State, Some(<&str>::from(action.stage.name().category()).to_owned())),
    ]);
    if let Some(name) = terms.name_of(action.assignee) {
        said.insert(Field::Assignee, Some(name.to_owned()));
    }
    said
}

fn text_of(action: &Action) -> String {
    action.description.clone().unwrap_or_default()
}

/// What is to be done about each field of which both say something. `ours_is_newer`: whether the action was written after the
/// ticket.
#[must_use]
pub fn steps(
    ticket: &Ticket,
    (ours, theirs): (&Said, &Said),
    terms: &Terms,
    ours_is_newer: bool,
) -> BTreeMap<Field, Step> {
    let both = ours.iter().filter_map(|(field, ours)| Some((*field, ours, theirs.get(field)?)));
    both.map(|(field, ours, theirs)| {
        let seen = ticket.seen.get(&field);
        // Of what the ticket says now, and did not when that was decided, nothing is decided.
        let is_as_decided = seen.is_some_and(|seen| seen.theirs == *theirs);
        let settled = ticket.settled.get(&field).copied().filter(|side| *side == Side::Ours || is_as_decided);
        let sides = (ours.as_deref(), theirs.as_deref());
        (field, step(field, sides, seen, settled, (terms.wins, ours_is_newer)))
    })
    .collect()
}
