//! Two organisations on one server: neither can tell whether the other has anything at all.

use super::calls::{Call, call_about, call_of, schema_of, with_body};
use super::contract::{is_open, needed, operations, target};
use super::schemas::{Property, properties};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller, ROLES, speaks_its_own};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strum::VariantArray;
use uuid::Uuid;

/// A record's kind, id and reference.
#[derive(Debug, Clone)]
struct Named {
    id: String,
    reference: String,
}

/// One of each kind that a path can be about, in our organisation.
async fn one_of_each(api: &Api) -> BTreeMap<String, Named> {
    let mut found = BTreeMap::new();
    for (method, path, _) in operations() {
        let Some(stem) = path.strip_prefix("/v1/").and_then(|path| path.strip_suffix("/{id}")) else { continue };
        // Directories have their own words, and keys for nothing else: `scim.rs` sees to it.
        if method == Method::GET && !stem.starts_with("scim/") {
            let one = target(api, &path).await;
            let reader =
                if ["api-keys", "identity-providers", "ticket-connections", "webhook-endpoints"].contains(&stem) {
                    Role::Admin
                } else {
                    Role::IsmsManager
                };
            let read = api.by(reader).await.get(&format!("/v1/{stem}/{one}")).await.expect(200).body;
            let text = |member: &str| read[member].as_str().unwrap().to_owned();
            found.insert(stem.to_owned(), Named { id: text("id"), reference: text("reference") });
        }
    }
    found
}

/// The other organisation's, made in another year: no reference of theirs is one of ours by chance.
async fn one_of_each_of_theirs(api: &Api) -> BTreeMap<String, Named> {
    api.change_sides();
    api.wait(TimeDelta::days(400));
    let found = one_of_each(api).await;
    api.sequence().await;
    api.wait(TimeDelta::days(-400));
    api.change_sides();
    found
}

/// A name of the same form that nobody has.
fn nobody_like(name: &str) -> String {
    match name.rsplit_once('-') {
        Some((prefix, _)) if name.len() < 32 => format!("{prefix}-9876"),
        _ => Uuid::new_v4().to_string(),
    }
}

/// Names of one form are alike in how they are read: of references those of one kind, and all ids.
fn form_of(name: &str) -> String {
    name.get(..4).filter(|_| name.len() < 32).unwrap_or_default().to_owned()
}

/// What was told, with the name that was asked for blotted out.
fn told_of(answer: &Answer, name: &str) -> String {
    format!("{:?}", answer.told()).replace(name, "*")
}

/// Ids and references; not those of the first year, which count alike in both organisations.
fn names_of<'a>(found: impl IntoIterator<Item = &'a Named>) -> Vec<String> {
    let names = found.into_iter().flat_map(|named| [named.id.clone(), named.reference.clone()]);
    names.filter(|name| !name.contains("-2026-")).collect()
}

#[track_caller]
fn assert_theirs_is_untouched(api: &Api, before: &BTreeMap<String, Vec<String>>, names: &[String]) {
    assert_eq!(api.database.rows_of(api.theirs()), *before);
    let ours = format!("{:?}", api.database.rows_of(api.ours())).to_lowercase();
    for name in names {
        for spelled in [name.to_lowercase(), name.replace('-', "").to_lowercase()] {
            assert!(!ours.contains(&spelled), "{name} is kept with ours");
        }
    }
}

/// Every operation that a path leads to, every role and the strongest machine: their record is answered like none.
#[tokio::test]
async fn what_is_theirs_is_nowhere() {
    for database in each() {
        let api = Api::start(database).await;
        let theirs = one_of_each_of_theirs(&api).await;
        let entries = theirs_in_the_journal(&api).await;
        let mut callers: Vec<Caller<'_>> = Vec::new();
        for role in ROLES {
            callers.push(api.by(role).await);
        }
        let body = json!({ "name": "Feed", "scopes": Scope::VARIANTS });
        let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
        callers.push(api.with_token(issued.body["token"].as_str().unwrap()));
        let ours = super::nonconformities::raise(&api).await;
        let ours = api.by(Role::Auditor).await.get(&format!("/v1/records/{ours}")).await.expect(200);
        let ours = ours.body["id"].as_str().unwrap().to_owned();
        let before = api.database.rows();
        for (method, path, operation) in operations() {
            let Some(place) = ["{id}", "{reference}", "{entry}"].into_iter().find(|place| path.contains(place)) else {
                continue;
            };
            let stem = path.split('/').nth(2).unwrap().to_owned();
            let stem = stem.as_str();
            let names = match (place, theirs.get(stem)) {
                ("{entry}", _) => entries.clone(),
                ("{id}", Some(one)) if stem == "nonconformities" => names_of([one]),
                // Ours, too, where another kind of record is asked for.
                ("{id}", Some(one)) => [names_of([one]), vec![ours.clone()]].concat(),
                _ => names_of(theirs.values()),
            };
            assert_told_as_none(&callers, &(method, path, operation), place, &names).await;
        }
        assert_eq!(api.database.rows(), before);
    }
}

