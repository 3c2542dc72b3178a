//! What lies outside: an identity provider of these tests, which publishes what a test lets it publish.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use ratchet_http::app::Fetch;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The issuer that samples in the contract name.
pub const ISSUER: &str = "https://login.example.org";

/// Documents by their addresses.
#[derive(Clone)]
pub struct Outside(Arc<Mutex<BTreeMap<String, Value>>>);

impl Default for Outside {
    fn default() -> Self {
        let outside = Self(Arc::default());
        let discovery = json!({
            "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys"), "id_token_signing_alg_values_supported": ["EdDSA"],
        });
        outside.publish("/.well-known/openid-configuration", discovery);
        outside.publish("/keys", json!({ "keys": [public("k1", 1)] }));
        outside
    }
}

impl Outside {
    /// Lets the issuer publish this.
    pub fn publish(&self, path: &str, document: Value) {
        self.0.lock().unwrap().insert(format!("{ISSUER}{path}"), document);
    }

    /// Lets nobody outside answer any more.
    pub fn fall_silent(&self) {
        self.0.lock().unwrap().clear();
    }

    pub fn fetch(&self) -> Fetch {
        let documents = self.0.clone();
        Arc::new(move |address| {
            let found = documents.lock().unwrap().get(&address).map(|document| document.to_string().into_bytes());
            Box::pin(async move { found.ok_or_else(|| "nobody answers".to_owned()) })
        })
    }
}

/// The public half of a key, as issuers publish it.
pub fn public(kid: &str, byte: u8) -> Value {
    let x = URL_SAFE_NO_PAD.encode(SigningKey::from_bytes(&[byte; 32]).verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": x })
}

/// A token with this head and these claims, signed with the key of this byte.
pub fn signed(head: &Value, claims: &Value, byte: u8) -> String {
    let [head, claims] = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{head}.{claims}");
    let signature = SigningKey::from_bytes(&[byte; 32]).sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}
