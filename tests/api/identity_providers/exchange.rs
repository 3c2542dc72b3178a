//! Who is let in by what an identity provider has signed, and with which roles.

use super::{PATH, claims, register, token};
use crate::databases::each;
use crate::harness::{Answer, Api, PASSWORD, public, signed};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

async fn present(api: &Api, provider: &Value, token: &str) -> Answer {
    let body = json!({ "identity_provider": provider, "id_token": token });
    api.anonymous().post("/v1/auth/exchange", body).await
}

async fn sign_in(api: &Api, provider: &Value, more: Value) -> Answer {
    present(api, provider, &token(&claims(api, more))).await
}

/// Whoever has signed in.
async fn me(api: &Api, answer: &Answer) -> Value {
    let token = answer.body["access_token"].as_str().unwrap();
    api.with_token(token).get("/v1/me").await.expect(200).body
}

/// What happened to the member, by name.
async fn events(api: &Api, member: &Value) -> Vec<String> {
    let manager = api.by(Role::IsmsManager).await;
    let member = manager.get(&format!("/v1/members/{}", member.as_str().unwrap())).await.expect(200);
    let history = manager.get(&format!("/v1/records/{}/history", member.reference())).await.expect(200).body;
    let items = history["items"].as_array().unwrap().iter();
    let mut actions: Vec<String> = items.map(|entry| entry["action"].as_str().unwrap().to_owned()).collect();
    actions.sort();
    actions
}

#[tokio::test]
async fn whoever_comes_for_the_first_time_is_made_a_member_and_known_from_then_on() {
    for database in each() {
        let api = Api::start(database).await;
        let provider =
            register(&api, json!({ "email_domains": ["ours.example"] })).await.expect(201).body["id"].clone();
        let first = sign_in(&api, &provider, json!({})).await.expect(200);
        let grace = me(&api, &first).await;
        assert_eq!(grace["roles"], json!(["isms_manager"]));
        let id = grace["member_id"].as_str().unwrap();
        let member = api.by(Role::Admin).await.get(&format!("/v1/members/{id}")).await.expect(200).body;
        assert_eq!((&member["name"], &member["identity_provider_ids"]), (&json!("Grace Hopper"), &json!([provider])));
        assert_eq!(events(&api, &grace["member_id"]).await, ["member.enrolled", "member.identity_linked"]);
        // The provider's own name counts from now on, and no address.
        let moved = json!({ "email": "hopper@elsewhere.example", "email_verified": false, "groups": ["admins"] });
        let again = me(&api, &sign_in(&api, &provider, moved).await.expect(200)).await;
        assert_eq!((&again["member_id"], &again["roles"]), (&grace["member_id"], &json!(["admin"])));
        assert!(events(&api, &grace["member_id"]).await.contains(&"member.roles_followed".to_owned()));
        // Nobody else has her address.
        let other = sign_in(&api, &provider, json!({ "sub": "grace-2" })).await.expect(403);
        assert_eq!(other.reasons(), ["linked_already"]);
        // There is no password to log in with.
        for password in ["", PASSWORD] {
            let body = json!({ "email": "grace@ours.example", "password": password });
            api.anonymous().post("/v1/auth/login", body).await.expect(401);
        }
        // The tokens are this server's own, and live as such.
        let refresh = json!({ "refresh_token": first.body["refresh_token"] });
        api.anonymous().post("/v1/auth/refresh", refresh.clone()).await.expect(200);
        api.wait(TimeDelta::hours(13));
        api.anonymous().post("/v1/auth/refresh", refresh).await.expect(401);
    }
}

#[tokio::test]
async fn a_member_is_linked_by_a_verified_address_alone() {
    for database in each() {
        let api = Api::start(database).await;
        let provider = register(&api, json!({})).await.expect(201).body["id"].clone();
        let id = api.member_id(Role::Auditor).await;
        let auditor = |more: Value| {
            let mut said = json!({ "sub": "auditor-1", "email": "auditor@ours.example" });
            more.as_object().unwrap().iter().for_each(|(name, value)| said[name] = value.clone());
            said
        };
        for (more, code) in [
            (json!({ "email_verified": false }), "not_verified"),
            (json!({ "email_verified": null }), "not_verified"),
            (json!({ "email": null }), "no_address"),
        ] {
            let refused = sign_in(&api, &provider, auditor(more)).await.expect(403);
            assert_eq!(refused.reasons(), [code]);
        }
        let linked = me(&api, &sign_in(&api, &provider, auditor(json!({}))).await.expect(200)).await;
        assert_eq!((&linked["member_id"], &linked["roles"]), (&json!(id), &json!(["isms_manager"])));
        assert_eq!(
            events(&api, &json!(id)).await,
            ["member.enrolled", "member.identity_linked", "member.roles_followed"]
        );
        // Ended here, whatever the provider says.
        let path = format!("/v1/members/{id}/deactivate");
        api.by(Role::Admin).await.post(&path, json!({ "reason": "Left" })).await.expect(200);
        let gone = sign_in(&api, &provider, auditor(json!({}))).await.expect(403);
        assert_eq!(gone.reasons(), ["deactivated"]);
        let by_address = sign_in(&api, &provider, auditor(json!({ "sub": "auditor-2" }))).await.expect(403);
        assert_eq!(by_address.reasons(), ["deactivated"]);
    }
}

