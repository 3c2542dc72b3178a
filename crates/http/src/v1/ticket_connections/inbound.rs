//! What ticketing systems send when a ticket has changed. It is a hint alone: the ticket is then asked for.

use crate::answer::Answer;
use crate::app::App;
use crate::body;
use crate::error::ApiError;
use crate::v1::auth::{Open, client_address};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, post, web};
use ratchet_domain::change::Record;
use ratchet_domain::reference::Locator;
use ratchet_domain::ticket_connections::{StageName, TicketConnection};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::table::Table;
use ratchet_persistence::ticket_connections::{Purpose, secret, whose};
use ratchet_persistence::tickets;
use ratchet_tickets::{Arrived, connector, is_authentic};
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;

/// Where it arrives.
pub(crate) const PATH: &str = "/v1/ticket-inbound/{connection}";
/// The longest body, in bytes.
const LONGEST: usize = 1 << 20;

/// A body as it came: what is signed is its bytes.
pub(crate) struct Bytes(Result<Vec<u8>, ApiError>);

impl FromRequest for Bytes {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(Self(body::read(&request, payload, LONGEST).await)) })
    }
}

/// Be told by a ticketing system that a ticket has changed: the action is compared with it at once.
///
/// It must be signed with the connection's secret, in the way that the connection says. Whoever cannot sign is answered like
/// whoever names no connection. What it says of the ticket is not believed: the ticket is asked for. So the same may come
/// twice, late, or out of turn.
#[utoipa::path(
    tag = "tickets",
    params(("connection" = String, Path, description = "The id of the connection: its `inbound_path`")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses((status = 204)),
    security(())
)]
#[post("/ticket-inbound/{connection}")]
pub(crate) async fn receive_from_ticket_system(
    app: web::Data<App>,
    request: HttpRequest,
    _: Open,
    bytes: Bytes,
) -> Result<Answer, ApiError> {
    app.limits.admit_key(client_address(&app, &request))?;
    let named = request.match_info().get("connection").and_then(|id| Uuid::try_parse(id).ok());
    let id = named.ok_or(ApiError::Unauthenticated)?;
    let body = bytes.0?;
    let (seal, now) = (app.ticket_seal.clone(), app.now());
    let read = move |connection: &mut AnyConnection| -> Result<Option<_>, ApiError> {
        let Some(organisation) = whose(id, connection)? else { return Ok(None) };
        let found = TicketConnection::find(organisation, Locator::Id(id), connection)?;
        let sealed = secret(organisation, id, Purpose::Inbound, connection)?;
        let opened = sealed.and_then(|sealed| String::from_utf8(seal.open(id, &sealed)?).ok());
        Ok(found.map(|(record, _)| record).zip(opened))
    };
    let (record, secret) = app.store.read(read).await?.ok_or(ApiError::Unauthenticated)?;
    let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    let arrived = Arrived { header: &header, body: &body, at: now };
    if record.stage.name() == StageName::Retired || !is_authentic(&record.terms, &secret, &arrived) {
        return Err(ApiError::Unauthenticated);
    }
    let said = serde_json::from_slice(&body).map_err(|_| ApiError::Malformed("the body is no JSON".to_owned()))?;
    if let Some(key) = connector(record.terms.kind).key_of(&record.terms, &said) {
        let organisation = record.head().organisation;
        let marked = app.store.work(move |connection| tickets::look_at(organisation, (id, &[key]), now, connection));
        marked.await.map_err(ApiError::from)?;
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
