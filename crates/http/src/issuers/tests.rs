use super::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

const ISSUER: &str = "https://login.example.org";

fn ed25519(kid: &str, byte: u8) -> Value {
    use base64::Engine;
    let public = ed25519_dalek::SigningKey::from_bytes(&[byte; 32]).verifying_key();
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(public.as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": x })
}

/// What is there outside, and how often it was asked for keys.
#[derive(Default)]
struct Outside {
    pages: Mutex<BTreeMap<String, Value>>,
    asked: AtomicUsize,
}

impl Outside {
    fn with(keys: Value) -> Arc<Self> {
        let outside = Arc::new(Self::default());
        outside.publish("/.well-known/openid-configuration", discovery());
        outside.publish("/keys", json!({ "keys": keys }));
        outside
    }

    fn publish(&self, path: &str, page: Value) {
        self.pages.lock().unwrap().insert(format!("{ISSUER}{path}"), page);
    }

    fn fetch(self: &Arc<Self>) -> Fetch {
        let outside = self.clone();
        Arc::new(move |address| {
            outside.asked.fetch_add(usize::from(address.ends_with("/keys")), Ordering::Relaxed);
            let page = outside.pages.lock().unwrap().get(&address).map(|page| page.to_string().into_bytes());
            Box::pin(async move { page.ok_or_else(|| "nobody answers".to_owned()) })
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn discovery() -> Value {
    json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys"), "id_token_signing_alg_values_supported": ["none", "EdDSA"],
    })
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let good = ed25519("a", 1);
    let without = |name: &str| {
        let mut document = discovery();
        document.as_object_mut().unwrap().remove(name);
        document
    };
    let with = |name: &str, value: Value| {
        let mut document = discovery();
        document[name] = value;
        document
    };
    for (document, keys, missed) in [
        (discovery(), json!({ "keys": [good] }), None),
        (Value::Null, json!({ "keys": [good] }), Some("issuer")),
        (with("issuer", json!("https://login.example.org/")), json!({ "keys": [good] }), Some("issuer")),
        (without("jwks_uri"), json!({ "keys": [good] }), Some("key_set")),
        (with("jwks_uri", json!("https://elsewhere.example/keys")), json!({ "keys": [good] }), Some("key_set")),
        (discovery(), json!([]), Some("key_set")),
        (discovery(), json!({ "keys": [] }), Some("keys")),
        (discovery(), json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }), Some("keys")),
        (without("id_token_signing_alg_values_supported"), json!({ "keys": [good] }), Some("algorithms")),
        (
            with("id_token_signing_alg_values_supported", json!(["none", "HS256"])),
            json!({ "keys": [good] }),
            Some("algorithms"),
        ),
    ] {
        let outside = Outside::with(json!([]));
        outside.publish("/.well-known/openid-configuration", document.clone());
        outside.publish("/keys", keys.clone());
        let lacking = look_at(ISSUER, &outside.fetch()).await.lacking();
        assert_eq!(lacking.first().map(|fault| fault.code.as_str()), missed, "{document} {keys}");
    }
    let nowhere: Fetch = Arc::new(|_| Box::pin(async { Err("nobody answers".to_owned()) }));
    let lacking = look_at(ISSUER, &nowhere).await.lacking();
    assert_eq!((lacking.len(), lacking[0].code.as_str()), (1, "discovery"));
    assert!(lacking[0].detail.contains("nobody answers"), "{lacking:?}");
}

#[test]
fn keys_that_anybody_has_or_could_guess_are_not_used() {
    use base64::Engine;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let rsa = |bytes: usize| json!({ "kty": "RSA", "n": encode(&vec![0xc5; bytes]), "e": "AQAB" });
    let with = |mut key: Value, name: &str, value: &str| {
        key[name] = json!(value);
        key
    };
    for (key, algorithms) in [
        (ed25519("a", 1), 1),
        (with(ed25519("a", 1), "alg", "EdDSA"), 1),
        (rsa(256), 6),
        (with(rsa(256), "alg", "RS256"), 1),
    ] {
        assert_eq!(Key::read(&key).map(|key| key.algorithms.len()), Ok(algorithms), "{key}");
    }
    for key in [
        json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" }),
        rsa(128),
        with(rsa(256), "alg", "HS256"),
        with(rsa(256), "alg", "EdDSA"),
        with(rsa(256), "alg", "RSA-OAEP"),
        with(rsa(256), "use", "enc"),
        with(ed25519("a", 1), "crv", "X25519"),
        with(ed25519("a", 1), "use", "enc"),
        json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }),
        json!({}),
        json!("key"),
    ] {
        assert!(Key::read(&key).is_err(), "{key}");
    }
}