#[tokio::test]
async fn what_the_provider_is_not_trusted_with_it_does_not_decide() {
    for database in each() {
        let api = Api::start(database).await;
        let strict = json!({ "just_in_time": false, "link_by_email": false, "default_roles": [], "email_domains": ["ours.example"] });
        let provider = register(&api, strict).await.expect(201).body["id"].clone();
        for (more, code) in [
            (json!({}), "no_member"),
            (json!({ "email": "grace@elsewhere.example" }), "other_domain"),
            (json!({ "email": "member@ours.example" }), "not_linked"),
        ] {
            assert_eq!(sign_in(&api, &provider, more.clone()).await.expect(403).reasons(), [code], "{more}");
        }
        let admin = api.by(Role::Admin).await;
        let path = format!("{PATH}/{}", provider.as_str().unwrap());
        admin.patch(&path, "*", json!({ "just_in_time": true, "link_by_email": true })).await.expect(200);
        assert_eq!(sign_in(&api, &provider, json!({ "groups": [] })).await.expect(403).reasons(), ["no_role"]);
        let left_out = json!({ "groups": null, "_claim_names": { "groups": "src1" } });
        let mut said = claims(&api, left_out);
        said.as_object_mut().unwrap().remove("groups");
        assert_eq!(present(&api, &provider, &token(&said)).await.expect(403).reasons(), ["roles_left_out"]);
        // The only admin stays one.
        let first = json!({ "sub": "admin-1", "email": "admin@ours.example", "groups": ["isms-managers"] });
        let kept = me(&api, &sign_in(&api, &provider, first).await.expect(200)).await;
        assert_eq!(kept["roles"], json!(["admin", "isms_manager"]));
        // Where no claim says roles they are given here.
        admin
            .patch(&path, "*", json!({ "roles_claim": null, "role_rules": [], "default_roles": ["member"] }))
            .await
            .expect(200);
        let second = json!({ "sub": "auditor-1", "email": "auditor@ours.example" });
        let own = me(&api, &sign_in(&api, &provider, second).await.expect(200)).await;
        assert_eq!(own["roles"], json!(["auditor"]));
        let newcomer = me(&api, &sign_in(&api, &provider, json!({})).await.expect(200)).await;
        assert_eq!(newcomer["roles"], json!(["member"]));
    }
}

/// By elliptic curves, (r, n - s) is as good a signature as (r, s).
#[tokio::test]
async fn another_signature_of_the_same_token_is_no_other_token() {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&ORDER[2 * at..2 * at + 2], 16).unwrap()).collect();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = key.public_key().as_ref();
    let [x, y] = [&point[1..33], &point[33..]].map(|part| BASE64.encode(part));
    let published = json!({ "kty": "EC", "crv": "P-256", "kid": "e1", "use": "sig", "x": x, "y": y });
    for database in each() {
        let api = Api::start(database).await;
        api.outside().publish("/keys", json!({ "keys": [published] }));
        let provider = register(&api, json!({})).await.expect(201).body["id"].clone();
        let parts = [json!({ "alg": "ES256", "kid": "e1" }), claims(&api, json!({}))];
        let message = parts.map(|part| BASE64.encode(part.to_string())).join(".");
        let mut signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec();
        let first = format!("{message}.{}", BASE64.encode(&signature));
        let mut borrow = 0;
        for at in (0..32).rev() {
            let less = i16::from(order[at]) - i16::from(signature[32 + at]) - borrow;
            borrow = i16::from(less < 0);
            signature[32 + at] = u8::try_from(less.rem_euclid(256)).unwrap();
        }
        let second = format!("{message}.{}", BASE64.encode(&signature));
        present(&api, &provider, &first).await.expect(200);
        let again = present(&api, &provider, &second).await.expect(401);
        assert_eq!(again.faults(), ["/id_token used"], "{}", again.text);
    }
}

