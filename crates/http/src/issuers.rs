//! OpenID Connect issuers: what they publish of themselves (OpenID Connect Discovery 1.0), and the keys they sign with (RFC 7517),
//! remembered for a while.

pub(crate) mod keys;

use crate::app::Fetch;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};
use keys::{ALGORITHMS, Key};
use ratchet_domain::refusal::Fault;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys are asked for anew after so long.
const FRESH: TimeDelta = TimeDelta::minutes(15);
/// While the issuer does not answer they are believed for so long: a key that was taken back is of no use after it.
const BELIEVED: TimeDelta = TimeDelta::hours(1);
/// However often a key is named that nobody knows, the issuer is asked no more often than this.
const COOL_DOWN: TimeDelta = TimeDelta::seconds(30);
/// Keys of one issuer, at most.
const KEYS: usize = 100;
/// Bytes of the address of a key set, at most.
const ADDRESS: usize = 2_000;

/// What is looked at where an issuer says who it is, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = IdentityProviderStep)]
pub(crate) enum Step {
    /// The document under `/.well-known/openid-configuration`.
    Discovery,
    /// That it is of this issuer, character by character.
    Issuer,
    /// The keys behind its `jwks_uri`.
    KeySet,
    /// That one of them can verify what is signed.
    Keys,
    /// That it signs as is accepted here.
    Algorithms,
}

/// What was found of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Finding {
    /// What was looked at.
    pub step: Step,
    /// Whether it is as it must be.
    pub passed: bool,
    /// What was found, or what is missing.
    #[schema(example = "https://login.example.org/.well-known/openid-configuration was read")]
    pub detail: String,
}

/// A key that an issuer publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct KeyFinding {
    /// Its name; `null` where it has none.
    #[schema(example = "2026-07")]
    pub kid: Option<String>,
    /// The algorithms that it can verify here.
    #[schema(example = json!(["RS256"]))]
    pub algorithms: Vec<String>,
    /// Why it is not used; `null` where it is.
    pub unused_because: Option<String>,
}

/// What an issuer publishes of itself: up to the first step at which something was missing.
#[derive(Default)]
pub(crate) struct Looked {
    pub findings: Vec<Finding>,
    pub keys: Vec<KeyFinding>,
    usable: Vec<Key>,
}

impl Looked {
    fn pass(&mut self, step: Step, detail: String) {
        self.findings.push(Finding { step, passed: true, detail });
    }

    fn miss(mut self, step: Step, detail: String) -> Self {
        self.findings.push(Finding { step, passed: false, detail });
        self
    }

    /// What is missing, as a fault of the issuer's address.
    pub(crate) fn lacking(&self) -> Vec<Fault> {
        let missed = self.findings.iter().filter(|finding| !finding.passed);
        missed.map(|finding| Fault::new("/issuer", finding.step.into(), finding.detail.clone())).collect()
    }

    fn into_keys(self) -> Result<Vec<Key>, String> {
        match self.findings.into_iter().find(|finding| !finding.passed) {
            Some(missed) => Err(missed.detail),
            None => Ok(self.usable),
        }
    }
}

/// Reads what an issuer publishes, as far as all is there.
pub(crate) async fn look_at(issuer: &str, fetch: &Fetch) -> Looked {
    let mut looked = Looked::default();
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let document = match read(fetch, &address).await {
        Ok(document) => document,
        Err(why) => return looked.miss(Step::Discovery, why),
    };
    looked.pass(Step::Discovery, format!("{address} was read"));
    let named = document["issuer"].as_str().unwrap_or_default();
    if named != issuer {
        let named: String = named.chars().take(200).collect();
        return looked.miss(Step::Issuer, format!("it says that the issuer is `{named}`: register that one"));
    }
    looked.pass(Step::Issuer, "it is of this issuer".to_owned());
    let Some(key_set) = document["jwks_uri"].as_str().filter(|address| address.len() <= ADDRESS) else {
        return looked.miss(Step::KeySet, format!("it names no jwks_uri of at most {ADDRESS} bytes"));
    };
    let published = match read(fetch, key_set).await {
        Ok(published) => published,
        Err(why) => return looked.miss(Step::KeySet, why),
    };
    let Some(keys) = published["keys"].as_array() else {
        return looked.miss(Step::KeySet, format!("{key_set} holds no list of keys"));
    };
    looked.pass(Step::KeySet, format!("{key_set} was read"));
    if keys.len() > KEYS {
        return looked.miss(Step::Keys, format!("it has more than {KEYS} keys"));
    }
    for written in keys {
        looked.take(written);
    }
    let count = looked.usable.len();
    if count == 0 {
        return looked.miss(Step::Keys, "none of its keys can be used: see why beside each".to_owned());
    }
    looked.pass(Step::Keys, format!("{count} can be used"));
    let accepted = || ALGORITHMS.map(|algorithm| format!("{algorithm:?}")).join(", ");
    let signs: Vec<&str> = document["id_token_signing_alg_values_supported"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| name.parse().is_ok_and(|algorithm| ALGORITHMS.contains(&algorithm)))
        .collect();
    if signs.is_empty() {
        return looked.miss(Step::Algorithms, format!("it signs with none of {}", accepted()));
    }
    let told = format!("it signs with {}", signs.join(", "));
    looked.pass(Step::Algorithms, told);
    looked
}

