//! Events: the journal as CloudEvents 1.0, in order, gap-free, at least once.

mod stream;

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::journal::{ActorView, EntryView, ObjectView, limit_of, may_read, view_of};
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use ratchet_domain::id::{EntryId, OrganisationId};
use ratchet_persistence::journal::reading::{self, EntryFilter, StoredEntry};
use serde::{Deserialize, Serialize};
use stream::stream_events;

/// One event (CloudEvents 1.0).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EventView {
    /// `1.0`.
    #[schema(example = "1.0")]
    pub specversion: &'static str,
    /// The journal entry's id; the same whenever the event is read.
    pub id: EntryId,
    /// The organisation.
    #[schema(example = "/v1/organisations/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(example = "nonconformity.confirmed")]
    pub kind: String,
    /// The record's reference; `null` to who may not see the record.
    #[schema(example = "NC-2026-0007")]
    pub subject: Option<String>,
    /// When.
    pub time: DateTime<Utc>,
    /// `application/json`.
    #[schema(example = "application/json")]
    pub datacontenttype: &'static str,
    /// What more there is to say.
    pub data: EventData,
}

/// What an event carries; the record itself is read where it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EventData {
    /// The entry's place in the journal: the cursor.
    pub position: u64,
    /// Who did it.
    pub actor: ActorView,
    /// To which record; `null` where that is restricted to others.
    pub object: Option<ObjectView>,
    /// The request it was part of.
    pub request: Option<String>,
}

/// A page of events.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EventPage {
    /// In the order in which they happened.
    pub items: Vec<EventView>,
    /// Send it as `after` to go on, also when nothing came this time.
    pub next_after: Option<u64>,
}

/// Where to go on.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// Behind this position; from the beginning without it.
    after: Option<u64>,
    /// Events per page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 200)]
    limit: Option<i64>,
}

/// Read what has happened since.
#[utoipa::path(tag = "events", params(EventQuery), responses((status = 200, body = EventPage)))]
#[get("/events")]
pub(crate) async fn list_events(call: Call, query: Query<EventQuery>) -> Result<Answer, ApiError> {
    may_read(&call)?;
    let EventQuery { after, limit } = query.0;
    let (limit, organisation) = (limit_of(limit)?, call.actor.organisation);
    let filter = EntryFilter { after, ..EntryFilter::default() };
    let read = move |connection: &mut _| Ok::<_, ApiError>(reading::list(organisation, &filter, limit, connection)?);
    let entries: Vec<StoredEntry> = call.app.store.read(read).await?;
    let next_after = entries.last().and_then(|entry| entry.position).or(after);
    let event = |entry: StoredEntry| event_of(view_of(entry, &call.actor), organisation);
    Answer::json(StatusCode::OK, &EventPage { items: entries.into_iter().map(event).collect(), next_after })
}

/// An entry, as far as it is seen, as an event.
pub(crate) fn event_of(entry: EntryView, organisation: OrganisationId) -> EventView {
    let EntryView { id, position, at, actor, action, object, request, .. } = entry;
    EventView {
        specversion: "1.0",
        id,
        source: format!("/v1/organisations/{organisation}"),
        kind: action,
        subject: object.as_ref().and_then(|object| object.reference.clone()),
        time: at,
        datacontenttype: "application/json",
        data: EventData { position: position.unwrap_or_default(), actor, object, request },
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_events).service(stream_events);
}
