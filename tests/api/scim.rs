//! Directories: users are members, groups are roles, and whoever is deactivated is out with the next request.

mod protocol;

use crate::databases::each;
use crate::harness::{Answer, Api, Caller, PASSWORD};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

const USERS: &str = "/v1/scim/v2/Users";
const GROUPS: &str = "/v1/scim/v2/Groups";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Whoever has a key for directories alone.
async fn directory(api: &Api) -> Caller<'_> {
    let body = json!({ "name": "Directory", "scopes": ["members:provision"] });
    let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
    api.with_token(issued.body["token"].as_str().unwrap())
}

async fn send(caller: &Caller<'_>, method: Method, path: &str, body: Value) -> Answer {
    let request = caller.request(method, path).header("content-type", "application/scim+json");
    caller.send(request.body(body.to_string())).await
}

async fn create(caller: &Caller<'_>, more: Value) -> Answer {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "Grace@Ours.example", "externalId": "00u1",
        "name": { "givenName": "Grace", "familyName": "Hopper" }, "active": true,
        "emails": [{ "value": "grace@ours.example", "type": "work", "primary": true }], ENTERPRISE: { "department": "Shipyard" },
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    send(caller, Method::POST, USERS, body).await
}

fn patch(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

/// As people see the member.
async fn member(api: &Api, user: &Value) -> Value {
    let path = format!("/v1/members/{}", user["id"].as_str().unwrap());
    api.by(Role::Admin).await.get(&path).await.expect(200).body
}

fn filtered(path: &str, filter: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("filter", filter).finish();
    format!("{path}?{query}")
}

async fn change(caller: &Caller<'_>, user: &Value, operations: Value) -> Answer {
    send(caller, Method::PATCH, &format!("{USERS}/{}", user["id"].as_str().unwrap()), patch(operations)).await
}

/// Each way in which a directory writes.
pub async fn through_every_door(api: &Api) {
    let directory = directory(api).await;
    let user = create(&directory, json!({ "userName": "door@ours.example" })).await.expect(201).body;
    let path = format!("{USERS}/{}", user["id"].as_str().unwrap());
    change(&directory, &user, json!([{ "op": "replace", "path": "name.familyName", "value": "Murray" }]))
        .await
        .expect(200);
    let whole =
        json!({ "schemas": [USER], "userName": "door@ours.example", "displayName": "Grace Brewster", "active": true });
    send(&directory, Method::PUT, &path, whole).await.expect(200);
    let auditors = format!("{GROUPS}/auditor");
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": user["id"] }] }]);
    assert!(send(&directory, Method::PATCH, &auditors, patch(add)).await.status < 300);
    let held = directory.get(&auditors).await.expect(200).body["members"].clone();
    let others: Vec<Value> =
        held.as_array().unwrap().iter().filter(|one| one["value"] != user["id"]).cloned().collect();
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Auditor", "members": others,
    });
    send(&directory, Method::PUT, &auditors, group).await.expect(200);
    directory.send(directory.request(Method::DELETE, &path)).await.expect(204);
}

fn assert_fault(answer: &Answer, scim_type: &str) {
    assert_eq!(answer.body["scimType"], scim_type, "{}", answer.text);
    assert_eq!(answer.body["status"], answer.status.to_string(), "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/scim+json");
}

