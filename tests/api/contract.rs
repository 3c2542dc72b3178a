//! What holds for every operation of the document: a new endpoint is covered by existing.

use crate::databases::{each, migrated_sqlite};
pub use crate::harness::document;
use crate::harness::{Api, ROLES, misfit};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use strum::VariantArray;

/// Method, path, and the operation itself.
pub fn operations() -> Vec<(Method, String, Value)> {
    let paths = document()["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            (method, path.clone(), operation.clone())
        })
    });
    each.collect()
}

/// A template that needs no other.
pub const TEMPLATE: &str = "process-backups";

/// The path, about something that does not exist.
pub fn nowhere(path: &str) -> String {
    path.replace("{id}", "NC-2026-0001")
        .replace("{reference}", "NC-2026-0001")
        .replace("{entry}", &"0".repeat(32))
        .replace("{kind}", "busy")
        .replace("{template}", TEMPLATE)
}

pub fn is_open(operation: &Value) -> bool {
    operation["security"] == serde_json::json!([])
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/v1.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(committed == ratchet_http::document(), "run: cargo run -- openapi > openapi/v1.json");
}

#[test]
fn the_committed_events_are_the_generated_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/events.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(committed == ratchet_http::events(), "run: cargo run -- asyncapi > openapi/events.json");
    let types: Vec<&str> = ratchet_http::event_types().collect();
    assert!(types.is_sorted() && types.windows(2).all(|pair| pair[0] != pair[1]), "openapi/event-types.txt");
    // Whatever an operation leaves is told; and whatever is said to be told is of a kind that there is.
    let entries = crate::harness::ENTRIES.values().flatten().filter(|entry| **entry != "*");
    let untold: Vec<_> = entries.filter(|entry| !types.contains(entry)).collect();
    assert!(untold.is_empty(), "not in openapi/event-types.txt: {untold:?}");
    for told in types {
        let (kind, _) = told.split_once('.').unwrap();
        assert!(ratchet_domain::reference::Prefix::of_kind(kind).is_some(), "{told}");
    }
}

#[test]
fn every_operation_is_described() {
    let mut ids = std::collections::BTreeSet::new();
    for (method, path, operation) in operations() {
        let what = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{what}: {id} is used twice");
        assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{what} has no summary");
        assert!(!operation["tags"][0].as_str().unwrap_or_default().is_empty(), "{what} has no tag");
        assert!(operation["responses"].as_object().unwrap().keys().any(|status| status.starts_with('2')), "{what}");
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        if parameters.into_iter().any(|parameter| parameter["name"] == "dry_run") {
            assert!(operation["responses"]["200"].is_object(), "{what}: a dry run answers 200");
        }
    }
    for tag in document()["tags"].as_array().unwrap() {
        assert!(!tag["description"].as_str().unwrap().is_empty(), "{tag} has no description");
    }
}

/// A body to copy: it has the form that is documented, and is refused for nothing of it.
#[tokio::test]
async fn every_body_has_an_example_that_has_its_form() {
    let mut apis = Vec::new();
    for database in each() {
        apis.push(Api::start(database).await);
    }
    let operations = operations();
    for writing in super::samples::writings() {
        let (method, path, _) =
            operations.iter().find(|(_, _, one)| one["operationId"] == writing.id.as_str()).unwrap();
        let operation = &document()["paths"][path.as_str()][method.as_str().to_lowercase()];
        let body = &operation["requestBody"]["content"][content_type(&writing.method)];
        let example = &body["example"];
        assert!(example.is_object(), "{} has no example", writing.id);
        assert_eq!(misfit(&body["schema"], example), None, "{}: {example}", writing.id);
        if !writing.takes_dry_runs {
            continue;
        }
        for api in &apis {
            let (_, told) = writing.aim(api).await.send(Some(content_type(&writing.method)), example.to_string()).await;
            // What a rule needs beside what the schema says is the rule's to tell.
            let is_readable =
                [" unknown_field\"", " unknown_value\"", " type\""].iter().all(|code| !told.contains(code));
            assert!(is_readable && !told.starts_with("400"), "{} {example}: {told}", writing.id);
        }
    }
}