/// Under each of these names, put in the place of the path, an operation answers as under one that nobody has.
pub(super) async fn assert_told_as_none(
    callers: &[Caller<'_>],
    (method, path, operation): &(Method, String, Value),
    place: &str,
    names: &[String],
) {
    let path = format!("{path}{}", needed(operation));
    let call = Call { role: Role::Member, method: method.clone(), path, body: json!({}), is_listed: false };
    for caller in callers {
        for name in names {
            let none = nobody_like(name);
            let told = call.send_to(caller, &call.path.replace(place, name), &call.body).await;
            let expected = call.send_to(caller, &call.path.replace(place, &none), &call.body).await;
            assert!([403, 404].contains(&expected.status), "{} {none}: {}", call.path, expected.text);
            assert_eq!(told_of(&told, name), told_of(&expected, &none), "{} {name}", call.path);
        }
    }
}

async fn theirs_in_the_journal(api: &Api) -> Vec<String> {
    let journal = api.stranger(Role::Auditor).await.get("/v1/journal?limit=3").await.expect(200);
    journal.body["items"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

/// Found by what the document says of each body: a property that names something takes nothing of theirs.
#[tokio::test]
async fn a_body_that_names_what_is_theirs_is_answered_like_one_that_names_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let theirs = one_of_each_of_theirs(&api).await;
        let names = [names_of(theirs.values()), vec![api.theirs().to_string()]].concat();
        let before = api.database.rows_of(api.theirs());
        let tried = assert_bodies_name_nothing(&api, &names).await;
        assert!(tried.len() >= 14, "{tried:?}");
        assert_theirs_is_untouched(&api, &before, &names);
    }
}

/// Whatever a body can name: each of these names is answered like one that nobody has; which properties were tried.
pub(super) async fn assert_bodies_name_nothing(api: &Api, names: &[String]) -> Vec<String> {
    let document = super::contract::document();
    let mut tried = Vec::new();
    for operation in with_body() {
        let id = operation.2["operationId"].as_str().unwrap();
        // Whoever signs in names a provider before anything else is known, of whichever organisation: that one is signed in to.
        if id == "exchange_id_token" {
            continue;
        }
        let all = properties(document, schema_of(&operation.2)).into_iter();
        let naming: Vec<Property> = all.filter(Property::names_another).collect();
        if naming.is_empty() {
            continue;
        }
        for property in naming {
            let place = property.place();
            let call = call_about(api, &operation, &place).await;
            assert!(call.is_listed, "{id} names a record: it needs a line in tests/api/calls/lines.rs");
            let caller = api.by(call.role).await;
            // Where an id is read a reference is malformed, whosever it is.
            let takes_ids = property.schema["format"] == "uuid";
            let names = names.iter().filter(|name| !takes_ids || name.len() == 36);
            let mut nothing: BTreeMap<String, String> = BTreeMap::new();
            for name in names {
                let refused = async |name: &str| {
                    let mut body = call.body.clone();
                    let place = body.pointer_mut(&place);
                    *place.unwrap_or_else(|| panic!("the line of {id} has no {}", property.pointer)) = json!(name);
                    let answer = call.send(&caller, &body).await;
                    assert!([401, 422].contains(&answer.status), "{id} {}: {}", property.pointer, answer.text);
                    told_of(&answer, name)
                };
                let form = form_of(name);
                if !nothing.contains_key(&form) {
                    let none = refused(&nobody_like(name)).await;
                    nothing.insert(form.clone(), none);
                }
                assert_eq!(refused(name).await, nothing[&form], "{id} {} {name}", property.pointer);
            }
            tried.push(format!("{id} {}", property.pointer));
        }
    }
    tried
}

/// Whether what the parameter is read as can name anything at all.
fn may_name(parameter: &Value) -> bool {
    let schema = &parameter["schema"];
    let is = |member: &str, words: [&str; 2]| words.iter().any(|word| schema[member] == *word);
    !is("type", ["boolean", "integer"]) && !is("format", ["date", "date-time"])
}

/// Whatever a parameter can name: each of these names finds what one finds that nobody has; which parameters were tried.
pub(super) async fn assert_parameters_find_nothing(api: &Api, names: &[String]) -> Vec<String> {
    let manager = api.by(Role::IsmsManager).await;
    let mut tried = Vec::new();
    for (method, path, operation) in operations() {
        if is_open(&operation) || method == Method::PATCH || path.contains('{') {
            continue;
        }
        for described in operation["parameters"].as_array().into_iter().flatten() {
            let Some(parameter) = described["name"].as_str().filter(|_| described["in"] == "query") else {
                continue;
            };
            if ["cursor", "sort", "expand", "source"].contains(&parameter)
                || (path == "/v1/evidence" && parameter != "record")
            {
                continue;
            }
            let ask = async |name: &str| {
                let path = match (path.as_str(), method == Method::POST) {
                    ("/v1/evidence", true) => format!("{path}?record={name}&name=x"),
                    _ => format!("{path}?{parameter}={name}"),
                };
                let request = manager.request(method.clone(), &path).header("content-type", "text/csv");
                let answer = manager.send(request.body("observed_at,value\n2026-01-01T00:00:00Z,1\n")).await;
                assert!(method == Method::GET || answer.status >= 400, "{path}: {}", answer.text);
                told_of(&answer, name)
            };
            // An id and a reference, where whatever is no number or day is refused alike.
            let names = if may_name(described) { names } else { &names[..2] };
            let mut nothing: BTreeMap<String, String> = BTreeMap::new();
            for name in names {
                let form = form_of(name);
                if !nothing.contains_key(&form) {
                    let none = ask(&nobody_like(name)).await;
                    nothing.insert(form.clone(), none);
                }
                assert_eq!(ask(name).await, nothing[&form], "{method} {path} {parameter}={name}");
            }
            tried.push(format!("{method} {path} {parameter}"));
        }
    }
    tried
}

/// Parameters that narrow a list or say what a file is about.
#[tokio::test]
async fn a_parameter_that_names_what_is_theirs_finds_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let theirs = one_of_each_of_theirs(&api).await;
        let names = names_of(theirs.values());
        let before = api.database.rows_of(api.theirs());
        let tried = assert_parameters_find_nothing(&api, &names).await;
        for known in
            ["GET /v1/comments record", "GET /v1/actions assignee", "GET /v1/journal actor", "POST /v1/evidence record"]
        {
            assert!(tried.iter().any(|tried| tried == known), "{known} is not among {tried:?}");
        }
        assert_theirs_is_untouched(&api, &before, &names);
    }
}