#[tokio::test]
async fn a_user_is_made_found_changed_and_removed() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let made = create(&directory, json!({})).await.expect(201);
        let user = made.body.clone();
        assert_eq!(
            (&user["userName"], &user["name"], &user["externalId"], &user["active"], &user["groups"][0]["value"]),
            (
                &json!("grace@ours.example"),
                &json!({ "givenName": "Grace", "familyName": "Hopper" }),
                &json!("00u1"),
                &json!(true),
                &json!("member")
            )
        );
        assert_eq!(member(&api, &user).await["name"], "Grace Hopper");
        assert_eq!(user[ENTERPRISE]["department"], "Shipyard");
        assert!(made.header("location").ends_with(&format!("{USERS}/{}", user["id"].as_str().unwrap())));
        let again = create(&directory, json!({})).await.expect(409);
        assert_fault(&again, "uniqueness");
        for (filter, total) in [
            ("userName eq \"GRACE@ours.example\"", 1),
            ("externalId eq \"00u1\"", 1),
            ("emails[type eq \"work\"].value eq \"grace@ours.example\"", 1),
            ("userName eq \"nobody@ours.example\"", 0),
            ("externalId eq \"00u1\" and active eq false", 0),
        ] {
            let found = directory.get(&filtered(USERS, filter)).await.expect(200);
            assert_eq!(
                (&found.body["totalResults"], found.body["Resources"].as_array().unwrap().len()),
                (&json!(total), total),
                "{filter}"
            );
        }
        for wrong in ["userName co \"a\"", "title eq \"a\"", "userName eq", "userName eq 5"] {
            assert_fault(&directory.get(&filtered(USERS, wrong)).await.expect(400), "invalidFilter");
        }
        let page = directory.get(&format!("{USERS}?startIndex=2&count=2")).await.expect(200).body;
        assert_eq!(
            (&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]),
            (&json!(7), &json!(2), &json!(2))
        );
        let none = directory.get(&format!("{USERS}?count=0")).await.expect(200).body;
        assert_eq!((&none["totalResults"], none["Resources"].as_array().unwrap().len()), (&json!(7), 0));
        let path = format!("{USERS}/{}", user["id"].as_str().unwrap());
        // As Okta writes it: everything, again.
        let mut whole = user.clone();
        (whole["displayName"], whole["name"]) = (json!("Grace B. Hopper"), json!({ "formatted": "Grace B. Hopper" }));
        whole.as_object_mut().unwrap().remove(ENTERPRISE);
        let replaced = send(&directory, Method::PUT, &path, whole.clone()).await.expect(200);
        assert_eq!((&replaced.body["displayName"], replaced.body.get(ENTERPRISE)), (&json!("Grace B. Hopper"), None));
        send(&directory, Method::PUT, &path, whole).await.expect(200);
        // Another address logs in, and the old one is free.
        let moved =
            change(&directory, &user, json!([{ "op": "Replace", "path": "userName", "value": "hopper@ours.example" }]))
                .await;
        assert_eq!(moved.expect(200).body["userName"], "hopper@ours.example");
        let taken =
            change(&directory, &user, json!([{ "op": "replace", "path": "userName", "value": "member@ours.example" }]))
                .await;
        assert_fault(&taken.expect(409), "uniqueness");
        let request = directory.request(Method::DELETE, &path);
        directory.send(request).await.expect(204);
        directory.get(&path).await.expect(404);
        let request = directory.request(Method::DELETE, &path);
        directory.send(request).await.expect(404);
        // The member is there still, and comes back as the same.
        assert_eq!(member(&api, &user).await["state"], "deactivated");
        let back = create(&directory, json!({ "userName": "hopper@ours.example" })).await.expect(201);
        assert_eq!((&back.body["id"], &back.body["active"]), (&user["id"], &json!(true)));
        // Whoever has no name yet is called by the address.
        let bare = json!({ "schemas": [USER], "userName": "lovelace@ours.example" });
        let bare = send(&directory, Method::POST, USERS, bare).await.expect(201).body;
        assert_eq!((&bare["displayName"], &bare["active"]), (&json!("lovelace@ours.example"), &json!(true)));
        // Made, and shut out before the first day.
        let later = json!({ "schemas": [USER], "userName": "later@ours.example", "active": "False" });
        let later = send(&directory, Method::POST, USERS, later).await.expect(201).body;
        assert_eq!((&later["active"], &member(&api, &later).await["state"]), (&json!(false), &json!("deactivated")));
    }
}

/// As Entra ID, Okta and the RFC write it.
#[tokio::test]
async fn whoever_is_deactivated_is_out_with_the_next_request() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        for operations in [
            json!([{ "op": "Replace", "path": "active", "value": "False" }]),
            json!([{ "op": "replace", "value": { "active": false } }]),
            json!([{ "op": "replace", "path": "active", "value": false }]),
        ] {
            let body = json!({ "email": format!("{}@ours.example", uuid::Uuid::new_v4().simple()), "name": "N", "roles": ["auditor"], "password": PASSWORD });
            let made = api.by(Role::Admin).await.post("/v1/members", body.clone()).await.expect(201).body;
            let session = api
                .anonymous()
                .post("/v1/auth/login", json!({ "email": body["email"], "password": PASSWORD }))
                .await
                .expect(200)
                .body;
            let them = api.with_token(session["access_token"].as_str().unwrap());
            them.get("/v1/me").await.expect(200);
            let out = change(&directory, &made, operations.clone()).await.expect(200);
            assert_eq!(out.body["active"], false);
            them.get("/v1/me").await.expect(401);
            let password = json!({ "email": body["email"], "password": PASSWORD });
            api.anonymous().post("/v1/auth/login", password).await.expect(401);
            api.anonymous()
                .post("/v1/auth/refresh", json!({ "refresh_token": session["refresh_token"] }))
                .await
                .expect(401);
            let again = change(&directory, &made, operations).await.expect(200);
            assert!(again.header("journal-entry").is_empty(), "so already");
            // Back, and without the session there was.
            let back = change(&directory, &made, json!([{ "op": "replace", "path": "active", "value": "True" }]))
                .await
                .expect(200);
            assert_eq!(back.body["active"], true);
            them.get("/v1/me").await.expect(401);
        }
    }
}