/// What can be said of a filter, a sort key or a name to write out is said in the contract, and taken.
#[tokio::test]
async fn what_the_contract_says_a_parameter_takes_it_takes() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let mut tried = 0;
        for (method, path, operation) in operations().into_iter().filter(|(_, path, _)| !path.contains('{')) {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap_or_default();
                let says = parameter["description"].as_str().unwrap_or_default();
                let schema = &parameter["schema"];
                let is_list = schema["type"] == "array";
                assert!(is_list || !says.contains("separated by commas"), "{method} {path}: {name} is a list");
                assert!(
                    is_list || !["state", "sort", "expand"].contains(&name),
                    "{method} {path}: {name} has no values"
                );
                let values = schema["items"]["enum"].as_array().into_iter().flatten();
                for value in values.map(|value| value.as_str().unwrap()) {
                    let query = needed(&operation);
                    let mark = if query.is_empty() { "?" } else { "&" };
                    let answer = manager.get(&format!("{path}{query}{mark}{name}={value}")).await;
                    let is_absent = answer.status == 404 && operation["responses"]["404"].is_object();
                    assert!([200, 403].contains(&answer.status) || is_absent, "{path} {name}={value}: {}", answer.text);
                    tried += 1;
                }
            }
        }
        assert!(tried > 300, "the contract has lost its values: {tried}");
    }
}

/// A filter that names a record takes its reference as it takes its id, and none that names nothing.
#[tokio::test]
async fn a_filter_takes_a_reference_as_it_takes_an_id() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let me = manager.get("/v1/me").await.expect(200).body["member_id"].as_str().unwrap().to_owned();
        let mut tried = 0;
        for (_, path, operation) in operations() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let says = parameter["description"].as_str().unwrap_or_default();
                let name = parameter["name"].as_str().unwrap_or_default();
                let is_filter = parameter["in"] == "query" && !path.contains('{') && path != "/v1/measurements";
                if !is_filter || !(says.contains("id or reference") || says.contains("id or a reference")) {
                    continue;
                }
                let of_whom = says.contains("`me`");
                let record = match parameter["example"].as_str().unwrap().split('-').next().unwrap() {
                    _ if of_whom => format!("/v1/members/{me}"),
                    prefix => {
                        let stem = stem_of(prefix);
                        format!("{stem}/{}", target(&api, &stem).await)
                    }
                };
                let named = manager.get(&record).await.expect(200).body;
                let (id, reference) = (named["id"].as_str().unwrap(), named["reference"].as_str().unwrap());
                let by_id = manager.get(&format!("{path}?{name}={id}")).await.expect(200);
                let by_reference = manager.get(&format!("{path}?{name}={reference}")).await.expect(200);
                assert_eq!(by_id.body["items"], by_reference.body["items"], "{path}?{name}={reference}");
                let nothing = format!("{}-2026-9999", reference.split('-').next().unwrap());
                for unknown in [nothing.as_str(), "TAG-2026-0001"] {
                    let refused = manager.get(&format!("{path}?{name}={unknown}")).await.expect(400);
                    assert_eq!(refused.faults(), [format!("{name} unknown_record")], "{path}");
                }
                tried += 1;
            }
        }
        assert!(tried > 30, "the contract has lost its filters: {tried}");
    }
}

/// Where the records of a prefix are: the address whose view has an example of it.
fn stem_of(prefix: &str) -> String {
    let kind = ratchet_domain::reference::Prefix::VARIANTS.iter().find(|kind| <&str>::from(**kind) == prefix).unwrap();
    let name = kind.kind().replace('_', "-");
    let paths = document()["paths"].as_object().unwrap();
    let plural = [format!("/v1/{name}s"), format!("/v1/{}ies", name.trim_end_matches('y'))];
    plural.into_iter().find(|path| paths.contains_key(path)).unwrap()
}