/// Each token is good but for one thing.
#[tokio::test]
async fn no_other_token_lets_anybody_in() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    for database in each() {
        let api = Api::start(database).await;
        let provider = register(&api, json!({})).await.expect(201).body["id"].clone();
        let now = api.now().timestamp();
        let head = |more: Value| {
            let mut head = json!({ "alg": "EdDSA", "kid": "k1" });
            more.as_object().unwrap().iter().for_each(|(name, value)| head[name] = value.clone());
            head
        };
        let good = claims(&api, json!({}));
        let with_head = |more: Value| signed(&head(more), &good, 1);
        let with_claims = |more: Value| token(&claims(&api, more));
        let parts: Vec<String> = token(&good).split('.').map(str::to_owned).collect();
        let unsigned =
            |alg: &str| format!("{}.{}.", BASE64.encode(json!({ "alg": alg, "kid": "k1" }).to_string()), parts[1]);
        // Signed with the public key as if it were a secret.
        let with_public = {
            use hmac::{Hmac, KeyInit, Mac};
            let message = format!("{}.{}", BASE64.encode(head(json!({ "alg": "HS256" })).to_string()), parts[1]);
            let known = BASE64.decode(public("k1", 1)["x"].as_str().unwrap()).unwrap();
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&known).unwrap();
            mac.update(message.as_bytes());
            format!("{message}.{}", BASE64.encode(mac.finalize().into_bytes()))
        };
        let other_claims = BASE64.encode(claims(&api, json!({ "sub": "eve" })).to_string());
        for (bad, code) in [
            (unsigned("none"), "algorithm"),
            (unsigned("EdDSA"), "signature"),
            (with_public, "algorithm"),
            (with_head(json!({ "alg": "RS256" })), "unknown_key"),
            (with_head(json!({ "alg": 5 })), "algorithm"),
            (with_head(json!({ "kid": "k2" })), "unknown_key"),
            (with_head(json!({ "kid": 1 })), "malformed"),
            (with_head(json!({ "typ": "at+jwt" })), "type"),
            (with_head(json!({ "typ": "logout+jwt" })), "type"),
            (with_head(json!({ "crit": ["b64"], "b64": false })), "critical"),
            (signed(&head(json!({ "jwk": public("k1", 2) })), &good, 2), "signature"),
            (signed(&head(json!({ "jku": "https://evil.example/keys" })), &good, 2), "signature"),
            (format!("{}.{other_claims}.{}", parts[0], parts[2]), "signature"),
            (format!("{}.{}", parts[0], parts[1]), "malformed"),
            (format!("{}.{}", parts.join("."), parts[2]), "malformed"),
            (String::new(), "malformed"),
            ("..".to_owned(), "malformed"),
            (with_claims(json!({ "iss": "https://evil.example" })), "issuer"),
            (with_claims(json!({ "iss": "https://login.example.org/" })), "issuer"),
            (with_claims(json!({ "aud": "another" })), "audience"),
            (with_claims(json!({ "aud": ["ratchet-web", "another"] })), "authorized_party"),
            (with_claims(json!({ "azp": "another" })), "authorized_party"),
            (with_claims(json!({ "exp": now - 31 })), "expired"),
            (with_claims(json!({ "exp": null })), "times"),
            (with_claims(json!({ "iat": now + 60 })), "not_yet"),
            (with_claims(json!({ "nbf": now + 60 })), "not_yet"),
            (with_claims(json!({ "iat": now - 3_600 })), "too_old"),
            (with_claims(json!({ "exp": now + 100_000 })), "too_long"),
            (with_claims(json!({ "sub": "" })), "subject"),
            // As Keycloak marks them: in the claims alone.
            (with_claims(json!({ "typ": "Bearer" })), "type"),
            (with_claims(json!({ "events": {} })), "type"),
        ] {
            let refused = present(&api, &provider, &bad).await.expect(401);
            assert_eq!(refused.faults(), [format!("/id_token {code}")], "{bad}");
            assert_eq!(refused.header("www-authenticate"), "Bearer");
        }
        let asked =
            json!({ "identity_provider": provider, "id_token": token(&claims(&api, json!({ "nonce": "n-1" }))) });
        let with_nonce = |nonce: &str| {
            let mut body = asked.clone();
            body["nonce"] = json!(nonce);
            body
        };
        let refused = api.anonymous().post("/v1/auth/exchange", with_nonce("n-2")).await.expect(401);
        assert_eq!(refused.faults(), ["/nonce nonce"]);
        api.anonymous().post("/v1/auth/exchange", with_nonce("n-1")).await.expect(200);
        // Once, whoever comes with it.
        let again = api.anonymous().post("/v1/auth/exchange", with_nonce("n-1")).await.expect(401);
        assert_eq!(again.faults(), ["/id_token used"]);
        let long = "x".repeat(16_385);
        assert_eq!(present(&api, &provider, &long).await.expect(422).faults(), ["/id_token too_long"]);
        // A provider that is not there, is another's kind of record, or is paused, is none.
        let member = json!(api.member_id(Role::Member).await);
        for none in [json!(uuid::Uuid::nil()), member] {
            let refused = present(&api, &none, &token(&claims(&api, json!({})))).await.expect(401);
            assert_eq!(refused.faults(), ["/identity_provider unknown"]);
        }
        let path = format!("{PATH}/{}/pause", provider.as_str().unwrap());
        api.by(Role::Admin).await.post(&path, json!({ "reason": "Broken into" })).await.expect(200);
        let paused = sign_in(&api, &provider, json!({})).await.expect(401);
        assert_eq!(paused.faults(), ["/identity_provider unknown"]);
    }
}