/// Addresses are given to somebody else one day.
#[tokio::test]
async fn whoever_comes_back_is_not_who_had_the_password() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let body = json!({
            "email": "back@ours.example", "name": "N", "roles": ["auditor"], "unit": "Quay", "password": PASSWORD,
        });
        let made = api.by(Role::Admin).await.post("/v1/members", body).await.expect(201).body;
        let login = json!({ "email": "back@ours.example", "password": PASSWORD });
        api.anonymous().post("/v1/auth/login", login.clone()).await.expect(200);
        let request = directory.request(Method::DELETE, &format!("{USERS}/{}", made["id"].as_str().unwrap()));
        directory.send(request).await.expect(204);
        let other = json!({ "schemas": [USER], "userName": "back@ours.example", "externalId": "somebody-else" });
        let back = send(&directory, Method::POST, USERS, other).await.expect(201).body;
        assert_eq!((&back["id"], back.get(ENTERPRISE)), (&made["id"], None));
        api.anonymous().post("/v1/auth/login", login).await.expect(401);
    }
}

#[tokio::test]
async fn what_is_half_said_changes_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let made = async |name: &str| {
            let body = json!({ "schemas": [USER], "userName": format!("{name}@ours.example"), "displayName": name });
            send(&directory, Method::POST, USERS, body).await.expect(201).body
        };
        let (ada, bea, cal) = (made("ada").await, made("bea").await, made("cal").await);
        let auditors = format!("{GROUPS}/auditor");
        let both =
            json!([{ "op": "add", "path": "members", "value": [{ "value": ada["id"] }, { "value": bea["id"] }] }]);
        send(&directory, Method::PATCH, &auditors, patch(both)).await.expect(200);
        let held = async || {
            let held = directory.get(&auditors).await.expect(200).body["members"].clone();
            let ids = held.as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap().to_owned());
            ids.collect::<std::collections::BTreeSet<_>>()
        };
        let before = held().await;
        let one = |user: &Value| format!("members[value eq \"{}\"]", user["id"].as_str().unwrap());
        for (operation, kind) in [
            (json!({ "op": "replace", "path": "members" }), "invalidValue"),
            (json!({ "op": "replace", "path": "members", "value": null }), "invalidValue"),
            (json!({ "op": "replace", "path": one(&cal), "value": { "value": ada["id"] } }), "noTarget"),
        ] {
            let refused = send(&directory, Method::PATCH, &auditors, patch(json!([operation]))).await.expect(400);
            assert_fault(&refused, kind);
        }
        assert_eq!(held().await, before);
        // One gives place to another; the others stay.
        let instead = json!([{ "op": "replace", "path": one(&bea), "value": { "value": cal["id"] } }]);
        send(&directory, Method::PATCH, &auditors, patch(instead)).await.expect(200);
        let (stayed, went) = (ada["id"].as_str().unwrap(), bea["id"].as_str().unwrap());
        let after = held().await;
        assert!(after.contains(stayed) && after.contains(cal["id"].as_str().unwrap()) && !after.contains(went));
        for operation in [
            json!({ "op": "add", "path": "displayName" }),
            json!({ "op": "replace", "path": "name[givenName eq \"x\"].familyName", "value": "M" }),
        ] {
            change(&directory, &ada, json!([operation])).await.expect(400);
        }
        for twice in [
            r#"{"userName":"x@ours.example","userName":"y@ours.example"}"#,
            r#"{"userName":"x@ours.example","USERNAME":"y@ours.example"}"#,
        ] {
            let request = directory.request(Method::POST, USERS).header("content-type", "application/scim+json");
            assert_fault(&directory.send(request.body(twice)).await.expect(400), "invalidSyntax");
        }
        // The version is that of the whole, however much is shown.
        let part = directory.get(&format!("{auditors}?excludedAttributes=members")).await.expect(200);
        let nothing = patch(json!([{ "op": "add", "path": "members", "value": [] }]));
        let request = directory.request(Method::PATCH, &auditors).header("content-type", "application/scim+json");
        directory.send(request.header("if-match", part.header("etag")).body(nothing.to_string())).await.expect(200);
    }
}

