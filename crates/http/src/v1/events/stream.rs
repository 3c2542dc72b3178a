//! Events as they happen: server-sent events (the HTML standard, section 9.2).

use super::event_of;
use crate::app::App;
use crate::caller::{Call, caller_id};
use crate::error::ApiError;
use crate::listeners::{Place, Woken};
use crate::parameters::{Query, listed_events};
use crate::v1::journal::{may_read, view_of};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, web};
use futures_util::{StreamExt, stream};
use ratchet_domain::webhook_endpoints::is_taken;
use ratchet_persistence::journal::reading::{self, EntryFilter, StoredEntry};
use ratchet_persistence::restrictions;
use serde::Deserialize;
use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

/// After so long without an event a comment says that the stream is alive, and it is asked again who listens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events read at a time.
const PART: i64 = 100;
/// How long a browser waits before it comes back, in milliseconds.
const RETRY: u64 = 3_000;
/// Where a browser that comes back says how far it has read.
const LAST_EVENT_ID: &str = "last-event-id";

/// From where on, and what.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Behind this position; what happens from now on without it.
    after: Option<u64>,
    /// Of these types, separated by commas; `*` stands for any characters, `?` for one. At most 50.
    #[serde(default, deserialize_with = "listed_events")]
    #[param(inline, value_type = Option<Vec<String>>, example = "nonconformity.*,*.closed")]
    types: Option<Vec<String>>,
}

/// Who listens, and how far it was told.
struct Listener {
    app: web::Data<App>,
    request: HttpRequest,
    place: Place,
    /// The position of the next event.
    next: u64,
    types: Option<Vec<String>>,
}

/// Be told of events as they happen (server-sent events).
///
/// In order and gap-free. Each event's `id` is its position, its `data` an event as `GET /v1/events` answers it. Whoever comes
/// back says in `Last-Event-ID` how far it has read, as browsers do. See `/asyncapi.json`.
#[utoipa::path(
    tag = "events",
    params(StreamQuery, ("Last-Event-ID" = Option<u64>, Header, description = "Behind this position; outdoes `after`")),
    responses((
        status = 200, body = String, content_type = "text/event-stream",
        example = "id: 41\ndata: {\"specversion\":\"1.0\",\"type\":\"nonconformity.confirmed\",...}\n\n",
    ))
)]
#[get("/events/stream")]
pub(crate) async fn stream_events(call: Call, query: Query<StreamQuery>) -> Result<HttpResponse, ApiError> {
    may_read(&call)?;
    let StreamQuery { after, types } = query.0;
    let after = match call.header(LAST_EVENT_ID)? {
        Some(last) => Some(last.parse().map_err(|_| {
            ApiError::parameter("Last-Event-ID", "malformed", "must be the `id` of an event, which is a whole number")
        })?),
        None => after,
    };
    let organisation = call.actor.organisation;
    let read = move |connection: &mut _| Ok::<_, ApiError>(reading::size(organisation, connection)?);
    let size = call.app.store.read(read).await?;
    if after.is_some_and(|after| after >= size) {
        let fault = format!("nothing has this position yet: the journal has {size} entries");
        return Err(ApiError::parameter("after", "out_of_range", fault));
    }
    let place = call.app.listeners.take(caller_id(&call.actor), organisation, size)?;
    let next = after.map_or(size, |after| after + 1);
    let listener = Listener { app: call.app.clone(), request: call.request.clone(), place, next, types };
    let opening = stream::iter([Ok::<_, Infallible>(opening(next))]);
    let parts = stream::unfold(listener, |mut listener| async move {
        let part = listener.part().await?;
        Some((Ok(part), listener))
    });
    Ok(HttpResponse::Ok()
        .insert_header(header::ContentEncoding::Identity)
        .content_type("text/event-stream")
        .insert_header(("x-accel-buffering", "no"))
        .streaming(opening.chain(parts)))
}

/// What a stream begins with: how far its reader has come, so that nothing is lost to one that is cut off before the first
/// event.
fn opening(next: u64) -> Bytes {
    let mut text = format!("retry: {RETRY}\n");
    if let Some(last) = next.checked_sub(1) {
        // Writing into a String does not fail.
        let _ = writeln!(text, "id: {last}");
    }
    text.push('\n');
    Bytes::from(text)
}

impl Listener {
    /// What is sent next; `None` where the stream ends: the server stops, or whoever listens may not any more.
    async fn part(&mut self) -> Option<Bytes> {
        loop {
            if self.place.size() > self.next {
                return self.read().await.inspect_err(|error| tracing::debug!(%error, "a stream of events ends")).ok();
            }
            match self.place.wait(HEARTBEAT).await {
                Woken::Growth => {}
                Woken::Silence => {
                    self.again().await.ok()?;
                    return Some(Bytes::from_static(b":\n\n"));
                }
                Woken::End => return None,
            }
        }
    }

    /// Who listens, looked up anew, at most a second old: a login ends, roles are taken away, records are restricted while a stream is open.
    async fn again(&self) -> Result<Call, ApiError> {
        let call = Call::from_request(&self.request, &mut Payload::None).await?;
        may_read(&call)?;
        Ok(call)
    }

    async fn read(&mut self) -> Result<Bytes, ApiError> {
        let by = self.again().await?.actor;
        let (organisation, after) = (by.organisation, self.next.checked_sub(1));
        let filter = EntryFilter { after, ..EntryFilter::default() };
        let reader = by.member();
        // Entries first: whatever has restricted one of them, on whichever server, is known by then.
        let read = move |connection: &mut _| {
            let entries = reading::list(organisation, &filter, PART, connection)?;
            Ok::<_, ApiError>((entries, restrictions::withheld(organisation, reader, connection)?))
        };
        let turn = self.place.turn().await;
        let (entries, withheld): (Vec<StoredEntry>, _) = self.app.store.read(read).await?;
        drop(turn);
        let by = by.without(withheld);
        let mut text = String::new();
        let mut passed = None;
        for entry in entries {
            let position = entry.position.unwrap_or(self.next);
            self.next = position + 1;
            if self.types.as_ref().is_some_and(|types| !is_taken(types, &entry.read.action)) {
                passed = Some(position);
                continue;
            }
            passed = None;
            let event = serde_json::to_string(&event_of(view_of(entry, &by), organisation));
            let event = event.map_err(|error| ApiError::Internal(error.to_string()))?;
            let _ = write!(text, "id: {position}\ndata: {event}\n\n");
        }
        // Without data it is no event: it says how far the reader has come.
        if let Some(position) = passed {
            let _ = write!(text, "id: {position}\n\n");
        }
        Ok(Bytes::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_knows_from_the_beginning_how_far_it_has_come() {
        assert_eq!(opening(0), "retry: 3000\n\n");
        assert_eq!(opening(42), "retry: 3000\nid: 41\n\n");
    }
}
