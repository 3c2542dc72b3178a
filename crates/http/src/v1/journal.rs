//! The journal over HTTP: entries, checkpoints, proofs, export.

mod export;

pub(crate) use export::{Export, export_journal};

use crate::answer::Answer;
use crate::app::App;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, action};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::withheld::mentions;
use actix_web::http::StatusCode;
use actix_web::{get, web};
use chrono::{DateTime, Utc};
use ratchet_domain::access::{Actor, Permission, Withheld};
use ratchet_domain::id::EntryId;
use ratchet_domain::journal::checkpoint::{SignedCheckpoint, VerifierKey};
use ratchet_domain::journal::leaf;
use ratchet_domain::journal::merkle::{Hash, leaf_hash};
use ratchet_domain::kinds::sees_all;
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::restrictions::is_about_others;
use ratchet_persistence::journal::reading::{self, EntryFilter, StoredEntry};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Entries per page at most, and unless asked otherwise.
const LIMIT: i64 = 200;

/// One entry of the journal.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EntryView {
    /// Its id.
    pub id: EntryId,
    /// Its place in the organisation's tree, from 0; `null` until it is sequenced, which takes a moment.
    pub position: Option<u64>,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: ActorView,
    /// What was done, as `kind.verb`.
    #[schema(example = "nonconformity.confirmed")]
    pub action: String,
    /// To which record, and its version after it; `null` where that is restricted to others.
    pub object: Option<ObjectView>,
    /// SHA-256 that binds the record's state before.
    pub before: Option<String>,
    /// SHA-256 that binds the record's state after.
    pub after: Option<String>,
    /// The request it was part of.
    pub request: Option<String>,
    /// The reason and the whole state after; `null` when it was redacted, and to who may not see the record.
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Value>,
    /// SHA-256 over 0x00 and the leaf (RFC 6962).
    pub leaf_hash: String,
}

/// Who did it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ActorView {
    /// `member`, `api_key`, `anonymous`, or the name of the program's own worker.
    #[schema(example = "member")]
    pub kind: String,
    /// The member or the key.
    pub id: Option<Uuid>,
    /// The member on whose behalf it was done, by delegation.
    pub on_behalf_of: Option<Uuid>,
}

/// Which record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ObjectView {
    /// The record's kind.
    #[serde(rename = "type")]
    #[schema(example = "nonconformity")]
    pub kind: String,
    /// The record's id.
    pub id: Uuid,
    /// The record's reference; `null` where the detail is.
    #[schema(example = "NC-2026-0007")]
    pub reference: Option<String>,
    /// The record's version after it.
    pub version: u64,
}

impl From<StoredEntry> for EntryView {
    fn from(entry: StoredEntry) -> Self {
        let StoredEntry { id, position, leaf, read, detail } = entry;
        let leaf::Leaf { v: _, org: _, entry: _, at, actor, action, object, before, after, detail: _, request } = read;
        let reference = detail.as_ref().and_then(|(detail, _)| detail["state"]["head"]["reference"].as_str());
        Self {
            id,
            position,
            at,
            actor: ActorView { kind: actor.kind, id: actor.id, on_behalf_of: actor.on_behalf_of },
            action,
            object: Some(ObjectView {
                kind: object.kind,
                id: object.id,
                reference: reference.map(str::to_owned),
                version: object.version,
            }),
            before: before.map(|hash| hash.to_string()),
            after: after.map(|hash| hash.to_string()),
            request,
            detail: detail.map(|(detail, _)| detail),
            leaf_hash: leaf_hash(&leaf).to_string(),
        }
    }
}

/// A page of entries.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EntryPage {
    /// In the order of their positions.
    pub items: Vec<EntryView>,
    /// Send it as `after` to go on; `null` when there is nothing behind it yet.
    pub next_after: Option<u64>,
}

/// What entries can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntryQuery {
    /// About the record of this id.
    object: Option<Uuid>,
    /// By this member or API key.
    actor: Option<Uuid>,
    /// Of this kind.
    #[serde(default, deserialize_with = "action")]
    #[param(example = "nonconformity.closed")]
    action: Option<String>,
    /// At or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<DateTime<Utc>>,
    /// Behind this position.
    after: Option<u64>,
    /// Entries per page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 200)]
    limit: Option<i64>,
}

/// Without what the caller may not see. The entry itself stays: who verifies the journal needs every leaf, and a leaf
/// says nothing of a record but its id.
pub(crate) fn as_seen(mut entry: StoredEntry, by: &Actor) -> StoredEntry {
    let about = entry.detail.as_ref().and_then(|(detail, _)| detail["state"]["target"]["kind"].as_str());
    let kinds = [Some(entry.read.object.kind.as_str()), about];
    let seen = |kind: &str| Prefix::of_kind(kind).is_some_and(|kind| sees_all(by, kind));
    let names = |withheld: &Withheld| entry.detail.as_ref().is_some_and(|(detail, _)| mentions(detail, withheld));
    let object = entry.read.object.id;
    if !kinds.into_iter().flatten().all(seen) || by.is_kept_from(object) || by.withheld().is_some_and(names) {
        entry.detail = None;
    }
    entry
}