#[tokio::test]
async fn groups_are_roles_and_nobody_becomes_an_admin_by_them() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let user = create(&directory, json!({})).await.expect(201).body;
        let id = user["id"].as_str().unwrap();
        let found = directory
            .get(&format!("{GROUPS}?excludedAttributes=members&filter=displayName%20eq%20%22auditor%22"))
            .await
            .expect(200)
            .body;
        assert_eq!(
            (&found["totalResults"], &found["Resources"][0]["id"], found["Resources"][0].get("members")),
            (&json!(1), &json!("auditor"), None)
        );
        let roles = async || {
            let user = directory.get(&format!("{USERS}/{id}")).await.expect(200).body;
            let groups = user["groups"].as_array().unwrap().iter();
            groups.map(|group| group["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let group = async |role: &str, operations: Value| {
            send(&directory, Method::PATCH, &format!("{GROUPS}/{role}"), patch(operations)).await
        };
        let auditors =
            group("auditor", json!([{ "op": "Add", "path": "members", "value": [{ "value": id }] }])).await.expect(200);
        assert!(
            auditors.body["members"].as_array().unwrap().iter().any(|member| member["value"] == id),
            "{}",
            auditors.text
        );
        assert_eq!(roles().await, ["auditor", "member"]);
        group("member", json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }])).await.expect(200);
        assert_eq!(roles().await, ["auditor"]);
        group("auditor", json!([{ "op": "Remove", "path": "members", "value": [{ "value": id }] }])).await.expect(200);
        assert_eq!(roles().await, ["member"], "nobody is without a role");
        group(
            "management",
            json!([{ "op": "replace", "value": { "displayName": "management", "members": [{ "value": id }] } }]),
        )
        .await
        .expect(200);
        assert_eq!(roles().await, ["management", "member"]);
        let others = directory.get(&format!("{GROUPS}/management")).await.expect(200).body;
        assert_eq!(others["members"].as_array().unwrap().len(), 1, "who was there before is not");
        // Admins are made by admins, and the last one stays.
        group("admin", json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }])).await.expect(403);
        let admin = api.member_id(Role::Admin).await;
        group("admin", json!([{ "op": "remove", "path": format!("members[value eq \"{admin}\"]") }])).await.expect(409);
        let gone = json!([{ "op": "replace", "path": "active", "value": false }]);
        change(&directory, &json!({ "id": admin }), gone).await.expect(409);
        let renamed = json!([{ "op": "replace", "path": "userName", "value": "mine@evil.example" }]);
        change(&directory, &json!({ "id": admin }), renamed).await.expect(403);
        for (operations, scim_type) in [
            (json!([{ "op": "replace", "path": "displayName", "value": "Chiefs" }]), "mutability"),
            (json!([{ "op": "add", "path": "members", "value": [{ "value": uuid::Uuid::new_v4() }] }]), "invalidValue"),
            (json!([{ "op": "add", "path": "members", "value": "x" }]), "invalidValue"),
            (json!([{ "op": "add", "path": "colour", "value": "red" }]), "invalidPath"),
            // By anything but the value, everybody would be meant.
            (json!([{ "op": "remove", "path": "members[display eq \"Grace\"]" }]), "invalidPath"),
        ] {
            assert_fault(&group("auditor", operations).await.expect(400), scim_type);
        }
        group("chiefs", json!([{ "op": "replace", "path": "members", "value": [] }])).await.expect(404);
    }
}