/// One of theirs among ten: nine are kept, and the tenth is answered like one that nobody has.
#[tokio::test]
async fn in_bulk_theirs_is_answered_like_none() {
    for database in each() {
        let api = Api::start(database).await;
        let theirs = one_of_each_of_theirs(&api).await["indicators"].clone();
        let before = api.database.rows_of(api.theirs());
        let manager = api.by(Role::IsmsManager).await;
        let mut answers = Vec::new();
        for name in [&theirs.id, &Uuid::new_v4().to_string(), &theirs.reference, &"IND-2027-9876".to_owned()] {
            let indicator = super::indicators::active(&api).await;
            let mut items = super::measurements::series(&api, &indicator, &[1.0; 10]);
            items[3]["indicator"] = json!(name);
            let told = |answer: &Answer| (answer.body["counts"].clone(), answer.body["refused"].clone());
            let json = manager.post("/v1/measurements", items.clone()).await.expect(201);
            let items = items.as_array().unwrap();
            let lines: String = items.iter().map(|item| format!("{item}\n")).collect();
            let send = async |media_type: &str, body: String| {
                let request = manager.request(Method::POST, "/v1/measurements").header("content-type", media_type);
                manager.send(request.body(body)).await.expect(200)
            };
            let ndjson = send("application/x-ndjson", lines).await;
            let text = |item: &Value, member: &str| item[member].as_str().unwrap().to_owned();
            let row = |item: &Value| format!("{},{},1\n", text(item, "indicator"), text(item, "observed_at"));
            let rows: String = items.iter().map(row).collect();
            let csv = send("text/csv", format!("indicator,observed_at,value\n{rows}")).await;
            assert_eq!(json.body["counts"], json!({ "accepted": 9, "corrections": 0, "duplicates": 0, "refused": 1 }));
            answers.push([told(&json), told(&ndjson), told(&csv)]);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
        assert_theirs_is_untouched(&api, &before, &[theirs.id, theirs.reference]);
    }
}

/// Everything that can be read, before the other organisation has anything and after it has a lot: byte for byte the
/// same, headers and counts included.
#[tokio::test]
async fn nothing_shows_whether_the_other_organisation_is_empty_or_full() {
    for database in each() {
        let api = Api::start(database).await;
        let mut paths = Vec::new();
        let entry = super::nonconformities::raise(&api).await;
        for (method, path, operation) in operations() {
            if method != Method::GET || !path.starts_with("/v1/") {
                continue;
            }
            let path = path.replace("{reference}", &entry);
            let about = if path.contains("{id}") { target(&api, &path).await } else { String::new() };
            let path = format!("{}{}", path.replace("{id}", &about), needed(&operation));
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let mut counts = parameters.into_iter().filter(|parameter| parameter["name"] == "count");
            if counts.any(|parameter| parameter["schema"]["type"] == "boolean") {
                paths.extend(
                    ["count=true", "limit=1&count=true", "sort=-created_at"].map(|more| format!("{path}?{more}")),
                );
            }
            paths.push(path);
        }
        api.evaluate().await;
        api.sequence().await;
        let journal = api.by(Role::Auditor).await.get("/v1/journal").await.expect(200);
        let entry = journal.body["items"][0]["id"].as_str().unwrap();
        for path in &mut paths {
            *path = path.replace("{entry}", entry);
        }
        let alone = read_all(&api, &paths).await;
        api.change_sides();
        for _ in 0..3 {
            one_of_each(&api).await;
        }
        api.evaluate().await;
        api.sequence().await;
        api.change_sides();
        let beside = read_all(&api, &paths).await;
        for (path, was) in &alone {
            assert_eq!(beside[path], *was, "{path}");
            assert!(!was.contains("theirs"), "{path}");
        }
        let next = api.by(Role::Member).await.post("/v1/nonconformities", super::nonconformities::report()).await;
        // By whoever has restricted one of them: nobody else counts that.
        let count = api.by(Role::IsmsManager).await.get("/v1/nonconformities?count=true").await.expect(200);
        let number = count.body["total"].as_i64().unwrap();
        assert_eq!(next.reference(), format!("NC-2026-{number:04}"), "nor does a number");
    }
}

async fn read_all(api: &Api, paths: &[String]) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    for role in [Role::Admin, Role::IsmsManager, Role::Member, Role::ExternalAuditor] {
        let caller = api.by(role).await;
        for path in paths {
            let answer = caller.get(path).await;
            assert!([200, 204, 403, 404].contains(&answer.status), "{path}: {}", answer.text);
            let name: &str = role.into();
            read.insert(format!("{name} {path}"), format!("{:?}", answer.told()));
        }
    }
    read
}