#[tokio::test]
async fn an_issuer_changes_its_keys_and_is_away_for_a_while() {
    for database in each() {
        let api = Api::start(database).await;
        let provider = register(&api, json!({})).await.expect(201).body["id"].clone();
        let with = |kid: &str, byte: u8| signed(&json!({ "alg": "EdDSA", "kid": kid }), &claims(&api, json!({})), byte);
        present(&api, &provider, &with("k1", 1)).await.expect(200);
        api.outside().publish("/keys", json!({ "keys": [public("k2", 2)] }));
        let early = present(&api, &provider, &with("k2", 2)).await.expect(401);
        assert_eq!(early.faults(), ["/id_token unknown_key"], "asked a moment ago");
        api.wait(TimeDelta::seconds(31));
        present(&api, &provider, &with("k2", 2)).await.expect(200);
        present(&api, &provider, &with("k1", 1)).await.expect(401);
        api.outside().fall_silent();
        api.wait(TimeDelta::minutes(30));
        present(&api, &provider, &with("k2", 2)).await.expect(200);
        api.wait(TimeDelta::minutes(31));
        let away = present(&api, &provider, &with("k2", 2)).await.expect(503);
        assert_eq!((&away.body["type"], away.header("retry-after")), (&json!("/problems/provider-unreachable"), "30"));
    }
}

/// Another organisation's provider makes nobody a member here, and knows nobody of here.
#[tokio::test]
async fn a_provider_is_one_organisation_s() {
    for database in each() {
        let api = Api::start(database).await;
        let ours = register(&api, json!({})).await.expect(201).body["id"].clone();
        let theirs =
            api.stranger(Role::Admin).await.post(PATH, super::body(json!({}))).await.expect(201).body["id"].clone();
        let here = me(&api, &sign_in(&api, &ours, json!({})).await.expect(200)).await;
        let there = me(&api, &sign_in(&api, &theirs, json!({})).await.expect(200)).await;
        assert_ne!(here["organisation_id"], there["organisation_id"], "{here}");
        assert_ne!(here["member_id"], there["member_id"]);
    }
}

/// Of several who come with one token one is let in; of several with tokens of their own one member is made.
#[tokio::test]
async fn two_at_once_are_one_member() {
    for database in each() {
        let api = Api::start(database).await;
        let provider = register(&api, json!({})).await.expect(201).body["id"].clone();
        let tokens: Vec<String> = (0..4).map(|_| token(&claims(&api, json!({})))).collect();
        let (a, b, c, d, again) = tokio::join!(
            present(&api, &provider, &tokens[0]),
            present(&api, &provider, &tokens[1]),
            present(&api, &provider, &tokens[2]),
            present(&api, &provider, &tokens[3]),
            present(&api, &provider, &tokens[0]),
        );
        let mut statuses = [&a, &b, &c, &d, &again].map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 401]);
        let mut members = Vec::new();
        for answer in [&a, &b, &c, &d, &again].into_iter().filter(|answer| answer.status == 200) {
            members.push(me(&api, answer).await["member_id"].clone());
        }
        members.dedup();
        assert_eq!(members.len(), 1, "{members:?}");
    }
}