#[tokio::test]
async fn a_directory_s_key_opens_nothing_else_and_no_other_key_is_one() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        directory.get("/v1/nonconformities").await.expect(403);
        let with_password =
            json!({ "email": "eve@ours.example", "name": "Eve", "roles": ["isms_manager"], "password": PASSWORD });
        directory.post("/v1/members", with_password).await.expect(403);
        let member = api.member_id(Role::Member).await;
        directory.post(&format!("/v1/members/{member}/assign-roles"), json!({ "roles": ["admin"] })).await.expect(404);
        for verb in ["deactivate", "reactivate"] {
            directory.post(&format!("/v1/members/{member}/{verb}"), json!({ "reason": "Gone" })).await.expect(404);
        }
        let body = json!({ "name": "Feed", "scopes": ["records:read"] });
        let other = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201).body["token"].clone();
        let other = api.with_token(other.as_str().unwrap());
        other.get(USERS).await.expect(403);
        create(&other, json!({})).await.expect(403);
        // Nobody of another organisation is seen.
        let theirs = api.stranger(Role::Member).await.get("/v1/me").await.expect(200).body["member_id"].clone();
        let path = format!("{USERS}/{}", theirs.as_str().unwrap());
        directory.get(&path).await.expect(404);
        let request = directory.request(Method::DELETE, &path);
        directory.send(request).await.expect(404);
        let add = patch(json!([{ "op": "add", "path": "members", "value": [{ "value": theirs }] }]));
        send(&directory, Method::PATCH, &format!("{GROUPS}/auditor"), add).await.expect(400);
    }
}

#[tokio::test]
async fn what_no_directory_means_is_refused_in_its_words() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        for (more, scim_type) in [
            (json!({ "userName": null }), "invalidValue"),
            (json!({ "userName": "grace" }), "invalidValue"),
            (json!({ "userName": 5 }), "invalidValue"),
            (json!({ "active": "perhaps" }), "invalidValue"),
            (json!({ "displayName": " " }), "invalidValue"),
            (json!({ "displayName": "a\u{0}b" }), "invalidValue"),
            (json!({ "colour": "red" }), "invalidSyntax"),
            (json!({ "name": "Grace" }), "invalidValue"),
        ] {
            assert_fault(&create(&directory, more.clone()).await.expect(400), scim_type);
        }
        let request = directory.request(Method::POST, USERS).header("content-type", "application/scim+json").body("{");
        assert_fault(&directory.send(request).await.expect(400), "invalidSyntax");
        let request = directory.request(Method::POST, USERS).header("content-type", "text/plain").body("{}");
        directory.send(request).await.expect(415);
        let user = create(&directory, json!({})).await.expect(201);
        for (operations, scim_type) in [
            (json!([]), "invalidSyntax"),
            (json!([{ "op": "move", "path": "active" }]), "invalidSyntax"),
            (json!([{ "op": "remove" }]), "noTarget"),
            (json!([{ "op": "remove", "path": "userName" }]), "invalidValue"),
            (json!([{ "op": "remove", "path": "active" }]), "invalidValue"),
            (json!([{ "op": "add", "path": "groups", "value": [{ "value": "admin" }] }]), "mutability"),
            (json!([{ "op": "replace", "path": "colour", "value": "red" }]), "invalidPath"),
            (json!([{ "op": "replace", "path": "active[", "value": true }]), "invalidPath"),
        ] {
            assert_fault(&change(&directory, &user.body, operations).await.expect(400), scim_type);
        }
        // Versions are compared where they are named.
        let path = format!("{USERS}/{}", user.body["id"].as_str().unwrap());
        let stale = directory.request(Method::PATCH, &path).header("content-type", "application/scim+json");
        let body = patch(json!([{ "op": "replace", "path": "displayName", "value": "G" }]));
        directory.send(stale.header("if-match", "\"7-x\"").body(body.to_string())).await.expect(412);
        let known = directory.request(Method::GET, &path).header("if-none-match", user.header("etag"));
        directory.send(known).await.expect(304);
    }
}