#[tokio::test]
async fn keys_are_remembered_and_a_new_one_is_asked_for_once_in_a_while() {
    let outside = Outside::with(json!([ed25519("a", 1)]));
    let (issuers, fetch) = (Issuers::default(), outside.fetch());
    let ask = async |kid: &str, seconds| {
        let found = issuers.key(ISSUER, (Some(kid), Algorithm::EdDSA), at(seconds), &fetch).await;
        found.map(drop)
    };
    assert_eq!((ask("a", 0).await, outside.asked()), (Ok(()), 1));
    assert_eq!((ask("a", 899).await, outside.asked()), (Ok(()), 1), "remembered");
    // A name that nobody knows costs the issuer one question in half a minute.
    for second in 900..929 {
        assert_eq!((ask("b", second).await, outside.asked()), (Err(NoKey::Unknown), 2));
    }
    outside.publish("/keys", json!({ "keys": [ed25519("b", 2)] }));
    assert_eq!((ask("b", 930).await, outside.asked()), (Ok(()), 3), "rotated");
    assert_eq!((ask("a", 931).await, outside.asked()), (Err(NoKey::Unknown), 3), "the old one is dead");
    // Another algorithm than the key's is another key.
    let other = issuers.key(ISSUER, (Some("b"), Algorithm::RS256), at(932), &fetch).await;
    assert!(matches!(other, Err(NoKey::Unknown)));
    // Away for a while: what is known is believed for an hour, and no longer.
    outside.pages.lock().unwrap().clear();
    assert_eq!(ask("b", 930 + 3_599).await, Ok(()));
    let Err(NoKey::Unreachable(why)) = ask("b", 930 + 3_600).await else { panic!("believed for ever") };
    assert!(why.contains("nobody answers"), "{why}");
}

#[tokio::test]
async fn without_a_name_there_is_one_key_alone() {
    for (keys, is_found) in [
        (json!([ed25519("a", 1)]), true),
        (json!([ed25519("a", 1), ed25519("b", 2)]), false),
        (json!([ed25519("a", 1), { "kty": "oct", "k": "c2VjcmV0" }]), true),
    ] {
        let (issuers, fetch) = (Issuers::default(), Outside::with(keys.clone()).fetch());
        let found = issuers.key(ISSUER, (None, Algorithm::EdDSA), at(0), &fetch).await;
        assert_eq!(found.is_ok(), is_found, "{keys}");
    }
}

/// Whoever hangs up takes nothing from the others: the question goes on.
#[tokio::test]
async fn what_one_asked_for_and_did_not_wait_for_is_there_for_the_next() {
    let (issuers, outside) = (Issuers::default(), Outside::with(json!([ed25519("a", 1)])));
    let inner = outside.fetch();
    let slowly: Fetch = Arc::new(move |address| {
        let answer = inner(address);
        Box::pin(async move {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            answer.await
        })
    });
    let wanted = (Some("a"), Algorithm::EdDSA);
    let given_up = issuers.key(ISSUER, (Some("unknown"), Algorithm::EdDSA), at(0), &slowly);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(10), given_up).await.is_err());
    assert!(issuers.key(ISSUER, wanted, at(1), &slowly).await.is_ok());
    assert_eq!(outside.asked(), 1);
    // A key that was read a moment ago is not waited for, whatever somebody else asks.
    let endless: Fetch = Arc::new(|_| Box::pin(std::future::pending()));
    let stuck = issuers.key(ISSUER, (Some("unknown"), Algorithm::EdDSA), at(60), &endless);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(10), stuck).await.is_err());
    let known = tokio::time::timeout(std::time::Duration::from_secs(9), issuers.key(ISSUER, wanted, at(61), &endless));
    assert!(known.await.is_ok_and(|key| key.is_ok()));
}

/// A key that has kept its name, or never had one, is found to be another where it does not verify.
#[tokio::test]
async fn a_key_is_asked_for_anew_and_not_too_often() {
    let (issuers, outside) = (Issuers::default(), Outside::with(json!([ed25519("a", 1)])));
    let (fetch, wanted) = (outside.fetch(), (Some("a"), Algorithm::EdDSA));
    assert!(issuers.key(ISSUER, wanted, at(0), &fetch).await.is_ok());
    outside.publish("/keys", json!({ "keys": [ed25519("a", 2)] }));
    assert!(issuers.key_anew(ISSUER, wanted, at(29), &fetch).await.is_none());
    assert!(issuers.key_anew(ISSUER, wanted, at(31), &fetch).await.is_some());
    assert!(issuers.key_anew(ISSUER, wanted, at(32), &fetch).await.is_none());
    assert_eq!(outside.asked(), 2);
}