#[tokio::test]
async fn nobody_gets_in_without_credentials() {
    for database in each() {
        let api = Api::start(database).await;
        for (method, path, operation) in operations() {
            // A ticketing system signs what it sends, which no header says.
            let is_signed = path.starts_with("/v1/ticket-inbound/");
            let path = nowhere(&path);
            let caller = api.anonymous();
            let answer = caller.send(caller.request(method.clone(), &path)).await;
            assert_eq!(answer.status == 401, is_signed || !is_open(&operation), "{method} {path}: {}", answer.text);
            if answer.status == 401 && !is_signed {
                assert_eq!(answer.header("www-authenticate"), "Bearer", "no token, no error (RFC 6750, section 3.1)");
                let wrong = api.with_token("wrong");
                let answer = wrong.send(wrong.request(method, &path)).await.expect(401);
                assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
            }
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_the_house() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for (method, path, _) in operations() {
            let path = nowhere(&path);
            if path == "/v1/auth/logout" {
                continue;
            }
            let answer = manager.send(manager.request(method.clone(), &path)).await;
            let what = format!("{method} {path}: {}", answer.text);
            assert!(answer.status < 500, "{what}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{what}");
            assert!(!answer.header("x-request-id").is_empty(), "{what}");
            assert!(answer.header("server").is_empty(), "{what}");
            if answer.status >= 400 && !crate::harness::speaks_its_own(&path) {
                assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
                assert_eq!(answer.body["status"], answer.status, "{what}");
                for member in ["type", "title", "detail", "instance"] {
                    assert!(!answer.body[member].as_str().unwrap().is_empty(), "{what}");
                }
            }
        }
    }
}

/// The role x operation table, reviewed by people: `tests/api/permissions.csv`.
#[tokio::test]
async fn each_role_may_what_the_table_says() {
    let table = include_str!("permissions.csv");
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let names: Vec<&str> = ROLES.iter().map(|role| <&str>::from(*role)).collect();
    assert_eq!(header[1..], names[..]);
    let rows: Vec<Vec<&str>> = lines.collect();
    for database in each() {
        let api = Api::start(database).await;
        let documented = operations();
        for (method, path, operation) in documented.clone() {
            if is_open(&operation) || path == "/v1/auth/logout" || !path.starts_with("/v1") {
                continue;
            }
            let id = operation["operationId"].as_str().unwrap();
            let row = rows.iter().find(|row| row[0] == id).unwrap_or_else(|| panic!("{id} has no line in the table"));
            let mut about = aimed(&api, &path).await;
            for (role, expected) in ROLES.iter().zip(&row[1..]) {
                let caller = api.by(*role).await;
                let path_and_query = format!("{about}{}", needed(&operation));
                let request = caller.request(method.clone(), &path_and_query);
                let answer = caller.send(request.header("content-type", content_type(&method)).body("{}")).await;
                if answer.status < 300 && method != Method::GET {
                    // Nobody finds what somebody else has changed.
                    about = aimed(&api, &path).await;
                }
                let got = match answer.status {
                    403 => "no",
                    404 => "unseen",
                    _ => "yes",
                };
                assert_eq!(got, *expected, "{id} by {role:?}: {}", answer.text);
            }
        }
        for row in &rows {
            assert!(documented.iter().any(|(_, _, o)| o["operationId"] == row[0]), "{} is no operation", row[0]);
        }
    }
}

pub fn content_type(method: &Method) -> &'static str {
    if *method == Method::PATCH { "application/merge-patch+json" } else { "application/json" }
}

