//! What is true of every operation: headers, and each answer that it can give.

use crate::dialects::{self, DOORS, PROTOBUF};
use crate::error::Kind;
use crate::health;
use crate::observe::UNOBSERVED;
use crate::v1::calendar;
use crate::v1::evidence::HARMLESS;
use crate::v1::scim::SCIM;
use crate::v1::ticket_connections::inbound;
use serde_json::{Map, Value, json};

/// Adds to an operation what all of its kind share: headers, and each problem it can answer with.
pub(super) fn complete(path: &str, method: &str, operation: &mut Value) {
    let open = operation.get("security").is_some();
    let about_one = path.contains("{id}");
    let writes = method != "get" && !path.ends_with(SEARCH);
    let takes_body = operation.get("requestBody").is_some();
    let secret = path.starts_with("/v1/auth/")
        || (SHOWN_ONCE.contains(&path) && writes)
        || ONCE.iter().any(|verb| path.ends_with(verb));
    let tagged = is_tagged(path, method);
    refer_to_id(path, operation);
    let mut header = |name: &str| add_parameter(operation, name);
    if tagged && !writes {
        header("If-None-Match");
    }
    let is_directory = path.starts_with(SCIM);
    if writes && about_one {
        let is_asked_for = method == "patch" && !is_directory;
        header(if is_asked_for { "If-Match-of-PATCH" } else { "If-Match" });
    }
    let takes_stand_ins = path.starts_with("/v1/") && !open && !path.starts_with("/v1/auth/");
    if takes_stand_ins {
        header("On-Behalf-Of");
    }
    let anonymous = path.starts_with(UNOBSERVED);
    let from_outside = path == inbound::PATH;
    if method == "post" && writes && !secret && !anonymous && !from_outside {
        header("Idempotency-Key");
    }
    let kinds = [
        (Kind::Parameter, true),
        (Kind::Unauthenticated, !open || secret || from_outside),
        (Kind::LoginRefused, path == "/v1/auth/login"),
        (Kind::TokenRefused, path == EXCHANGE),
        (Kind::NotAdmitted, path == EXCHANGE),
        (Kind::Forbidden, takes_stand_ins || (!open && !path.ends_with("/me") && !is_public(path))),
        (
            Kind::NotFound,
            (path.contains('{') && !from_outside) || path.starts_with("/v1/journal/") || MAY_BE_ABSENT.contains(&path),
        ),
        // Of what was written: a retry whose first answer showed what had to go.
        (Kind::Redacted, if writes { !open && !secret && !anonymous } else { about_one }),
        (Kind::Integrity, path.ends_with("/content")),
        (Kind::Timeout, takes_body),
        (Kind::Taken, writes && !open && (!about_one || is_directory)),
        (
            Kind::State,
            (about_one && writes)
                || path.ends_with("/content")
                || (anonymous && path.ends_with("/answer"))
                || path.starts_with("/v1/imports"),
        ),
        (Kind::StaleVersion, about_one && writes),
        (Kind::TooLarge, takes_body),
        (Kind::MediaType, takes_body),
        (Kind::NotAcceptable, NEGOTIATED == path),
        (Kind::Validation, takes_body),
        (Kind::PreconditionRequired, method == "patch" && !is_directory),
        (Kind::TooManyRequests, path.starts_with("/v1/")),
        (Kind::Busy, !MADE_OF_NOTHING.iter().any(|made| path.starts_with(made)) && path != "/v1"),
        (Kind::ProviderUnreachable, path == EXCHANGE),
    ];
    for (kind, possible) in kinds {
        if possible {
            let slug: &'static str = kind.into();
            let (status, title) = kind.status_and_title();
            operation["responses"][status.as_u16().to_string()] = match dialects::documented(path) {
                Some(content) => json!({ "description": format!("{title}. {}", kind.advice()), "content": content }),
                None => json!({ "$ref": format!("#/components/responses/{slug}") }),
            };
        }
    }
    if path.starts_with(DOORS) {
        describe_delivery(operation);
    }
    if operation["description"].is_null() {
        operation["description"] = operation["summary"].clone();
    }
    answer_dry_runs(operation);
    if tagged && !writes {
        operation["responses"]["304"] = json!({ "description": "What `If-None-Match` names is what there is." });
    }
    if path.ends_with("/content") {
        // Under the type that the file was sent with, where a browser does nothing with it by itself.
        let types: Vec<&str> = HARMLESS.into_iter().chain(["application/octet-stream"]).collect();
        operation["responses"]["200"]["content"] = json!({ "*/*": {} });
        operation["responses"]["200"]["description"] = json!(format!("The file, as one of {}.", types.join(", ")));
    }
    are_bytes(operation);
    // Each says for itself who may call it: not every generator looks for what holds of all.
    operation["security"] = if open { json!([]) } else { json!([{ "bearer": [] }]) };
    describe_success(path, writes && !secret_of_session(path), tagged, operation);
}

/// Where whoever an identity provider names is let in, or not.
const EXCHANGE: &str = "/v1/auth/exchange";

/// Bodies that are no text.
const BYTES: [&str; 3] = ["application/octet-stream", "image/png", "*/*"];

fn are_bytes(operation: &mut Value) {
    let body = operation.get_mut("requestBody").and_then(|body| body.get_mut("content"));
    body.into_iter().for_each(write_bytes);
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        response.get_mut("content").into_iter().for_each(write_bytes);
    }
}

fn write_bytes(content: &mut Value) {
    for (media_type, content) in content.as_object_mut().into_iter().flatten() {
        if BYTES.contains(&media_type.as_str()) {
            content["schema"] = json!({ "type": "string", "format": "binary" });
        }
    }
}

