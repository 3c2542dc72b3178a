//! The contract: collected from the routes. What is true of every operation is written here, once.

use crate::error::{Kind, Problem};
use crate::observe::UNOBSERVED;
use crate::routes;
use crate::v1::calendar;
use serde_json::{Map, Value, json};
use strum::VariantArray;
use utoipa::{PartialSchema, ToSchema};
use utoipa_actix_web::AppExt;

/// The document, whole: OpenAPI 3.1.
#[must_use]
pub fn document() -> Value {
    let (_, collected) = actix_web::App::new().into_utoipa_app().configure(routes::configure).split_for_parts();
    let mut document = serde_json::to_value(collected).unwrap_or_default();
    document["openapi"] = json!("3.1.0");
    document["info"] = info();
    document["servers"] = json!([{ "url": "/", "description": "This server" }]);
    document["security"] = json!([{ "bearer": [] }]);
    add_components(&mut document["components"]);
    document["tags"] = tags(&document);
    if let Value::Object(paths) = &mut document["paths"] {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                complete(path, method, operation);
            }
        }
    }
    refer_to_pages(&mut document);
    drop_unused_responses(&mut document);
    document
}

fn info() -> Value {
    json!({
        "title": "Ratchet",
        "version": "1",
        "summary": "The continual-improvement lifecycle of an ISO/IEC 27001:2022 management system",
        "description": "Signal, case, action, change, verified effect, review, next cycle: each step a record, each \
            write an entry in a journal that can be proved. Habits of every endpoint: openapi/README.md.",
        "contact": { "name": "Whoever runs this server" },
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    })
}

fn add_components(components: &mut Value) {
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    schemas.push((Problem::name().into_owned(), Problem::schema()));
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
        });
    }
    let header = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    components["headers"] = json!({
        "ETag": header("`\"<version>-<hash of the body>\"`; send it in If-Match or If-None-Match."),
        "Location": header("Where the new record is."),
        "Journal-Entry": header("The id of the journal entry that carries this write."),
        "Journal-Leaf": header("The SHA-256 of that entry's leaf, hexadecimal: kept, it shows that the journal still says the same."),
        "X-Request-Id": header("The request's id: yours when it was sane, else a new one."),
    });
    components["parameters"] = json!({
        "id": {
            "name": "id", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The record's id or its reference.", "example": "NC-2026-0007",
        },
        "If-Match": {
            "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The ETag that was read; its version part is compared. Needed by PATCH.",
        },
        "If-None-Match": {
            "name": "If-None-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The ETag that is known; answered with 304 when nothing differs.",
        },
        "On-Behalf-Of": {
            "name": "On-Behalf-Of", "in": "header", "required": false, "schema": { "type": "string", "format": "uuid" },
            "description": "The id of a member for whom the caller stands in today (`/v1/members/{id}/delegate`): the call \
                is about what is that member's own, is never a decision, and both are named in the journal. 403 of anybody else.",
        },
        "Idempotency-Key": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "description": "The same key with the same request gets the first answer again, for 24 hours.",
        },
    });
}

/// What an area is about.
fn tags(document: &Value) -> Value {
    let described = [
        ("auth", "Signing in and out."),
        ("me", "Whoever calls."),
        ("catalogue", "The rules as data: state machines, permissions, clauses and controls."),
        ("members", "Who may act in the organisation."),
        ("api-keys", "Machines' ways in."),
        ("policies", "What the organisation commits to, version by version, and who knows of it [5.2, 7.3, 7.5]."),
        ("objectives", "What is to be reached, by when, and whether it is on its way there [6.2]."),
        ("indicators", "What is measured, why, by whom, and which value is good enough [9.1]."),
        ("measurements", "Figures, by the batch; known ones are counted, changed ones kept beside the old."),
        ("analyses", "What the results of several indicators mean, taken together [9.1 e, f]."),
        ("signals", "What an indicator says that calls for attention."),
        ("nonconformities", "What went wrong, why, what was done and whether it worked [10.2]."),
        ("improvements", "What could be better, who speaks for it, and whether the benefit came about [10.1]."),
        ("incidents", "What happened, what was decided about it, and what was learned [A.5.24-A.5.28]."),
        ("weaknesses", "What could be exploited or could fail, and has not yet [A.6.8]."),
        (
            "risks",
            "What could happen, how grave that is, what is done about it, who takes what is left [6.1, 8.2, 8.3].",
        ),
        ("actions", "What people do about a record, and what a ticketing system mirrors."),
        ("management-reviews", "What top management looks at, concludes and decides [9.3]."),
        ("context-entries", "What the management system starts from: issues, interested parties, climate [4.1, 4.2]."),
        ("employee-reports", "What people have seen or would do better, and what they were told [A.6.8]."),
        ("report-intakes", "Reporting without a name: nothing that identifies the sender is read or kept."),
        ("courses", "What people must know, and whether teaching it worked [7.2, A.6.3]."),
        ("training-assignments", "Who takes which course, by when, and with which result [7.2]."),
        ("competences", "What a role requires, on what basis its holders have it, and what is missing [7.2]."),
        ("communication-plans", "What is communicated, when, with whom and how [7.4]."),
        ("participation", "How much people take part, by unit and month."),
        ("templates", "A starting set, ready to be edited, for an organisation that begins today."),
        ("imports", "The history of an organisation that comes from another register: what happened before go-live."),
        ("readiness", "The seven steps as a checklist, answered by the records, day by day."),
        ("processes", "What the organisation does, and who answers for it."),
        ("applicabilities", "Which control of Annex A is needed, why, and how far it is put into practice [6.1.3 d]."),
        ("changes", "What changes, and how: planned, approved by somebody else, judged by its effect [6.3, 8.1]."),
        ("audit-programmes", "Which audits are planned for a time, and what they cover between them [9.2.2]."),
        ("audits", "What is examined against which criteria, by whom, and what was looked at [9.2.1]."),
        ("findings", "What audits have found, graded; nonconformities are raised of the grave ones."),
        ("evidence", "Files that show something about a record, kept under the hash of their content [7.5]."),
        ("annotations", "What people add to any record: comments, tags and links."),
        (
            "settings",
            "What decisions of the organisation depend on: its time zone and working days, the duties it keeps apart.",
        ),
        ("records", "Any record by its reference, and its history."),
        ("journal", "Who did what and when, provably: entries, checkpoints, proofs, export."),
        ("events", "The journal as CloudEvents, for integrators."),
        ("operations", "For whoever runs the server."),
    ];
    let used: std::collections::BTreeSet<&str> = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten())
        .filter_map(|(_, operation)| operation["tags"][0].as_str())
        .collect();
    let tag = |name: &str| {
        let description = described.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
        json!({ "name": name, "description": description })
    };
    used.into_iter().map(tag).collect()
}

