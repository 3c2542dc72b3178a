use crate::databases::each;
use crate::harness::{Api, PASSWORD};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// Somebody whom nobody else's test needs.
pub async fn newcomer(api: &Api) -> String {
    let email = format!("{}@ours.example", uuid::Uuid::new_v4().simple());
    let body = json!({ "email": email, "name": "Newcomer", "roles": ["member"], "password": PASSWORD });
    api.by(Role::Admin).await.post("/v1/members", body).await.expect(201).reference().to_owned()
}

#[tokio::test]
async fn a_new_member_logs_in_and_is_shut_out() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let body = json!({ "email": "Ada@Example.org", "name": "Ada", "roles": ["member"], "password": PASSWORD });
        let made = admin.post("/v1/members", body.clone()).await.expect(201);
        assert!(!made.text.contains(PASSWORD));
        let login = json!({ "email": "ada@example.org", "password": PASSWORD });
        let tokens = api.anonymous().post("/v1/auth/login", login.clone()).await.expect(200);
        let ada = api.with_token(tokens.body["access_token"].as_str().unwrap());
        ada.post("/v1/members", body).await.expect(403);
        ada.get("/v1/members").await.expect(200);
        let path = format!("/v1/members/{}", made.reference());
        admin.post(&format!("{path}/assign-roles"), json!({ "roles": ["auditor"] })).await.expect(200);
        assert_eq!(ada.get("/v1/me").await.body["roles"], json!(["auditor"]), "acts at once");
        admin.post(&format!("{path}/deactivate"), json!({ "reason": "Left" })).await.expect(200);
        ada.get("/v1/me").await.expect(401);
        api.anonymous().post("/v1/auth/login", login.clone()).await.expect(401);
        let back = json!({ "reason": "Shut out by mistake" });
        let back = admin.post(&format!("{path}/reactivate"), back).await.expect(200);
        assert_eq!((&back.body["state"], &back.body["roles"]), (&json!("active"), &json!(["auditor"])));
        ada.get("/v1/me").await.expect(401);
        api.anonymous().post("/v1/auth/login", login).await.expect(200);
    }
}

/// What another organisation's admin does with an address opens nothing here, locks nobody out, and is answered as though
/// nobody had the address.
#[tokio::test]
async fn an_address_is_another_login_in_another_organisation() {
    const THEIRS: &str = "chosen by the others";
    for database in each() {
        let api = Api::start(database).await;
        let (admin, stranger) = (api.by(Role::Admin).await, api.stranger(Role::Admin).await);
        let body = |email: &str, password: Value| json!({ "email": email, "name": "Ada", "roles": ["member"], "password": password });
        let ada = |password: &str| body("ada@example.org", json!(password));
        assert_eq!(admin.post("/v1/members", body("ada@example.org", Value::Null)).await.status, 422);
        admin.post("/v1/members", ada("short")).await.expect(422);
        stranger.post("/v1/members", ada(THEIRS)).await.expect(201);
        admin.post("/v1/members", ada(PASSWORD)).await.expect(201);
        assert_eq!(admin.post("/v1/members", ada(PASSWORD)).await.expect(409).faults(), ["/email taken"]);
        let log_in = async |email: &str, password: &str| {
            api.anonymous().post("/v1/auth/login", json!({ "email": email, "password": password })).await
        };
        let organisation_of = async |answer: crate::harness::Answer| {
            let client = api.with_token(answer.expect(200).body["access_token"].as_str().unwrap());
            client.get("/v1/me").await.expect(200).body["organisation_id"].clone()
        };
        let (ours, theirs) = (admin.get("/v1/me").await, stranger.get("/v1/me").await);
        for (password, home) in [(PASSWORD, ours), (THEIRS, theirs)] {
            assert_eq!(organisation_of(log_in("ada@example.org", password).await).await, home.body["organisation_id"]);
        }
        log_in("ada@example.org", "wrong password").await.expect(401);
        // Only where one password opens both it is asked which.
        for client in [&admin, &stranger] {
            client.post("/v1/members", body("bob@example.org", json!(PASSWORD))).await.expect(201);
        }
        assert_eq!(log_in("bob@example.org", PASSWORD).await.expect(422).faults(), ["/organisation required"]);
    }
}