/// The parameters without which the operation says nothing else.
pub(super) fn needed(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let needed = parameters.filter(|p| p["in"] == "query" && p["required"] == true);
    let named = |p: &Value| format!("{}={}", p["name"].as_str().unwrap(), p["example"].as_str().unwrap_or("0"));
    let pairs: Vec<String> = needed.map(named).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// The path, about something of our organisation.
async fn aimed(api: &Api, path: &str) -> String {
    if path.contains("{reference}") || path.contains("{entry}") {
        let manager = api.by(Role::IsmsManager).await;
        let made = manager.post("/v1/nonconformities", super::nonconformities::report()).await.expect(201);
        api.sequence().await;
        return path.replace("{reference}", made.reference()).replace("{entry}", made.header("journal-entry"));
    }
    // Its checkpoint is there, too.
    api.sequence().await;
    path.replace("{id}", &target(api, path).await).replace("{template}", TEMPLATE).replace("{kind}", "audit")
}

/// A record of our organisation that the path can be about, made by a manager.
pub async fn target(api: &Api, path: &str) -> String {
    let manager = api.by(Role::IsmsManager).await;
    if path.starts_with("/v1/nonconformities") {
        let made = manager.post("/v1/nonconformities", super::nonconformities::report()).await.expect(201);
        return made.reference().to_owned();
    }
    if path.starts_with("/v1/actions") {
        let case = super::actions::case(api).await;
        let colleague = api.member_id(Role::IsmsManager).await;
        let body = json!({
            "parent": case, "title": "x", "kind": "corrective", "assignee_id": colleague,
            "due_on": api.now().date_naive(),
        });
        return manager.post("/v1/actions", body).await.expect(201).reference().to_owned();
    }
    if path.starts_with("/v1/changes") {
        return super::changes::requested(api, super::changes::words()).await;
    }
    if path.starts_with("/v1/change-templates") {
        return super::change_templates::define(api).await.reference().to_owned();
    }
    if path.starts_with("/v1/objectives") {
        return super::objectives::set(api).await;
    }
    if path.starts_with("/v1/policies") {
        return super::policies::establish(api, json!({})).await.expect(201).reference().to_owned();
    }
    if path.starts_with("/v1/policy-versions") {
        let policy = super::policies::establish(api, json!({})).await.expect(201).reference().to_owned();
        return super::policy_versions::drafted(api, &policy).await;
    }
    if path.starts_with("/v1/acknowledgements") {
        return super::acknowledgements::given(api).await;
    }
    if path.starts_with("/v1/indicators") {
        return super::indicators::define(api).await.reference().to_owned();
    }
    if path.starts_with("/v1/ingest-rules") {
        let indicator = super::indicators::active(api).await;
        return super::ingest_rules::defined(api, super::ingest_rules::latency(&indicator)).await;
    }
    if path.starts_with("/v1/analyses") {
        return super::analyses::concluded(api).await;
    }
    if path.starts_with("/v1/signals") {
        return super::signals::raised(api).await;
    }
    if path.starts_with("/v1/improvements") {
        return super::improvements::propose(api, Role::IsmsManager).await;
    }
    if path.starts_with("/v1/incidents") {
        return super::incidents::reported(api, Role::IsmsManager).await;
    }
    if path.starts_with("/v1/timeline-entries") {
        return super::timeline_entries::appended(api).await;
    }
    if path.starts_with("/v1/weaknesses") {
        return super::weaknesses::reported(api, Role::IsmsManager).await;
    }
    if path.starts_with("/v1/redactions") {
        let record = manager.post("/v1/nonconformities", super::nonconformities::report()).await.expect(201);
        return super::redactions::requested(api, record.reference(), &["/statement"]).await;
    }
    if path.starts_with("/v1/restrictions") {
        let record = manager.post("/v1/nonconformities", super::nonconformities::report()).await.expect(201);
        return super::restrictions::imposed(api, record.reference()).await;
    }
    if path.starts_with("/v1/risks") {
        return super::risks::registered(api).await;
    }
    if path.starts_with("/v1/votes") {
        let improvement = super::improvements::propose(api, Role::Member).await;
        return super::votes::cast(api, Role::IsmsManager, &improvement).await.expect(201).reference().to_owned();
    }
    if path.starts_with("/v1/measurement-batches") {
        let indicator = super::indicators::active(api).await;
        let items = super::measurements::series(api, &indicator, &[1.0]);
        let sent = super::measurements::send(api, items).await.expect(201);
        return sent.body["batch_reference"].as_str().unwrap().to_owned();
    }
    for (stem, body) in super::annotations::each_kind() {
        if path.starts_with(&format!("/v1/{stem}/")) {
            return super::annotations::attached(api, stem, body).await;
        }
    }
    if path.starts_with("/v1/processes") {
        return super::processes::defined(api).await;
    }
    if path.starts_with("/v1/audit-programmes") {
        return super::audit_programmes::drafted(api).await;
    }
    if path.starts_with("/v1/audits") {
        return super::audits::planned(api).await;
    }
    if path.starts_with("/v1/findings") {
        return super::findings::noted(api).await;
    }
    if path.starts_with("/v1/applicabilities") {
        return super::applicabilities::of_some_control(api).await;
    }
    if path.starts_with("/v1/evidence") {
        return super::evidence::attached(api).await;
    }
    if path.starts_with("/v1/management-reviews") {
        return super::management_reviews::prepared(api).await;
    }
    if path.starts_with("/v1/context-entries") {
        return super::context_entries::record(api, super::context_entries::party())
            .await
            .expect(201)
            .reference()
            .to_owned();
    }
    if path.starts_with("/v1/settings") {
        return manager.get("/v1/settings").await.expect(200).body["items"][0]["id"].as_str().unwrap().to_owned();
    }
    if path.starts_with("/v1/courses") {
        return super::courses::define(api).await.reference().to_owned();
    }
    if path.starts_with("/v1/training-assignments") {
        let course = super::training_assignments::quiet(api, json!({})).await;
        let made = super::training_assignments::assign(api, &course, Role::IsmsManager).await.expect(201);
        return made.reference().to_owned();
    }
    if path.starts_with("/v1/employee-reports") {
        return super::employee_reports::file(api, Role::IsmsManager).await;
    }
    if path.starts_with("/v1/competences") {
        return super::competences::define(api).await;
    }
    if path.starts_with("/v1/communication-plans") {
        return super::communication_plans::plan(api, Role::IsmsManager).await;
    }
    if path.starts_with("/v1/api-keys") {
        let body = json!({ "name": "Feed", "scopes": ["records:read"] });
        return api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201).reference().to_owned();
    }
    if path.starts_with("/v1/ticket-connections") {
        return super::ticket_connections::connected(api, json!({})).await;
    }
    if path.starts_with("/v1/identity-providers") {
        return super::identity_providers::registered(api, json!({})).await;
    }
    if path.starts_with("/v1/scim/v2/ResourceTypes") {
        return "User".to_owned();
    }
    if path.starts_with("/v1/scim/v2/Schemas") {
        return "urn:ietf:params:scim:schemas:core:2.0:Group".to_owned();
    }
    if path.starts_with("/v1/scim/v2/Groups") {
        return "member".to_owned();
    }
    if path.starts_with("/v1/scim/v2/Users") {
        let newcomer = super::members::newcomer(api).await;
        let member = api.by(Role::Admin).await.get(&format!("/v1/members/{newcomer}")).await.expect(200).body;
        return member["id"].as_str().unwrap().to_owned();
    }
    if path.starts_with("/v1/webhook-endpoints") {
        return super::webhook_endpoints::registered(api, json!({})).await;
    }
    // A calendar link is one's own, and so is what one lends.
    let is_one_s_own = path.ends_with("calendar-link") || path.ends_with("delegate") || path.ends_with("delegation");
    if path.starts_with("/v1/members") && !is_one_s_own {
        return super::members::newcomer(api).await;
    }
    api.member_id(Role::Member).await
}