impl Looked {
    fn take(&mut self, written: &Value) {
        let kid = written["kid"].as_str().map(|kid| kid.chars().take(200).collect());
        // Of two of one name nobody knows which is meant.
        let is_alike = |key: &Key, other: &Key| {
            key.kid == other.kid && key.algorithms.iter().any(|algorithm| other.algorithms.contains(algorithm))
        };
        match Key::read(written) {
            Ok(key) if key.kid.is_some() && self.usable.iter().any(|other| is_alike(&key, other)) => {
                let why = Some("another has the same name (kid)".to_owned());
                self.keys.push(KeyFinding { kid, algorithms: Vec::new(), unused_because: why });
            }
            Ok(key) => {
                let algorithms = key.algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect();
                self.keys.push(KeyFinding { kid, algorithms, unused_because: None });
                self.usable.push(key);
            }
            Err(why) => self.keys.push(KeyFinding { kid, algorithms: Vec::new(), unused_because: Some(why) }),
        }
    }
}

async fn read(fetch: &Fetch, address: &str) -> Result<Value, String> {
    let bytes = fetch(address.to_owned()).await.map_err(|why| format!("{address} cannot be read: {why}"))?;
    serde_json::from_slice(&bytes).map_err(|_| format!("{address} holds no JSON"))
}

/// Why no key is there by which a token could be verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// The issuer has none of this name, or several without one.
    Unknown,
    /// The issuer could not be asked.
    Unreachable(String),
}

/// The keys of issuers, by issuer.
#[derive(Default)]
pub(crate) struct Issuers(Mutex<HashMap<String, Arc<Issuer>>>);

#[derive(Default)]
struct Issuer {
    known: Mutex<Known>,
    /// Whoever asks, alone.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: Vec<Key>,
    read_at: Option<DateTime<Utc>>,
    asked_at: Option<DateTime<Utc>>,
    failure: Option<String>,
}

impl Issuers {
    /// The key of this name that verifies this algorithm. One that was read a while ago at most is there at once; otherwise the
    /// issuer is asked, and not too often: of those who wait at the same time the first one does.
    pub(crate) async fn key(
        &self,
        name: &str,
        (kid, algorithm): (Option<&str>, Algorithm),
        now: DateTime<Utc>,
        fetch: &Fetch,
    ) -> Result<DecodingKey, NoKey> {
        let issuer = self.issuer(name);
        let fresh = issuer.known().find(kid, algorithm, (now, FRESH));
        if let Some(key) = fresh {
            return Ok(key);
        }
        issuer.ask_to_the_end(name, now, fetch).await?;
        let known = issuer.known();
        match known.find(kid, algorithm, (now, BELIEVED)) {
            Some(key) => Ok(key),
            None => Err(known.failure.clone().map_or(NoKey::Unknown, NoKey::Unreachable)),
        }
    }

    /// The same, where the issuer has just said what its keys are: one without a name, or one that has kept it, may be another
    /// by now. `None` where the issuer was asked a moment ago.
    pub(crate) async fn key_anew(
        &self,
        name: &str,
        (kid, algorithm): (Option<&str>, Algorithm),
        now: DateTime<Utc>,
        fetch: &Fetch,
    ) -> Option<DecodingKey> {
        let issuer = self.issuer(name);
        let before = issuer.known().read_at;
        issuer.ask_to_the_end(name, now, fetch).await.ok()?;
        let known = issuer.known();
        (known.read_at != before).then(|| known.find(kid, algorithm, (now, BELIEVED)))?
    }

    fn issuer(&self, name: &str) -> Arc<Issuer> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(name.to_owned()).or_default().clone()
    }
}

impl Issuer {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks in a task of its own: whoever hangs up does not take the answer from the others.
    async fn ask_to_the_end(self: &Arc<Self>, name: &str, now: DateTime<Utc>, fetch: &Fetch) -> Result<(), NoKey> {
        let (asked, name, fetch) = (self.clone(), name.to_owned(), fetch.clone());
        let asking = tokio::spawn(async move { asked.ask(&name, now, &fetch).await });
        asking.await.map_err(|error| NoKey::Unreachable(error.to_string()))
    }

    async fn ask(&self, name: &str, now: DateTime<Utc>, fetch: &Fetch) {
        let _turn = self.turn.lock().await;
        {
            let mut known = self.known();
            if is_younger(known.asked_at, now, COOL_DOWN) {
                return;
            }
            known.asked_at = Some(now);
        }
        let found = look_at(name, fetch).await.into_keys();
        let mut known = self.known();
        match found {
            Ok(keys) => (known.keys, known.read_at, known.failure) = (keys, Some(now), None),
            Err(why) => {
                tracing::warn!(issuer = name, why, "the keys of an identity provider could not be read");
                known.failure = Some(why);
            }
        }
    }
}

impl Known {
    /// The key, where all were read so long ago at most.
    fn find(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        (now, age): (DateTime<Utc>, TimeDelta),
    ) -> Option<DecodingKey> {
        if !is_younger(self.read_at, now, age) {
            return None;
        }
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| key.algorithms.contains(&algorithm) && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid)));
        // Where the token names none there must be one alone: nothing is tried out.
        let (first, second) = (fitting.next(), fitting.next());
        first.filter(|_| second.is_none()).map(|key| key.decoding.clone())
    }
}

fn is_younger(moment: Option<DateTime<Utc>>, now: DateTime<Utc>, age: TimeDelta) -> bool {
    moment.is_some_and(|moment| now - moment < age)
}

#[cfg(test)]
mod tests;