/// Whether it tells of what is restricted to others. What was about whatever it was is not said any more where the detail
/// is gone.
fn is_kept(entry: &StoredEntry, by: &Actor) -> bool {
    let object = &entry.read.object;
    let is_about_others = || Prefix::of_kind(&object.kind).is_some_and(is_about_others);
    let names = |withheld: &Withheld| entry.detail.as_ref().is_none_or(|(detail, _)| mentions(detail, withheld));
    by.withheld().is_some_and(|withheld| withheld.has(object.id) || (is_about_others() && names(withheld)))
}

/// An entry as the caller may see it: of what is restricted to others where it stands and what kind of thing was done.
pub(crate) fn view_of(entry: StoredEntry, by: &Actor) -> EntryView {
    let is_kept = is_kept(&entry, by);
    let view = EntryView::from(as_seen(entry, by));
    if is_kept { EntryView { object: None, before: None, after: None, request: None, ..view } } else { view }
}

/// Refuses who may not read the journal.
pub(crate) fn may_read(call: &Call) -> Result<(), ApiError> {
    if call.actor.may(Permission::ReadJournal, false) { Ok(()) } else { Err(Refusal::Forbidden.into()) }
}

pub(crate) fn limit_of(limit: Option<i64>) -> Result<i64, ApiError> {
    match limit.unwrap_or(LIMIT) {
        limit @ 1..=LIMIT => Ok(limit),
        _ => Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {LIMIT}"))),
    }
}

/// Read the journal.
#[utoipa::path(tag = "journal", params(EntryQuery), responses((status = 200, body = EntryPage)))]
#[get("/journal")]
pub(crate) async fn list_entries(call: Call, query: Query<EntryQuery>) -> Result<Answer, ApiError> {
    may_read(&call)?;
    let EntryQuery { object, actor, action, from, to, after, limit } = query.0;
    let (limit, organisation) = (limit_of(limit)?, call.actor.organisation);
    // Answered like one that is not there.
    let object = object.map(|object| if call.actor.is_kept_from(object) { Uuid::nil() } else { object });
    let filter = EntryFilter { object, actor, action, from, to, after };
    let read = move |connection: &mut _| Ok::<_, ApiError>(reading::list(organisation, &filter, limit, connection)?);
    let entries: Vec<StoredEntry> = call.app.store.read(read).await?;
    let full = i64::try_from(entries.len()) == Ok(limit);
    let next_after = entries.last().filter(|_| full).and_then(|entry| entry.position);
    let items = entries.into_iter().map(|entry| view_of(entry, &call.actor)).collect();
    Answer::json(StatusCode::OK, &EntryPage { items, next_after })
}

/// A signed statement of the tree's size and root.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CheckpointView {
    /// Names the log.
    #[schema(example = "127.0.0.1:8080/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    pub origin: String,
    /// How many entries the tree has.
    pub size: u64,
    /// The tree's root, hexadecimal.
    pub root: String,
    /// The signed note (C2SP tlog-checkpoint). Keep it outside: later journals must be consistent with it.
    pub note: String,
    /// The key that verifies it (C2SP signed-note: name, hash, Ed25519 key).
    pub verifier_key: String,
}

pub(crate) fn checkpoint_view(app: &App, note: String) -> Result<CheckpointView, ApiError> {
    let signed = SignedCheckpoint::parse(&note).map_err(|error| ApiError::Internal(error.to_string()))?;
    let verifier_key = VerifierKey { name: signed.checkpoint.origin.clone(), key: app.journal_key };
    Ok(CheckpointView {
        origin: signed.checkpoint.origin,
        size: signed.checkpoint.size,
        root: signed.checkpoint.root.to_string(),
        note,
        verifier_key: verifier_key.to_string(),
    })
}

/// Read the newest checkpoint.
#[utoipa::path(tag = "journal", responses((status = 200, body = CheckpointView)))]
#[get("/journal/checkpoint")]
pub(crate) async fn get_checkpoint(call: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    may_read(&call)?;
    let organisation = call.actor.organisation;
    let read = move |connection: &mut _| Ok::<_, ApiError>(reading::checkpoint(organisation, None, connection)?);
    let note = call.app.store.read(read).await?.ok_or(ApiError::NotFound)?;
    Answer::json(StatusCode::OK, &checkpoint_view(&call.app, note)?)
}

/// Proof that an entry is in the tree of a checkpoint (RFC 6962, section 2.1.1).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InclusionProof {
    /// The exact text that is hashed.
    pub leaf: String,
    /// SHA-256 over 0x00 and the leaf.
    pub leaf_hash: String,
    /// The entry's place in the tree, from 0.
    pub position: u64,
    /// The siblings from the leaf upwards, hexadecimal.
    pub path: Vec<String>,
    /// The checkpoint that the path leads to.
    pub checkpoint: CheckpointView,
}