#[tokio::test]
async fn the_docs_page_loads_from_here_alone() {
    let database = migrated_sqlite();
    let api = Api::start(database).await;
    let page = api.anonymous().get("/docs/").await.expect(200);
    assert!(page.text.contains("swagger-ui"));
    for file in ["index.html", "swagger-initializer.js", "swagger-ui-bundle.js", "swagger-ui.css"] {
        let file = api.anonymous().get(&format!("/docs/{file}")).await.expect(200);
        assert!(!file.text.contains("src=\"http") && !file.text.contains("href=\"http"));
    }
    assert!(api.anonymous().get("/docs/swagger-initializer.js").await.text.contains("/openapi.json"));
    assert!(api.anonymous().get("/openapi.json").await.expect(200).body == ratchet_http::document());
    assert!(api.anonymous().get("/asyncapi.json").await.expect(200).body == ratchet_http::events());
    api.anonymous().get("/problems/validation").await.expect(200);
    api.anonymous().get("/problems/nonsense").await.expect(404);
}

#[tokio::test]
async fn undocumented_routes_do_not_exist() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let documented = operations();
        let paths: std::collections::BTreeSet<String> = documented.iter().map(|(_, path, _)| path.clone()).collect();
        for path in paths {
            // Where it is searched by POST alone, other methods read the word as an id that nothing has.
            let read_as = path.strip_suffix("/.search").map(|kind| format!("{kind}/{{id}}"));
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let is_there = |at: &String| *at == path || Some(at) == read_as.as_ref();
                if documented.iter().any(|(known, at, _)| *known == method && is_there(at)) {
                    continue;
                }
                let answer = manager.send(manager.request(method.clone(), &nowhere(&path))).await;
                assert_eq!(answer.status, 405, "{method} {path}");
                assert!(!answer.header("allow").is_empty(), "{method} {path}");
            }
        }
        for path in ["/v1//me", "/v1/./me/x", "/v1/me/", "/V1/me", "/v1/me;x", "/v2/me"] {
            manager.get(path).await.expect(404);
        }
        // What needs no escape and has one is the same (RFC 3986, section 6.2.2.2).
        manager.get("/v1/%6de").await.expect(200);
    }
}
