//! The contract: collected from the routes. What is true of every operation is written here, once.

mod areas;
mod events;
mod examples;
mod lists;
mod operations;
mod schemas;

use crate::dialects::{InfluxFault, OtlpStatus, ScimFault};
use crate::error::{Kind, Problem};
use crate::record::Resource;
use crate::routes::DECLARED;
use crate::routing;
use ratchet_domain::of_kind;
use ratchet_domain::reference::Prefix;
use serde_json::{Value, json};
use strum::VariantArray;
use utoipa::{PartialSchema, ToSchema};

pub use events::{event_types, events};

/// The document, whole: OpenAPI 3.1.
#[must_use]
pub fn document() -> Value {
    let mut document = serde_json::to_value(routing::describe(&DECLARED)).unwrap_or_default();
    document["openapi"] = json!("3.1.0");
    document["info"] = info();
    document["servers"] = json!([{ "url": "/", "description": "This server" }]);
    document["security"] = json!([{ "bearer": [] }]);
    add_components(&mut document["components"]);
    document["tags"] = areas::tags(&document);
    if let Value::Object(paths) = &mut document["paths"] {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                operations::complete(path, method, operation);
            }
        }
    }
    lists::describe(&mut document);
    schemas::refer_to_pages(&mut document);
    schemas::open_parts(&mut document);
    schemas::require_what_is_always_told(&mut document);
    schemas::close_choices(&mut document);
    examples::write(&mut document);
    drop_unused_responses(&mut document);
    document
}

fn info() -> Value {
    json!({
        "title": "Ratchet",
        "version": "1",
        "summary": "The continual-improvement lifecycle of an ISO/IEC 27001:2022 management system",
        "description": "Signal, case, action, change, verified effect, review, next cycle: each step a record, each \
            write an entry in a journal that can be proved. Habits of every endpoint: openapi/README.md. Every path \
            answers `OPTIONS` with `Allow`, and `HEAD` where it answers `GET`; any other method it answers with 405, \
            `Allow` and a problem. What cannot be read as HTTP at all is refused without a body: 400, 408, 431.",
        "contact": { "name": "Whoever runs this server" },
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    })
}

fn add_components(components: &mut Value) {
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    schemas.push((Problem::name().into_owned(), Problem::schema()));
    schemas.push((OtlpStatus::name().into_owned(), OtlpStatus::schema()));
    schemas.push((InfluxFault::name().into_owned(), InfluxFault::schema()));
    schemas.push((ScimFault::name().into_owned(), ScimFault::schema()));
    for (name, schema) in schemas {
        components["schemas"][name] = serde_json::to_value(schema).unwrap_or_default();
    }
    components["securitySchemes"] = json!({ "bearer": {
        "type": "http", "scheme": "bearer",
        "description": "An access token from `POST /v1/auth/login`, or an API key (`rk_...`).",
    } });
    for kind in Kind::VARIANTS {
        let slug: &'static str = kind.into();
        let (status, title) = kind.status_and_title();
        components["responses"][slug] = json!({
            "description": format!("{title}. {}", kind.advice()),
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "example": {
                    "type": format!("/problems/{slug}"), "title": title, "status": status.as_u16(),
                    "detail": kind.advice(), "instance": "0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d",
                },
            } },
            "headers": headers_of(*kind),
        });
    }
    let header = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    components["headers"] = json!({
        "ETag": header("`\"<version>-<hash of the body>\"`; send it in If-Match or If-None-Match."),
        "Location": header("Where the new record is."),
        "Journal-Entry": header("The id of the journal entry that carries this write."),
        "Journal-Leaf": header("The SHA-256 of that entry's leaf, hexadecimal: kept, it shows that the journal still says the same."),
        "X-Request-Id": header("The request's id: yours when it was sane, else a new one."),
        "Retry-After": header("After how many seconds the same may be tried again."),
        "WWW-Authenticate": header("`Bearer`, and why what was presented is not accepted (RFC 6750)."),
        "Link": header("The next page, as `<...>; rel=\"next\"`; not on the last one (RFC 8288)."),
        "Idempotency-Replayed": header("`true` where this is the first answer once more, to the same `Idempotency-Key`."),
    });
    components["parameters"] = json!({
        "If-Match": {
            "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The ETag that was read; its version part is compared.",
        },
        "If-Match-of-PATCH": {
            "name": "If-Match", "in": "header", "required": true, "schema": { "type": "string" },
            "description": "The ETag that was read; its version part is compared. `*` where whatever is there is to be changed.",
        },
        "If-None-Match": {
            "name": "If-None-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The ETag that is known; answered with 304 when nothing differs.",
        },
        "On-Behalf-Of": {
            "name": "On-Behalf-Of", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The id of a member for whom the caller stands in today (`/v1/members/{id}/delegate`): the call \
                is about what is that member's own, is never a decision, and both are named in the journal. 403 of anybody else.",
        },
        "Idempotency-Key": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "description": "The same key with the same request gets the first answer again, for 24 hours; 410 once something in \
                the record that it shows had to go by law.",
        },
    });
    for kind in Prefix::VARIANTS.iter().copied() {
        let prefix: &'static str = kind.into();
        let stem = of_kind!(kind, T => <T as Resource>::PATH);
        components["parameters"][format!("id-of-{stem}")] = json!({
            "name": "id", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The record's id or its reference.", "example": format!("{prefix}-2026-0007"),
        });
    }
}

/// What a problem of this kind says beside its body.
fn headers_of(kind: Kind) -> Value {
    let own = match kind.status_and_title().0.as_u16() {
        401 => Some("WWW-Authenticate"),
        429 | 503 => Some("Retry-After"),
        _ => None,
    };
    let named = |name: &str| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    Value::Object(own.into_iter().chain(["X-Request-Id"]).map(named).collect())
}

/// Kinds of problem that no operation names are documented at `/problems/{kind}` alone.
fn drop_unused_responses(document: &mut Value) {
    let used = document["paths"].to_string();
    if let Value::Object(responses) = &mut document["components"]["responses"] {
        responses.retain(|name, _| used.contains(&format!("#/components/responses/{name}\"")));
    }
}
