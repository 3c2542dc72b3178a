//! One entry per changed record, written in the record's own transaction. No head is read and no lock is taken
//! here: positions are given afterwards by the sequencer.

pub(crate) mod erasing;
pub mod reading;
pub mod rotation;
pub mod sequencer;
pub mod verification;

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::schema::journal_entries;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::access::{Actor, Identity};
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::{EntryId, OrganisationId};
use ratchet_domain::journal::leaf::{self, Leaf};
use ratchet_domain::journal::merkle::Hash;
use serde_json::{Value, json};
use uuid::Uuid;

/// What happened to one record, before it has an id of its own.
pub(crate) struct Entry {
    leaf: Leaf,
    detail: Value,
    detail_salt: [u8; 16],
}

impl Entry {
    /// Binds the record's state before and after by hash, each with its salt, and keeps the new state as readable detail.
    pub(crate) fn of<T: Record>(
        change: &Change<T>,
        actor: &Actor,
        (salt_before, salt): ([u8; 16], [u8; 16]),
        detail_salt: [u8; 16],
        at: DateTime<Utc>,
        request: Option<&str>,
    ) -> Result<Self, Error> {
        let head = change.after().head();
        let after = projection(change.after())?;
        let before = change.before().map(projection).transpose()?;
        let before = before.map(|state| leaf::state_hash(&salt_before, &state)).transpose()?;
        let bound = leaf::state_hash(&salt, &after)?;
        let detail = json!({ "reason": change.reason(), "state": after });
        let leaf = Leaf {
            v: leaf::Version,
            org: head.organisation.0,
            entry: Uuid::nil(),
            at,
            actor: actor_of(actor),
            action: change.action(),
            object: leaf::Object { kind: T::KIND.to_owned(), id: head.id, version: head.version.unsigned_abs() },
            before,
            after: Some(bound),
            detail: Some(leaf::detail_hash(&detail_salt, &detail)?),
            request: request.map(str::to_owned),
        };
        Ok(Self { leaf, detail, detail_salt })
    }
}

fn projection<T: Record>(record: &T) -> Result<Value, Error> {
    serde_json::to_value(record).map_err(|error| Error::Unwritable(error.to_string()))
}

fn actor_of(actor: &Actor) -> leaf::Actor {
    let (kind, id) = match &actor.identity {
        Identity::Member { id, .. } => ("member", Some(id.0)),
        Identity::ApiKey { id, .. } => ("api_key", Some(id.0)),
        Identity::System { worker } => (*worker, None),
        Identity::Anonymous => ("anonymous", None),
    };
    let on_behalf_of = actor.on_behalf_of().map(|principal| principal.0);
    leaf::Actor { kind: kind.to_owned(), id, via: None, on_behalf_of }
}

/// What was taken down: with it whoever wrote can ask for the proof, and see that it proves what was written then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's id.
    pub entry: EntryId,
    /// The hash of its leaf.
    pub leaf: Hash,
}

/// Appends the entry; a trigger queues it for the sequencer.
pub(crate) fn append(
    id: EntryId,
    organisation: OrganisationId,
    entry: Entry,
    connection: &mut AnyConnection,
) -> Result<Receipt, Error> {
    let Entry { mut leaf, detail, detail_salt } = entry;
    leaf.entry = id.0;
    let bytes = leaf.canonical_bytes()?;
    let hash = leaf::leaf_hash(&bytes);
    let detail = detail.to_string();
    let row = diesel::insert_into(journal_entries::table).values((
        journal_entries::id.eq(KeyValue(id.0)),
        journal_entries::organisation_id.eq(KeyValue(organisation.0)),
        journal_entries::recorded_at.eq(InstantValue(leaf.at)),
        journal_entries::actor_kind.eq(&leaf.actor.kind),
        journal_entries::actor_id.eq(leaf.actor.id.map(KeyValue)),
        journal_entries::action.eq(&leaf.action),
        journal_entries::object_kind.eq(&leaf.object.kind),
        journal_entries::object_id.eq(KeyValue(leaf.object.id)),
        journal_entries::object_version.eq(leaf.object.version.cast_signed()),
        journal_entries::leaf.eq(&bytes),
        journal_entries::leaf_hash.eq(hash.as_bytes().as_slice()),
        journal_entries::detail.eq(&detail),
        journal_entries::detail_salt.eq(detail_salt.as_slice()),
    ));
    on_connection!(connection, |c| row.execute(c))?;
    Ok(Receipt { entry: id, leaf: hash })
}