/// The journal says who it was: the key, and not who issued it.
#[tokio::test]
async fn every_write_has_an_entry_by_the_key_and_a_refusal_has_none() {
    for database in each() {
        let api = Api::start(database).await;
        let body = json!({ "name": "Directory", "scopes": ["members:provision"] });
        let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201).body;
        let directory = api.with_token(issued["token"].as_str().unwrap());
        let user = create(&directory, json!({})).await.expect(201).body;
        create(&directory, json!({})).await.expect(409);
        let path = format!("{USERS}/{}", user["id"].as_str().unwrap());
        let active = |value: bool| json!([{ "op": "replace", "path": "active", "value": value }]);
        change(&directory, &user, json!([{ "op": "add", "path": "displayName", "value": "G" }])).await.expect(200);
        change(&directory, &user, json!([{ "op": "add", "path": "displayName", "value": "G" }])).await.expect(200);
        change(&directory, &user, json!([{ "op": "add", "path": "userName", "value": "g@ours.example" }]))
            .await
            .expect(200);
        change(&directory, &user, active(false)).await.expect(200);
        change(&directory, &user, active(true)).await.expect(200);
        let add = patch(json!([{ "op": "add", "path": "members", "value": [{ "value": user["id"] }] }]));
        send(&directory, Method::PATCH, &format!("{GROUPS}/auditor"), add.clone()).await.expect(200);
        send(&directory, Method::PATCH, &format!("{GROUPS}/admin"), add).await.expect(403);
        change(&directory, &user, active(false)).await.expect(200);
        directory.send(directory.request(Method::DELETE, &path)).await.expect(204);
        api.sequence().await;
        let of_user = format!("/v1/journal?object={}", user["id"].as_str().unwrap());
        let entries = api.by(Role::IsmsManager).await.get(&of_user).await.expect(200).body["items"].clone();
        let mut actions: Vec<&str> = Vec::new();
        for entry in entries.as_array().unwrap() {
            assert_eq!(entry["actor"]["id"], issued["id"], "{entry}");
            actions.push(entry["action"].as_str().unwrap());
        }
        assert_eq!(
            actions,
            [
                "member.enrolled",
                "member.amended",
                "member.address_changed",
                "member.deactivated",
                "member.reactivated",
                "member.roles_followed",
                "member.deactivated",
                "member.removed_from_directory",
            ]
        );
    }
}

/// Whoever comes back has no more than the directory says now, and never what time has taken.
#[tokio::test]
async fn nobody_comes_back_with_more_than_is_said() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let group = async |role: &str, op: &str, id: &Value| {
            let operation = json!([{ "op": op, "path": "members", "value": [{ "value": id }] }]);
            send(&directory, Method::PATCH, &format!("{GROUPS}/{role}"), patch(operation)).await
        };
        let active = |value: bool| json!([{ "op": "replace", "path": "active", "value": value }]);
        let user = create(&directory, json!({})).await.expect(201).body;
        // Taken from the group while out.
        group("isms_manager", "add", &user["id"]).await.expect(200);
        change(&directory, &user, active(false)).await.expect(200);
        group("isms_manager", "remove", &user["id"]).await.expect(200);
        let back = change(&directory, &user, active(true)).await.expect(200).body;
        assert_eq!((back["groups"].as_array().unwrap().len(), &back["groups"][0]["value"]), (1, &json!("member")));
        // Removed, and made again.
        group("auditor", "add", &user["id"]).await.expect(200);
        let path = format!("{USERS}/{}", user["id"].as_str().unwrap());
        directory.send(directory.request(Method::DELETE, &path)).await.expect(204);
        assert_fault(&group("auditor", "add", &user["id"]).await.expect(400), "invalidValue");
        let again = create(&directory, json!({})).await.expect(201).body;
        assert_eq!((&again["id"], &again["groups"][0]["value"]), (&user["id"], &json!("member")));
        assert_eq!(again["groups"].as_array().unwrap().len(), 1);
        // An admin who was shut out comes back as none, and one is always left.
        let body =
            json!({ "email": "second@ours.example", "name": "Second", "roles": ["admin"], "password": PASSWORD });
        let second = api.by(Role::Admin).await.post("/v1/members", body).await.expect(201).body;
        change(&directory, &second, active(false)).await.expect(200);
        let back = change(&directory, &second, active(true)).await.expect(200).body;
        assert_eq!(back["groups"][0]["value"], "member");
        let last = json!({ "id": api.member_id(Role::Admin).await });
        change(&directory, &last, active(false)).await.expect(409);
        directory
            .send(directory.request(Method::DELETE, &format!("{USERS}/{}", last["id"].as_str().unwrap())))
            .await
            .expect(409);
        // A role whose time is over.
        let today = api.now().date_naive();
        let terms = json!([{ "role": "auditor", "until": today }]);
        let assign = format!("/v1/members/{}/assign-roles", user["id"].as_str().unwrap());
        let body = json!({ "roles": ["auditor", "member"], "terms": terms });
        api.by(Role::Admin).await.post(&assign, body).await.expect(200);
        api.wait(chrono::TimeDelta::days(1));
        while api.wake().await > 0 {}
        let auditors = group("auditor", "add", &user["id"]).await.expect(200);
        assert!(auditors.header("journal-entry").is_empty());
        assert_eq!(member(&api, &user).await["roles"], json!(["member"]));
    }
}
