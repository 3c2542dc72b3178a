//! What is sent to webhook endpoints: an event of the journal as CloudEvents 1.0 has it, as far as it may leave the program.

use crate::v1::events::{EventView, event_of};
use crate::v1::journal::{ObjectView, view_of};
use chrono::{DateTime, Utc};
use ratchet_domain::access::{Actor, Identity, Permission, Withheld};
use ratchet_domain::change::Record;
use ratchet_domain::id::{ApiKeyId, OrganisationId};
use ratchet_domain::of_kind;
use ratchet_domain::reference::Prefix;
use ratchet_domain::webhook_endpoints::{Found, Payload, WebhookEndpoint};
use ratchet_persistence::journal::reading::StoredEntry;
use ratchet_persistence::webhook_deliveries::TEST;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// The longest body, in bytes. A detail that would make it longer is left out.
pub const LONGEST: usize = 64 << 10;

/// As whom an endpoint sees what happened: a machine that may read the records and the journal, from which everything is
/// kept that is restricted, and what people report in confidence.
fn receiver(organisation: OrganisationId, endpoint: Uuid, withheld: Withheld) -> Actor {
    let scopes =
        vec![Permission::ReadRecords, Permission::ReadMembers, Permission::ReadCourses, Permission::ReadJournal];
    Actor { organisation, identity: Identity::ApiKey { id: ApiKeyId(endpoint), scopes, withheld } }
}

/// What people report in confidence: who did is not known outside.
fn is_told_in_confidence(object: &ObjectView) -> bool {
    Prefix::of_kind(&object.kind)
        .is_some_and(|kind| of_kind!(kind, T => <T as Record>::READING == Permission::ReadReports))
}

/// The body by which an endpoint is told what happened.
///
/// # Errors
/// When it cannot be written.
pub fn message(endpoint: &WebhookEndpoint, entry: StoredEntry, withheld: Withheld) -> Result<Vec<u8>, String> {
    let organisation = endpoint.head.organisation;
    let mut view = view_of(entry, &receiver(organisation, endpoint.head.id, withheld));
    let detail = view.detail.take();
    let mut event = event_of(view, organisation);
    // A third party is told that it happened, and neither of what nor by whom.
    if event.data.object.as_ref().is_none_or(is_told_in_confidence) {
        (event.data.object, event.data.request) = (None, None);
        (event.data.actor.id, event.data.actor.on_behalf_of) = (None, None);
    }
    match endpoint.terms.payload {
        Payload::Thin => written(&event),
        Payload::Full => with_detail(&event, detail),
    }
}

fn with_detail(event: &EventView, detail: Option<Value>) -> Result<Vec<u8>, String> {
    let mut whole = serde_json::to_value(event).map_err(|error| error.to_string())?;
    whole["data"]["detail"] = detail.unwrap_or(Value::Null);
    let body = written(&whole)?;
    if body.len() <= LONGEST {
        return Ok(body);
    }
    whole["data"]["detail"] = Value::Null;
    written(&whole)
}

fn written(body: &impl serde::Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(body).map_err(|error| error.to_string())
}

/// The body of a test: no event, so that nothing follows from it.
///
/// # Errors
/// When it cannot be written.
pub fn test_message(endpoint: &WebhookEndpoint, delivery: Uuid, at: DateTime<Utc>) -> Result<Vec<u8>, String> {
    let head = &endpoint.head;
    let object = json!({
        "type": "webhook_endpoint", "id": head.id, "reference": head.reference.to_string(), "version": head.version,
    });
    written(&json!({
        "specversion": "1.0",
        "id": delivery,
        "source": format!("/v1/organisations/{}", head.organisation),
        "type": TEST,
        "subject": head.reference.to_string(),
        "time": at,
        "datacontenttype": "application/json",
        "data": { "position": null, "actor": null, "object": object, "request": null },
    }))
}

/// How long a name may take to be looked up.
const PATIENCE: Duration = Duration::from_secs(3);

/// The addresses of a host.
pub async fn look_up(host: &str) -> Found {
    let looked_up = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, 0))).await;
    let addresses: Vec<_> = looked_up.into_iter().flatten().flatten().map(|address| address.ip()).collect();
    if addresses.is_empty() { Found::Nothing } else { Found::Addresses(addresses) }
}