/// Who acts where is the token's to say, alone.
#[tokio::test]
async fn no_other_word_says_in_which_organisation_one_acts() {
    for database in each() {
        let api = Api::start(database).await;
        let theirs = api.theirs().to_string();
        let mut calls = Vec::new();
        for operation in operations() {
            let (method, path, described) = &operation;
            if !path.starts_with("/v1/") || method == Method::GET && path.contains('{') && !path.contains("{id}") {
                continue;
            }
            let call = if schema_of(described).is_null() {
                let about = if path.contains("{id}") { target(&api, path).await } else { String::new() };
                let (path, body) = (path.replace("{id}", &about), json!({}));
                Call { role: Role::IsmsManager, method: method.clone(), path, body, is_listed: false }
            } else {
                call_of(&api, &operation).await
            };
            calls.push(call);
        }
        let before = api.database.rows();
        for call in &calls {
            let caller = api.by(call.role).await;
            for name in ["organisation_id", "organisation", "org", "tenant_id", "as"] {
                let path = call.path_with(&format!("{name}={theirs}"));
                // What InfluxDB's clients say there of their own server is read by nobody.
                if speaks_its_own(&call.path) && name == "org" && call.path.contains("/influx/api/v2/") {
                    continue;
                }
                let refused = call.send_to(&caller, &path, &call.body).await.expect(400);
                if speaks_its_own(&call.path) {
                    assert!(refused.text.contains(name), "{path}: {}", refused.text);
                } else {
                    assert_eq!(refused.faults(), [format!("{name} unknown_parameter")], "{path}");
                }
            }
            let twice = call.path_with("dry_run=true&dry_run=true");
            call.send_to(&caller, &twice, &call.body).await.expect(400);
        }
        assert_eq!(api.database.rows(), before);
        let manager = api.by(Role::IsmsManager).await;
        let me = manager.get("/v1/me").await.expect(200);
        for header in
            ["x-organisation-id", "x-organization-id", "x-tenant-id", "organisation", "x-forwarded-user", "x-user-id"]
        {
            let led = manager.send(manager.request(Method::GET, "/v1/me").header(header, &theirs)).await;
            assert_eq!(led.told(), me.told(), "{header}");
        }
        let stranger = api.stranger(Role::IsmsManager).await;
        let two =
            manager.request(Method::GET, "/v1/me").header("authorization", format!("Bearer {}", stranger.token()));
        manager.send(two).await.expect(401);
    }
}
