//! What of the protocol is spoken: names, what is shown, searches, whole groups, discovery.

use super::{ENTERPRISE, GROUPS, USER, USERS, assert_fault, change, create, directory, filtered, member, patch, send};
use crate::databases::each;
use crate::harness::Api;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn what_was_said_of_a_user_is_told_back_and_can_be_taken_back() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let said =
            json!({ "displayName": "Grace H.", "name": { "formatted": "Dr. Grace Hopper", "givenName": "Grace" } });
        let user = create(&directory, said.clone()).await.expect(201).body;
        assert_eq!((&user["displayName"], &user["name"]), (&said["displayName"], &said["name"]));
        let step = async |operation: Value| {
            let answer = change(&directory, &user, json!([operation])).await.expect(200).body;
            let name = member(&api, &user).await["name"].as_str().unwrap().to_owned();
            (answer, name)
        };
        // Each is followed by the next best, and the last name stays.
        let (told, name) = step(json!({ "op": "remove", "path": "displayName" })).await;
        assert_eq!((told.get("displayName"), name.as_str()), (None, "Dr. Grace Hopper"));
        let (_, name) = step(json!({ "op": "remove", "path": "name.formatted" })).await;
        assert_eq!(name, "Grace");
        let (told, name) = step(json!({ "op": "Add", "path": "name.familyName", "value": "Murray" })).await;
        assert_eq!((&told["name"]["familyName"], name.as_str()), (&json!("Murray"), "Grace Murray"));
        let (told, name) = step(json!({ "op": "replace", "path": "name", "value": { "familyName": "Hopper" } })).await;
        assert_eq!((&told["name"]["givenName"], name.as_str()), (&json!("Grace"), "Grace Hopper"));
        let (told, name) = step(json!({ "op": "remove", "path": "name" })).await;
        assert_eq!((told.get("name"), name.as_str()), (None, "Grace Hopper"));
        // The extension as a whole.
        let yard = json!({ "department": "Slipway", "costCenter": "forgotten" });
        let (told, _) = step(json!({ "op": "replace", "path": ENTERPRISE, "value": yard })).await;
        assert_eq!(told[ENTERPRISE], json!({ "department": "Slipway" }));
        assert_eq!(member(&api, &user).await["unit"], "Slipway");
        let (told, _) = step(json!({ "op": "remove", "path": ENTERPRISE })).await;
        assert_eq!((told.get(ENTERPRISE), told["schemas"].as_array().unwrap().len()), (None, 1));
        assert_eq!(member(&api, &user).await["unit"], Value::Null);
        // As Entra ID maps it from the start: what is not kept is taken all the same.
        for operation in [
            json!({ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "other@ours.example" }),
            json!({ "op": "Replace", "path": "addresses[type eq \"work\"].country", "value": "SE" }),
            json!({ "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "26118915-6090-4610-87e4-49d8ca9f808d" }),
            json!({ "op": "Add", "path": "preferredLanguage", "value": "sv" }),
        ] {
            let (told, _) = step(operation).await;
            assert_eq!(told["userName"], "grace@ours.example");
        }
        let (told, _) = step(json!({ "op": "Add", "path": "externalId", "value": "" })).await;
        assert_eq!(told.get("externalId"), None);
    }
}

#[tokio::test]
async fn no_more_is_shown_than_was_asked_for() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let user = create(&directory, json!({})).await.expect(201).body;
        let path = format!("{USERS}/{}", user["id"].as_str().unwrap());
        let names = |shown: &Value| shown.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let one = directory.get(&format!("{path}?attributes=userName,name.givenName")).await.expect(200).body;
        assert_eq!(one["name"], json!({ "givenName": "Grace" }));
        assert_eq!(names(&one), ["id", "name", "schemas", "userName"]);
        let all = directory.get(&format!("{USERS}?attributes=id")).await.expect(200).body;
        assert!(all["Resources"].as_array().unwrap().iter().all(|shown| names(shown) == ["id", "schemas"]));
        let less = directory.get(&format!("{path}?excludedAttributes=groups,meta,id")).await.expect(200).body;
        assert_eq!((less.get("groups"), less.get("meta"), &less["id"]), (None, None, &user["id"]));
        let shown_alone = format!("{path}?attributes=active");
        let out = patch(json!([{ "op": "replace", "path": "active", "value": false }]));
        let written = send(&directory, Method::PATCH, &shown_alone, out).await.expect(200);
        assert_eq!(names(&written.body), ["active", "id", "schemas"]);
        let search = async |at: &str, body: Value| {
            send(&directory, Method::POST, &format!("/v1/scim/v2{at}/.search"), body).await
        };
        let asked = json!({ "filter": "userName eq \"grace@ours.example\"", "attributes": ["userName"] });
        for at in ["/Users", ""] {
            let found = search(at, asked.clone()).await.expect(200).body;
            assert_eq!(found["totalResults"], 1, "{at}");
            assert_eq!(names(&found["Resources"][0]), ["id", "schemas", "userName"], "{at}");
        }
        let groups = json!({ "filter": "displayName eq \"auditor\"", "excludedAttributes": ["members"] });
        for at in ["/Groups", ""] {
            let found = search(at, groups.clone()).await.expect(200).body;
            assert_eq!((&found["totalResults"], found["Resources"][0].get("members")), (&json!(1), None), "{at}");
        }
        // Users first, and then groups: 7 and 6, whatever the page.
        for (start, count, shown) in [(1, 20, 13), (6, 4, 4), (8, 3, 3), (13, 5, 1), (14, 5, 0), (1, 0, 0)] {
            let found = search("", json!({ "startIndex": start, "count": count })).await.expect(200).body;
            let here = found["Resources"].as_array().unwrap().len();
            assert_eq!((&found["totalResults"], here), (&json!(13), shown), "{start} {count}");
        }
        let across = search("", json!({ "startIndex": 7, "count": 2 })).await.expect(200).body["Resources"].clone();
        assert_eq!((&across[0]["meta"]["resourceType"], &across[1]["id"]), (&json!("User"), &json!("admin")));
        assert_fault(&search("", json!({ "filter": "colour eq 1" })).await.expect(400), "invalidFilter");
        assert_fault(&search("/Users", json!({ "count": "all" })).await.expect(400), "invalidSyntax");
    }
}