/// The entry has no position yet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PendingProof {
    /// `pending`.
    #[schema(example = "pending")]
    pub status: &'static str,
}

/// The entry that the path names.
fn entry_of(path: &web::Path<String>) -> Result<EntryId, ApiError> {
    path.parse().map(EntryId).map_err(|_| ApiError::NotFound)
}

/// Read one entry.
#[utoipa::path(
    tag = "journal",
    params(("entry" = Uuid, Path, description = "The entry's id, as `Journal-Entry` names it")),
    responses((status = 200, body = EntryView))
)]
#[get("/journal/entries/{entry}")]
pub(crate) async fn get_entry(call: Call, path: web::Path<String>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    may_read(&call)?;
    let (id, organisation) = (entry_of(&path)?, call.actor.organisation);
    let read = move |connection: &mut _| Ok::<_, ApiError>(reading::find(organisation, id, connection)?);
    let entry = call.app.store.read(read).await?.ok_or(ApiError::NotFound)?;
    Answer::json(StatusCode::OK, &view_of(entry, &call.actor))
}

/// Prove that an entry is in the journal. 202 until it is sequenced, which takes a moment.
#[utoipa::path(
    tag = "journal",
    params(("entry" = Uuid, Path, description = "The entry's id, as `Journal-Entry` names it")),
    responses((status = 200, body = InclusionProof), (status = 202, body = PendingProof))
)]
#[get("/journal/entries/{entry}/proof")]
pub(crate) async fn prove_entry(call: Call, path: web::Path<String>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    may_read(&call)?;
    let (id, organisation) = (entry_of(&path)?, call.actor.organisation);
    let read = move |connection: &mut _| {
        let entry = reading::find(organisation, id, connection)?.ok_or(ApiError::NotFound)?;
        let proof = match entry.position {
            None => None,
            Some(position) => Some((position, reading::inclusion(organisation, position, connection)?)),
        };
        Ok::<_, ApiError>((entry, proof))
    };
    let (entry, proof) = call.app.store.read(read).await?;
    let Some((position, proof)) = proof else {
        return Answer::json(StatusCode::ACCEPTED, &PendingProof { status: "pending" });
    };
    let leaf = String::from_utf8(entry.leaf).map_err(|error| ApiError::Internal(error.to_string()))?;
    let proof = InclusionProof {
        leaf_hash: leaf_hash(leaf.as_bytes()).to_string(),
        leaf,
        position,
        path: proof.path.iter().map(Hash::to_string).collect(),
        checkpoint: checkpoint_view(&call.app, proof.checkpoint)?,
    };
    Answer::json(StatusCode::OK, &proof)
}

/// Which two trees.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConsistencyQuery {
    /// The size of the earlier tree.
    from: u64,
    /// The size of the later tree; the newest checkpoint's without it.
    to: Option<u64>,
}

/// Proof that the earlier tree is the beginning of the later one (RFC 6962, section 2.1.2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ConsistencyProof {
    /// The size of the earlier tree.
    pub from: u64,
    /// The size of the later tree.
    pub to: u64,
    /// Hashes, hexadecimal.
    pub path: Vec<String>,
    /// The newest checkpoint.
    pub checkpoint: CheckpointView,
}

/// Prove that the journal has only grown since an earlier checkpoint.
#[utoipa::path(tag = "journal", params(ConsistencyQuery), responses((status = 200, body = ConsistencyProof)))]
#[get("/journal/consistency")]
pub(crate) async fn prove_consistency(call: Call, query: Query<ConsistencyQuery>) -> Result<Answer, ApiError> {
    may_read(&call)?;
    let (ConsistencyQuery { from, to }, organisation) = (query.0, call.actor.organisation);
    let read = move |connection: &mut _| {
        let note = reading::checkpoint(organisation, None, connection)?.ok_or(ApiError::NotFound)?;
        let newest = SignedCheckpoint::parse(&note).map_err(|error| ApiError::Internal(error.to_string()))?;
        let (size, to) = (newest.checkpoint.size, to.unwrap_or(newest.checkpoint.size));
        if to > size || from > to {
            let detail = format!("must be 0 to `to`, and `to` at most {size}");
            return Err(ApiError::parameter("from", "out_of_range", detail));
        }
        let path = reading::consistency(organisation, (from, to), connection)?;
        Ok((note, to, path))
    };
    let (note, to, path) = call.app.store.read(read).await?;
    let path = path.iter().map(Hash::to_string).collect();
    Answer::json(StatusCode::OK, &ConsistencyProof { from, to, path, checkpoint: checkpoint_view(&call.app, note)? })
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_entries)
        .service(get_checkpoint)
        .service(get_entry)
        .service(prove_entry)
        .service(prove_consistency)
        .service(export_journal);
}
