//! The journal as a file: the same bytes wherever it is handed out.

use super::{CheckpointView, as_seen, checkpoint_view, may_read};
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::v1::auth::Nothing;
use actix_web::{HttpResponse, get, web};
use futures_util::stream;
use ratchet_domain::access::Actor;
use ratchet_domain::id::OrganisationId;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::journal::reading::{self, EntryFilter, StoredEntry};
use serde_json::{Value, json};

/// Entries that are read at once.
const PAGE: i64 = 500;

/// An export on its way: how far it was read, and how far it goes.
#[derive(Clone, Copy)]
pub(crate) struct Export {
    organisation: OrganisationId,
    size: u64,
    after: Option<u64>,
}

impl Export {
    /// One that goes as far as the checkpoint, and its first line.
    pub(crate) fn begin(organisation: OrganisationId, checkpoint: &CheckpointView) -> (Self, String) {
        let first = json!({
            "format": "ratchet-journal/1", "organisation": organisation, "size": checkpoint.size,
            "checkpoint": checkpoint.note, "verifier_key": checkpoint.verifier_key,
        });
        (Self { organisation, size: checkpoint.size, after: None }, format!("{first}\n"))
    }

    /// The next lines as the caller may see them, and what is behind them; `None` where nothing is.
    pub(crate) fn next(self, by: &Actor, connection: &mut AnyConnection) -> Result<(String, Option<Self>), ApiError> {
        let filter = EntryFilter { after: self.after, ..EntryFilter::default() };
        let entries = reading::list(self.organisation, &filter, PAGE, connection)?;
        let last = entries.last().and_then(|entry| entry.position);
        let go_on = last.filter(|last| last + 1 < self.size).map(|last| Self { after: Some(last), ..self });
        let within = entries.into_iter().filter(|entry| entry.position.is_some_and(|at| at < self.size));
        Ok((within.map(|entry| line_of(&as_seen(entry, by))).collect(), go_on))
    }
}

/// Export the whole journal as NDJSON; `scripts/verify_journal.py` verifies it with the key alone. What the caller may not
/// see is withheld, its hash is there.
#[utoipa::path(
    tag = "journal",
    responses((status = 200, body = String, content_type = "application/x-ndjson"))
)]
#[get("/journal/export")]
pub(crate) async fn export_journal(call: Call, _: Query<Nothing>) -> Result<HttpResponse, ApiError> {
    may_read(&call)?;
    let organisation = call.actor.organisation;
    let read = move |connection: &mut _| Ok::<_, ApiError>(reading::checkpoint(organisation, None, connection)?);
    let note = call.app.store.read(read).await?.ok_or(ApiError::NotFound)?;
    let (export, first) = Export::begin(organisation, &checkpoint_view(&call.app, note)?);
    let (app, by) = (call.app.clone(), call.actor.clone());
    let pages = stream::unfold(Some(export), move |export| {
        let (app, by) = (app.clone(), by.clone());
        async move {
            let export = export?;
            match app.store.read(move |connection| export.next(&by, connection)).await {
                Ok((lines, go_on)) => Some((Ok(web::Bytes::from(lines)), go_on)),
                Err(error) => Some((Err(error), None)),
            }
        }
    });
    let first = web::Bytes::from(first);
    let body = futures_util::StreamExt::chain(stream::once(std::future::ready(Ok::<_, ApiError>(first))), pages);
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header(("content-disposition", "attachment; filename=\"journal.ndjson\""))
        .streaming(body))
}

/// The leaf as the text it is, so that a verifier hashes what it reads.
fn line_of(entry: &StoredEntry) -> String {
    let (detail, salt) = match &entry.detail {
        Some((detail, salt)) => (detail.clone(), Value::String(hex::encode(salt))),
        None => (Value::Null, Value::Null),
    };
    let leaf = String::from_utf8_lossy(&entry.leaf);
    format!("{}\n", json!({ "position": entry.position, "leaf": leaf, "detail": detail, "detail_salt": salt }))
}