/// What is made there has a secret, which is shown then and never again.
const SHOWN_ONCE: [&str; 3] = ["/v1/api-keys", "/v1/ticket-connections", "/v1/webhook-endpoints"];
/// The same of verbs.
const ONCE: [&str; 2] = ["/open-calendar-link", "/rotate-secret"];

/// Bodies at the doors have the forms of protocols of others, which are not written out here.
fn describe_delivery(operation: &mut Value) {
    let contents = operation.get_mut("requestBody").and_then(|body| body.get_mut("content")?.as_object_mut());
    for (_, content) in contents.into_iter().flatten().filter(|(_, content)| content["schema"]["$ref"].is_null()) {
        *content = json!({});
    }
    for response in operation["responses"].as_object_mut().into_iter().flatten().map(|(_, response)| response) {
        let binary = response.get_mut("content").and_then(|content| content.get_mut(PROTOBUF));
        if let Some(binary) = binary {
            binary["schema"] = json!({ "type": "string", "format": "binary" });
        }
    }
}

/// Answered in the form that `Accept` names.
const NEGOTIATED: &str = "/v1/indicators/{id}/chart";
/// Answered without the database.
const MADE_OF_NOTHING: [&str; 4] = ["/problems", "/healthz", "/metrics", health::SECURITY_CONTACT];
/// About no record, and yet there for some only.
const MAY_BE_ABSENT: [&str; 3] = [calendar::PATH, health::SECURITY_CONTACT, "/v1/plan-of-action"];

/// The rules as data, for whoever is known.
fn is_public(path: &str) -> bool {
    path.starts_with("/v1/catalogue/") && path != "/v1/catalogue/orphans"
}

/// Writes that are about no record.
fn secret_of_session(path: &str) -> bool {
    path.starts_with("/v1/auth/") || path.starts_with(UNOBSERVED) || path == inbound::PATH
}

/// Asked by a body, where nothing is written (RFC 7644, section 3.4.3).
const SEARCH: &str = "/.search";
/// Made of many records, or of none alone: no version is its own.
const UNTAGGED: [&str; 5] = ["/v1/imports/", DOORS, "/v1/measurements", "/v1/templates/", "/v1/ticket-rules/"];
/// Read with a tag, although it is no record.
const TAGGED: [&str; 11] = [
    calendar::PATH,
    "/v1/audit-programmes/{id}/coverage",
    "/v1/audits/{id}/assessment-results",
    "/v1/audits/{id}/impartiality",
    "/v1/evidence/{id}/content",
    "/v1/indicators/{id}/chart",
    "/v1/indicators/{id}/chart.png",
    "/v1/indicators/{id}/chart.svg",
    "/v1/indicators/{id}/sparkline.svg",
    "/v1/management-reviews/{id}/inputs",
    "/v1/plan-of-action",
];

/// Whether its success carries an `ETag`.
fn is_tagged(path: &str, method: &str) -> bool {
    if method == "get" {
        return path.ends_with("/{id}") || TAGGED.contains(&path);
    }
    method != "delete"
        && !path.ends_with(SEARCH)
        && path.starts_with("/v1/")
        && !secret_of_session(path)
        && !UNTAGGED.iter().any(|many| path.starts_with(many))
}

/// What would be made is shown with 200, where making answers 201.
fn answer_dry_runs(operation: &mut Value) {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let takes_dry_runs = parameters.into_iter().any(|parameter| parameter["name"] == "dry_run");
    let responses = &mut operation["responses"];
    if takes_dry_runs && responses["200"].is_null() && !responses["201"].is_null() {
        responses["200"] = responses["201"].clone();
        responses["200"]["description"] = json!("A dry run: what would be made.");
    }
}

fn add_parameter(operation: &mut Value, name: &str) {
    let reference = json!({ "$ref": format!("#/components/parameters/{name}") });
    if let Value::Array(parameters) = &mut operation["parameters"] {
        parameters.push(reference);
    } else {
        operation["parameters"] = json!([reference]);
    }
}

fn refer_to_id(path: &str, operation: &mut Value) {
    let stem = path.split('/').nth(2).unwrap_or_default();
    for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
        if parameter["name"] == "id" && parameter["in"] == "path" {
            *parameter = json!({ "$ref": format!("#/components/parameters/id-of-{stem}") });
        }
    }
    if operation["parameters"].is_null()
        && let Value::Object(members) = operation
    {
        members.remove("parameters");
    }
}

/// Whether it is one page of several.
fn is_page(response: &Value) -> bool {
    response["content"]["application/json"]["schema"]["$ref"].as_str().is_some_and(|name| name.contains("/Page_"))
}

fn describe_success(path: &str, writes: bool, tagged: bool, operation: &mut Value) {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let takes_keys = parameters.into_iter().any(|one| one["$ref"] == "#/components/parameters/Idempotency-Key");
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if !(status.starts_with('2') || status == "304") {
            continue;
        }
        if response["description"].as_str().unwrap_or_default().is_empty() {
            response["description"] = json!(match status.as_str() {
                "201" => "Made.",
                "204" => "Done.",
                _ => "As asked.",
            });
        }
        let mut names = vec!["X-Request-Id"];
        if is_page(response) {
            names.push("Link");
        }
        if takes_keys && status.starts_with('2') {
            names.push("Idempotency-Replayed");
        }
        if tagged {
            names.push("ETag");
        }
        // A dry run names no entry; a verb's answer is the same otherwise.
        if writes && (path.contains("{id}") || status == "201" || path.starts_with(DOORS)) {
            names.extend(["Journal-Entry", "Journal-Leaf"]);
        }
        if writes && tagged && !path.contains('{') {
            names.push("Location");
        }
        let headers: Map<String, Value> = names
            .into_iter()
            .map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })))
            .collect();
        response["headers"] = Value::Object(headers);
    }
}