/// Adds to an operation what all of its kind share: headers, and each problem it can answer with.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let open = operation.get("security").is_some();
    let about_one = path.contains("{id}");
    let writes = method != "get";
    let takes_body = operation.get("requestBody").is_some();
    let secret =
        path.starts_with("/v1/auth/") || (path == "/v1/api-keys" && writes) || path.ends_with("/open-calendar-link");
    let revalidated = !writes && (about_one || path == calendar::PATH);
    refer_to_id(operation);
    let mut header = |name: &str| add_parameter(operation, name);
    if revalidated {
        header("If-None-Match");
    }
    if writes && about_one {
        header("If-Match");
    }
    if path.starts_with("/v1/") && !open && !path.starts_with("/v1/auth/") {
        header("On-Behalf-Of");
    }
    let anonymous = path.starts_with(UNOBSERVED);
    if method == "post" && !secret && !anonymous {
        header("Idempotency-Key");
    }
    let kinds = [
        (Kind::Parameter, true),
        (Kind::Unauthenticated, !open || secret),
        (Kind::LoginRefused, path == "/v1/auth/login"),
        (Kind::Forbidden, !open && !path.ends_with("/me") && !path.starts_with("/v1/catalogue")),
        (Kind::NotFound, path.contains('{') || path.starts_with("/v1/journal/") || path == calendar::PATH),
        (Kind::Redacted, about_one && !writes),
        (Kind::Integrity, path.ends_with("/content")),
        (Kind::Timeout, takes_body),
        (Kind::Taken, writes && !about_one && !open),
        (
            Kind::State,
            (about_one && writes) || (anonymous && path.ends_with("/answer")) || path.starts_with("/v1/imports"),
        ),
        (Kind::StaleVersion, about_one && writes),
        (Kind::TooLarge, takes_body),
        (Kind::MediaType, takes_body),
        (Kind::Validation, takes_body),
        (Kind::PreconditionRequired, method == "patch"),
        (Kind::TooManyRequests, path.starts_with("/v1")),
        (Kind::Busy, !path.starts_with("/problems") && !path.starts_with("/healthz") && !path.starts_with("/metrics")),
    ];
    for (kind, possible) in kinds {
        if possible {
            let slug: &'static str = kind.into();
            let status = kind.status_and_title().0.as_u16().to_string();
            operation["responses"][status] = json!({ "$ref": format!("#/components/responses/{slug}") });
        }
    }
    if operation["description"].is_null() {
        operation["description"] = operation["summary"].clone();
    }
    answer_dry_runs(operation);
    describe_success(about_one, writes, revalidated, operation);
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

fn refer_to_id(operation: &mut Value) {
    for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
        if parameter["name"] == "id" && parameter["in"] == "path" {
            *parameter = json!({ "$ref": "#/components/parameters/id" });
        }
    }
    if operation["parameters"].is_null()
        && let Value::Object(members) = operation
    {
        members.remove("parameters");
    }
}

fn describe_success(about_one: bool, writes: bool, revalidated: bool, operation: &mut Value) {
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if !status.starts_with('2') {
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
        if about_one || revalidated || status == "201" {
            names.push("ETag");
        }
        if writes && (about_one || status == "201") {
            names.extend(["Journal-Entry", "Journal-Leaf"]);
        }
        if status == "201" {
            names.push("Location");
        }
        let headers: Map<String, Value> = names
            .into_iter()
            .map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })))
            .collect();
        response["headers"] = Value::Object(headers);
    }
}

/// Kinds of problem that no operation names are documented at `/problems/{kind}` alone.
fn drop_unused_responses(document: &mut Value) {
    let used = document["paths"].to_string();
    if let Value::Object(responses) = &mut document["components"]["responses"] {
        responses.retain(|name, _| used.contains(&format!("#/components/responses/{name}\"")));
    }
}

/// A page's items are written out by the generator, while the item's own component goes unused: refer to it.
fn refer_to_pages(document: &mut Value) {
    let Value::Object(schemas) = &mut document["components"]["schemas"] else { return };
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let Some((_, item)) = name.split_once('_') else { continue };
        let item = item.to_owned();
        if schemas.contains_key(&item)
            && let Some(page) = schemas.get_mut(&name)
        {
            page["properties"]["items"]["items"] = json!({ "$ref": format!("#/components/schemas/{item}") });
        }
    }
}