#[tokio::test]
async fn the_last_admin_stays() {
    for database in each() {
        let api = Api::start(database).await;
        let (admin, id) = (api.by(Role::Admin).await, api.member_id(Role::Admin).await);
        let roles = admin.post(&format!("/v1/members/{id}/assign-roles"), json!({ "roles": ["member"] })).await;
        assert_eq!(roles.expect(409).reasons(), ["last_admin"]);
        let gone = admin.post(&format!("/v1/members/{id}/deactivate"), json!({ "reason": "x" })).await;
        assert_eq!(gone.expect(409).reasons(), ["last_admin"]);
    }
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_until_it_is_revoked() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let body = json!({ "name": "Feed", "scopes": ["records:read"] });
        api.by(Role::IsmsManager).await.post("/v1/api-keys", body.clone()).await.expect(403);
        let issued = admin.post("/v1/api-keys", body).await.expect(201);
        let token = issued.body["token"].as_str().unwrap().to_owned();
        let machine = api.with_token(&token);
        machine.get("/v1/nonconformities").await.expect(200);
        machine.post("/v1/nonconformities", super::nonconformities::report()).await.expect(403);
        machine.get("/v1/api-keys").await.expect(403);
        let path = format!("/v1/api-keys/{}", issued.reference());
        let read = admin.get(&path).await.expect(200);
        let secret = token.rsplit('_').next().unwrap();
        assert!(!read.text.contains(secret) && !read.text.contains("secret"));
        api.with_token(&format!("{}0", &token[..token.len() - 1])).get("/v1/me").await;
        api.with_token(&token.replace(secret, &"0".repeat(64))).get("/v1/me").await.expect(401);
        admin.post(&format!("{path}/revoke"), json!({})).await.expect(200);
        machine.get("/v1/nonconformities").await.expect(401);
    }
}

#[tokio::test]
async fn an_admin_says_where_a_member_works() {
    for database in each() {
        let api = Api::start(database).await;
        let (admin, id) = (api.by(Role::Admin).await, api.member_id(Role::Member).await);
        let path = format!("/v1/members/{id}");
        let moved = admin.patch(&path, "*", json!({ "unit": "Shipyard" })).await.expect(200);
        assert_eq!((&moved.body["unit"], &moved.body["name"]), (&json!("Shipyard"), &json!("member of ours")));
        let listed = admin.get("/v1/members?count=true&unit=Shipyard").await.expect(200);
        assert_eq!((&listed.body["total"], &listed.body["items"][0]["id"]), (&json!(1), &json!(id)));
        let refused = admin.patch(&path, "*", json!({ "unit": " ", "roles": [] })).await.expect(422);
        assert_eq!(refused.faults(), ["/roles unknown_field"]);
        assert_eq!(admin.patch(&path, "*", json!({ "unit": " " })).await.expect(422).faults(), ["/unit blank"]);
        assert_eq!(admin.patch(&path, "*", json!({ "unit": null })).await.expect(200).body["unit"], Value::Null);
        api.by(Role::Member).await.patch(&path, "*", json!({ "unit": "Shipyard" })).await.expect(403);
        let body = json!({
            "email": "ada@example.org", "name": "Ada", "unit": "Office", "roles": ["member"], "password": PASSWORD,
        });
        assert_eq!(admin.post("/v1/members", body).await.expect(201).body["unit"], "Office");
    }
}

#[tokio::test]
async fn whether_a_digest_is_wanted_is_ones_own_to_say() {
    for database in each() {
        let api = Api::start(database).await;
        let path = format!("/v1/members/{}", api.member_id(Role::ExternalAuditor).await);
        let own = api.by(Role::ExternalAuditor).await;
        assert_eq!(own.get(&path).await.expect(200).body["digest"], true);
        let quiet = own.patch(&path, "*", json!({ "digest": false })).await.expect(200);
        assert_eq!((&quiet.body["digest"], &quiet.body["version"]), (&json!(false), &json!(2)));
        own.patch(&path, "*", json!({ "digest": true, "name": "Somebody else" })).await.expect(403);
        api.by(Role::IsmsManager).await.patch(&path, "*", json!({ "digest": true })).await.expect(403);
        let told = api.by(Role::Admin).await.patch(&path, "*", json!({ "digest": true })).await.expect(200);
        assert_eq!((&told.body["digest"], &told.body["name"]), (&json!(true), &quiet.body["name"]));
    }
}
