//! Identity providers: what may be said of them, what is missing at them, and whom they let in. A real one is tried with the
//! program itself (`faults/logins.rs`).

mod exchange;

use crate::databases::each;
use crate::harness::{Answer, Api, ISSUER, public, signed};
use ratchet_domain::access::Role;
use ratchet_domain::identity_providers::KEPT;
use serde_json::{Value, json};

const PATH: &str = "/v1/identity-providers";

fn body(more: Value) -> Value {
    let mut body = json!({
        "name": "Harbour login", "issuer": ISSUER, "client_ids": ["ratchet-web"], "roles_claim": "groups",
        "role_rules": [{ "value": "isms-managers", "roles": ["isms_manager"] }, { "value": "admins", "roles": ["admin"] }],
        "default_roles": ["member"], "just_in_time": true, "link_by_email": true,
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    body
}

async fn register(api: &Api, more: Value) -> Answer {
    api.by(Role::Admin).await.post(PATH, body(more)).await
}

/// One of an admin's; its reference.
pub async fn registered(api: &Api, more: Value) -> String {
    register(api, more).await.expect(201).reference().to_owned()
}

/// What the issuer says of Grace, who has not come before.
pub fn claims(api: &Api, more: Value) -> Value {
    let now = api.now().timestamp();
    let mut claims = json!({
        "iss": ISSUER, "aud": "ratchet-web", "sub": "grace-1", "iat": now, "exp": now + 300, "name": "Grace Hopper",
        "email": "Grace@ours.example", "email_verified": true, "groups": ["isms-managers"], "jti": uuid::Uuid::new_v4(),
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
    claims
}

/// What it takes to sign in as Grace for the first time.
pub async fn first_sign_in(api: &Api) -> Value {
    let provider = register(api, json!({})).await.expect(201).body["id"].clone();
    json!({ "identity_provider": provider, "id_token": token(&claims(api, json!({}))) })
}

fn token(claims: &Value) -> String {
    signed(&json!({ "alg": "EdDSA", "kid": "k1", "typ": "JWT" }), claims, 1)
}

#[tokio::test]
async fn from_active_to_retired() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        admin.post(&format!("{PATH}?dry_run=true"), body(json!({}))).await.expect(200);
        let made = register(&api, json!({})).await.expect(201);
        assert_eq!(
            (&made.body["state"], &made.body["email_claim"], &made.body["verified_claim"]),
            (&json!("active"), &json!("email"), &json!("email_verified"))
        );
        let provider = made.reference();
        assert!(provider.starts_with("IDP-"), "{provider}");
        let path = format!("{PATH}/{provider}");
        let change = json!({ "roles_claim": null, "role_rules": [], "verified_claim": "xms_edov" });
        let amended = admin.patch(&path, "*", change).await.expect(200);
        assert_eq!(
            (&amended.body["roles_claim"], &amended.body["verified_claim"], &amended.body["issuer"]),
            (&json!(null), &json!("xms_edov"), &json!(ISSUER))
        );
        let other = json!({ "issuer": "https://other.example" });
        assert_eq!(admin.patch(&path, "*", other).await.expect(422).faults(), ["/issuer unknown_field"]);
        let stopped = json!({ "reason": "It moves" });
        let paused = admin.post(&format!("{path}/pause"), stopped.clone()).await.expect(200);
        assert_eq!((&paused.body["state"], &paused.body["paused_because"]), (&json!("paused"), &json!("It moves")));
        admin.post(&format!("{path}/resume"), json!({})).await.expect(200);
        admin.post(&format!("{path}/retire"), stopped.clone()).await.expect(200);
        assert_eq!(admin.post(&format!("{path}/resume"), json!({})).await.expect(409).reasons(), ["wrong_state"]);
        admin.patch(&path, "*", json!({ "name": "x" })).await.expect(409);
        let found = admin.get(&format!("{PATH}?state=retired&count=true&sort=name")).await.expect(200);
        assert_eq!((&found.body["total"], &found.body["items"][0]["reference"]), (&json!(1), &json!(provider)));
        for _ in 0..KEPT {
            registered(&api, json!({})).await;
        }
        assert_eq!(register(&api, json!({})).await.expect(409).reasons(), ["too_many"]);
    }
}

/// What the issuer does not publish is said where it is registered, and later, step by step.
#[tokio::test]
async fn what_is_missing_at_the_issuer_is_said() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let refused = register(&api, json!({ "issuer": format!("{ISSUER}/") })).await.expect(422);
        assert_eq!(refused.faults(), ["/issuer issuer"]);
        assert!(refused.text.contains(&format!("`{ISSUER}`")), "{}", refused.text);
        let nowhere = register(&api, json!({ "issuer": "https://nowhere.example" })).await.expect(422);
        assert_eq!(nowhere.faults(), ["/issuer discovery"]);
        for (issuer, code) in [("login", "malformed"), ("https://a:b@login.example.org", "userinfo")] {
            let refused = register(&api, json!({ "issuer": issuer })).await.expect(422);
            assert_eq!(refused.faults(), [format!("/issuer {code}")]);
        }
        let provider = registered(&api, json!({})).await;
        let check = async || admin.get(&format!("{PATH}/{provider}/check")).await.expect(200).body;
        let good = check().await;
        assert_eq!((&good["passed"], &good["keys"][0]["algorithms"]), (&json!(true), &json!(["EdDSA"])), "{good}");
        api.outside().publish("/keys", json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0", "kid": "s" }] }));
        let bad = check().await;
        let last = bad["findings"].as_array().unwrap().last().unwrap();
        assert_eq!((&bad["passed"], &last["step"], &last["passed"]), (&json!(false), &json!("keys"), &json!(false)));
        assert!(bad["keys"][0]["unused_because"].is_string(), "{bad}");
        api.outside().publish("/keys", json!({ "keys": [public("k1", 1)] }));
        assert_eq!(check().await["passed"], true);
        api.outside().fall_silent();
        assert_eq!(check().await["findings"][0]["step"], "discovery");
    }
}
