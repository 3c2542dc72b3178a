//! Whether an ID token is one that lets somebody in: what its claims must say beside its signature (OpenID Connect Core, section
//! 3.1.3.7).

use super::Terms;
use crate::refusal::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// Clocks may differ by so much.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// A token is taken so long after it was issued: whoever has one has just signed in.
pub const AGE: TimeDelta = TimeDelta::minutes(10);
/// None is remembered for longer, and so none lasts longer.
pub const LONGEST: TimeDelta = TimeDelta::hours(24);
/// Characters of a subject, at most (OpenID Connect Core, section 2).
const SUBJECT: usize = 255;

/// A token that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's own name for the person.
    pub subject: String,
    /// Until when the token could be shown again.
    pub until: DateTime<Utc>,
}

impl Terms {
    /// Whether claims that the issuer has signed let somebody in at this moment.
    ///
    /// # Errors
    /// The first fault of the token.
    pub fn accept(&self, claims: &Value, nonce: Option<&str>, now: DateTime<Utc>) -> Result<Accepted, Fault> {
        let fault = |code, detail: &str| Err(Fault::new("/id_token", code, detail));
        if claims["iss"].as_str() != Some(&self.issuer) {
            return fault("issuer", "must be issued by the identity provider (iss), character by character");
        }
        let is_ours = |audience: &Value| self.client_ids.iter().any(|client| *audience == **client);
        let (is_for_us, is_for_several) = match &claims["aud"] {
            Value::Array(several) => (several.iter().any(is_ours), several.len() > 1),
            one @ (Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                (is_ours(one), false)
            }
        };
        if !is_for_us {
            return fault("audience", "must be meant for one of the provider's clients (aud)");
        }
        // Whoever it was issued to is one of ours; where it is for several, it must say who that was.
        let party = claims.get("azp");
        if party.map_or(is_for_several, |party| !is_ours(party)) {
            return fault("authorized_party", "must be issued to one of the provider's clients (azp)");
        }
        // Some issuers say in the claims alone what it is (Keycloak); a logout token has events (Back-Channel Logout, section 2.4).
        if claims.get("typ").is_some_and(|said| *said != "ID") || claims.get("events").is_some() {
            return fault("type", "must be an ID token, and no other token of the identity provider (typ, events)");
        }
        let until = self.lasts(claims, now)?;
        let subject = claims["sub"].as_str().unwrap_or_default();
        if subject.is_empty()
            || subject.len() > SUBJECT
            || !subject.chars().all(|c| c.is_ascii() && !c.is_ascii_control())
        {
            return fault("subject", "must name whom it is about in 1 to 255 characters of ASCII (sub)");
        }
        if let Some(nonce) = nonce
            && claims["nonce"].as_str() != Some(nonce)
        {
            return Err(Fault::new("/nonce", "nonce", "must be the one that the token has"));
        }
        Ok(Accepted { subject: subject.to_owned(), until })
    }

    /// Until when it could be shown again.
    fn lasts(&self, claims: &Value, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
        let fault = |code, detail: &str| Err(Fault::new("/id_token", code, detail));
        let (Some(expires), Some(issued)) = (moment(&claims["exp"]), moment(&claims["iat"])) else {
            return fault("times", "must say when it was issued and when it expires (iat, exp)");
        };
        let begins = match claims.get("nbf") {
            Some(said) => moment(said),
            None => Some(issued),
        };
        let Some(begins) = begins else { return fault("times", "must say from when on it holds as a number (nbf)") };
        if now >= expires + LEEWAY {
            return fault("expired", "has expired (exp)");
        }
        if now + LEEWAY < begins.max(issued) {
            return fault("not_yet", "does not hold yet (iat, nbf)");
        }
        if now - LEEWAY > issued + AGE {
            return fault("too_old", "must have been issued within ten minutes (iat)");
        }
        if expires > now + LONGEST {
            return fault("too_long", "must expire within a day (exp)");
        }
        Ok(expires + LEEWAY)
    }
}

/// A moment in seconds since 1970 (RFC 7519, NumericDate), within what can be reckoned with.
fn moment(said: &Value) -> Option<DateTime<Utc>> {
    let whole =
        said.as_i64().or_else(|| said.as_f64().filter(|said| said.is_finite()).map(|said| said.floor() as i64))?;
    DateTime::from_timestamp(whole, 0).filter(|_| (0..=253_402_300_799).contains(&whole))
}
