//! What is told as it happens: the events of the stream and of webhooks, as AsyncAPI 3 describes them, beside the contract.

use super::document;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Every type of event, one on a line. A test holds it against whatever any test leaves in the journal.
const TYPES: &str = include_str!("../../../../openapi/event-types.txt");

/// The types of events.
pub fn event_types() -> impl Iterator<Item = &'static str> {
    TYPES.lines()
}

/// The document, whole: AsyncAPI 3.0.
#[must_use]
pub fn events() -> Value {
    let (mut messages, mut told) = (Map::new(), Map::new());
    for kind in event_types() {
        messages.insert(kind.to_owned(), message(kind));
        told.insert(kind.to_owned(), json!({ "$ref": format!("#/components/messages/{kind}") }));
    }
    let of = |channel: &str| {
        let messages = event_types().map(|kind| json!({ "$ref": format!("#/channels/{channel}/messages/{kind}") }));
        messages.collect::<Vec<_>>()
    };
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ratchet: events",
            "version": "1",
            "description": "What happens in an organisation, in order and gap-free, at least once. Each event is an entry of \
                the journal. New types come with new versions of the server: ignore what you do not know.",
            "contact": { "name": "Whoever runs this server" },
            "license": { "name": "Apache-2.0" },
            "tags": [{ "name": "events" }],
        },
        "servers": {
            "this": { "host": "isms.example.org", "protocol": "https", "description": "Where Ratchet runs" },
        },
        "defaultContentType": "application/json",
        "channels": {
            "stream": {
                "address": "/v1/events/stream",
                "title": "The stream of events",
                "description": "Server-sent events over HTTP: `id` is the event's position, `data` the event. `Last-Event-ID` \
                    or `after` says behind which position; `types` which types. In pages they are read at `GET /v1/events`.",
                "messages": told,
            },
            "webhooks": {
                "address": null,
                "title": "Webhook endpoints",
                "description": "A `POST` to each endpoint that is registered at `/v1/webhook-endpoints`, signed as Standard \
                    Webhooks has it. `webhook-id` is the event's id. With `payload: full` there is `data.detail`, too.",
                "messages": told,
            },
        },
        "operations": {
            "stream_events": {
                "action": "send", "channel": { "$ref": "#/channels/stream" },
                "summary": "Told to whoever listens.", "description": "In order and gap-free, as far as the listener may see.", "messages": of("stream"),
            },
            "send_webhooks": {
                "action": "send", "channel": { "$ref": "#/channels/webhooks" },
                "summary": "Sent to webhook endpoints.", "description": "In order for each record, at least once.", "messages": of("webhooks"),
            },
        },
        "components": { "messages": messages, "schemas": schemas() },
    })
}

fn message(kind: &str) -> Value {
    let (record, verb) = kind.split_once('.').unwrap_or((kind, ""));
    json!({
        "name": kind,
        "title": format!("{}: {}", in_words(record), in_words(verb)),
        "payload": {
            "allOf": [
                { "$ref": "#/components/schemas/EventView" },
                { "type": "object", "properties": { "type": { "const": kind } } },
            ],
        },
    })
}

fn in_words(name: &str) -> String {
    name.replace('_', " ")
}

/// The event's schema, and those that it names, as the contract has them.
fn schemas() -> Value {
    let contract = document();
    let mut taken = Map::new();
    let mut wanted = BTreeSet::from(["EventView".to_owned()]);
    while let Some(name) = wanted.pop_first() {
        let schema = contract["components"]["schemas"][&name].clone();
        wanted.extend(names_in(&schema).into_iter().filter(|named| *named != name && !taken.contains_key(named)));
        taken.insert(name, schema);
    }
    Value::Object(taken)
}

fn names_in(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next());
            own.map(str::to_owned).into_iter().chain(members.values().flat_map(names_in)).collect()
        }
        Value::Array(items) => items.iter().flat_map(names_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