#[tokio::test]
async fn groups_are_replaced_and_asked_for_by_who_is_of_them() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let user = create(&directory, json!({})).await.expect(201).body;
        let id = user["id"].as_str().unwrap();
        // As Okta writes it.
        let path = format!("{GROUPS}/auditor");
        let whole = |members: Value| {
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "auditor", "displayName": "Auditor",
                "members": members, "meta": { "resourceType": "Group" },
            })
        };
        let replaced = send(&directory, Method::PUT, &path, whole(json!([{ "value": id, "display": "Grace" }]))).await;
        assert_eq!(replaced.expect(200).body["members"].as_array().unwrap().len(), 1);
        for (filter, total) in [
            (format!("id eq \"auditor\" and members eq \"{id}\""), 1),
            (format!("members.value eq \"{id}\""), 2),
            (format!("id eq \"management\" and members eq \"{id}\""), 0),
            ("externalId eq \"x\"".to_owned(), 0),
        ] {
            let found = directory.get(&filtered(GROUPS, &filter)).await.expect(200).body;
            assert_eq!(found["totalResults"], total, "{filter}");
        }
        // What is not said stays, and a group keeps its name.
        let mut renamed = whole(json!([]));
        renamed["displayName"] = json!("Chiefs");
        assert_fault(&send(&directory, Method::PUT, &path, renamed).await.expect(400), "mutability");
        let silent = json!({ "displayName": "auditor" });
        let same = send(&directory, Method::PUT, &path, silent).await.expect(200);
        assert_eq!(same.body["members"].as_array().unwrap().len(), 1);
        // A version is compared where it is named: any change of the group is another.
        let none = whole(json!([])).to_string();
        let put = |tag: &str| {
            let request = directory.request(Method::PUT, &path).header("content-type", "application/scim+json");
            directory.send(request.header("if-match", tag).body(none.clone()))
        };
        put("\"other\"").await.expect(412);
        let emptied = put(same.header("etag")).await.expect(200);
        assert_eq!(emptied.body["members"], json!([]));
        put(same.header("etag")).await.expect(412);
        // Groups are neither made nor removed, and this is told in the protocol's words.
        let made = send(&directory, Method::POST, GROUPS, json!({ "displayName": "Chiefs" })).await.expect(405);
        assert_eq!((&made.body["status"], made.header("content-type")), (&json!("405"), "application/scim+json"));
        directory.send(directory.request(Method::DELETE, &path)).await.expect(405);
    }
}

#[tokio::test]
async fn a_directory_finds_out_what_is_spoken() {
    for database in each() {
        let api = Api::start(database).await;
        let directory = directory(&api).await;
        let config = directory.get("/v1/scim/v2/ServiceProviderConfig").await.expect(200);
        assert_eq!(config.header("content-type"), "application/scim+json");
        for (feature, is_spoken) in [
            ("patch", true),
            ("filter", true),
            ("etag", true),
            ("bulk", false),
            ("sort", false),
            ("changePassword", false),
        ] {
            assert_eq!(config.body[feature]["supported"], is_spoken, "{feature}");
        }
        assert_eq!(config.body["authenticationSchemes"][0]["type"], "oauthbearertoken");
        let kinds = directory.get("/v1/scim/v2/ResourceTypes").await.expect(200).body["Resources"].clone();
        for kind in kinds.as_array().unwrap() {
            directory.get(&format!("/v1/scim/v2{}", kind["endpoint"].as_str().unwrap())).await.expect(200);
            directory.get(&format!("/v1/scim/v2/Schemas/{}", kind["schema"].as_str().unwrap())).await.expect(200);
        }
        let schemas = directory.get("/v1/scim/v2/Schemas").await.expect(200).body["Resources"].clone();
        let of_users = schemas.as_array().unwrap().iter().find(|schema| schema["id"] == USER).unwrap();
        // Whatever the schema knows, users show, and nothing else.
        let user =
            create(&directory, json!({ "displayName": "G", "name": { "formatted": "Grace" } })).await.expect(201);
        let known: Vec<&str> =
            of_users["attributes"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        let common = ["schemas", "id", "externalId", "meta", ENTERPRISE];
        let mut shown: Vec<&str> = user.body.as_object().unwrap().keys().map(String::as_str).collect();
        shown.retain(|name| !common.contains(name));
        assert_eq!(shown.len(), known.len());
        assert!(shown.iter().all(|name| known.contains(name)), "{shown:?} {known:?}");
        let nobody = directory.get("/v1/scim/v2/Colours").await.expect(404);
        assert_eq!((&nobody.body["status"], nobody.header("content-type")), (&json!("404"), "application/scim+json"));
        let anonymous = api.anonymous().get("/v1/scim/v2/ServiceProviderConfig").await.expect(401);
        assert_eq!(anonymous.body["status"], "401");
    }
}
