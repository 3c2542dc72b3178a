//! Access tokens: JWT with EdDSA, ten minutes, one key and for ten minutes after a rotation the one before it. Our own are
//! the only ones accepted, so the header must be ours byte for byte: no algorithm to choose, no key to inject.

use crate::app::FormerTokenKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::{SigningKey, VerifyingKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ratchet_domain::id::{MemberId, OrganisationId, SessionId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long an access token lives.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Clocks may differ by so much.
const LEEWAY: TimeDelta = TimeDelta::seconds(5);

/// What an access token says; every claim is required and typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: MemberId,
    pub org: OrganisationId,
    pub sid: SessionId,
    pub jti: Uuid,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
}

pub(crate) struct Tokens {
    issuer: String,
    signing: EncodingKey,
    /// What is signed with the key in use.
    ours: Signed,
    /// What the key before it has signed until it was replaced.
    former: Option<(Signed, DateTime<Utc>)>,
    validation: Validation,
}

/// Tokens of one key.
struct Signed {
    header: Header,
    /// The encoded header and the dot behind it.
    prefix: String,
    verifying: DecodingKey,
    jwk: serde_json::Value,
}

impl Signed {
    fn by(public: &VerifyingKey) -> Result<Self, String> {
        let kid = thumbprint(public);
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(kid.clone());
        let encoded = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
        Ok(Self {
            prefix: format!("{}.", URL_SAFE_NO_PAD.encode(encoded)),
            header,
            verifying: DecodingKey::from_ed_der(public.as_bytes()),
            jwk: serde_json::json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid,
                "x": URL_SAFE_NO_PAD.encode(public.as_bytes()),
            }),
        })
    }
}

/// PKCS#8 version 1 around an Ed25519 seed (RFC 8410, section 7).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

impl Tokens {
    pub(crate) fn new(key: &SigningKey, former: Option<FormerTokenKey>, issuer: &str) -> Result<Self, String> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The injected clock decides, in `verify`.
        validation.validate_exp = false;
        let before = |FormerTokenKey { key, replaced_at }| Ok::<_, String>((Signed::by(&key)?, replaced_at));
        Ok(Self {
            issuer: issuer.to_owned(),
            signing: EncodingKey::from_ed_der(&[PKCS8.as_slice(), key.as_bytes()].concat()),
            ours: Signed::by(&key.verifying_key())?,
            former: former.map(before).transpose()?,
            validation,
        })
    }

    pub(crate) fn issue(
        &self,
        (sub, org, sid): (MemberId, OrganisationId, SessionId),
        jti: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let iat = now.timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub,
            org,
            sid,
            jti,
            iat,
            nbf: iat,
            exp: (now + LIFETIME).timestamp(),
        };
        jsonwebtoken::encode(&self.ours.header, &claims, &self.signing).map_err(|error| error.to_string())
    }

    /// The claims of a token that is ours and of this moment.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let (signed, issued_until) = self.signed(token)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &signed.verifying, &self.validation).ok()?.claims;
        let (now, leeway) = (now.timestamp(), LEEWAY.num_seconds());
        let has_begun = claims.nbf.max(claims.iat) <= now + leeway;
        let lasts = now < claims.exp.saturating_add(leeway);
        // None is issued for longer.
        let is_short = claims.exp.saturating_sub(claims.iat) <= LIFETIME.num_seconds();
        // Whoever has a key that was replaced signs no more with it: what is of before dies of age.
        let is_in_time = issued_until.is_none_or(|until| claims.iat <= until.timestamp());
        (has_begun && lasts && is_short && is_in_time).then_some(claims)
    }

    /// Whose the token claims to be, and until when that key was in use.
    fn signed(&self, token: &str) -> Option<(&Signed, Option<DateTime<Utc>>)> {
        if token.starts_with(&self.ours.prefix) {
            return Some((&self.ours, None));
        }
        let (former, replaced_at) = self.former.as_ref()?;
        token.starts_with(&former.prefix).then_some((former, Some(*replaced_at)))
    }

    /// Whatever bytes for claims, signed as ours are.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn sign(&self, claims: &[u8]) -> Option<String> {
        let message = format!("{}{}", self.ours.prefix, URL_SAFE_NO_PAD.encode(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.signing, Algorithm::EdDSA).ok()?;
        Some(format!("{message}.{signature}"))
    }

    /// The public keys by which a token may be signed now, as a JSON Web Key Set (RFC 7517).
    pub(crate) fn jwks(&self, now: DateTime<Utc>) -> serde_json::Value {
        let lasts = |replaced_at: &DateTime<Utc>| now < *replaced_at + LIFETIME + LEEWAY;
        let former = self.former.as_ref().filter(|(_, replaced_at)| lasts(replaced_at)).map(|(signed, _)| &signed.jwk);
        let keys: Vec<_> = std::iter::once(&self.ours.jwk).chain(former).collect();
        serde_json::json!({ "keys": keys })
    }
}

/// The key's name: its thumbprint (RFC 7638).
fn thumbprint(key: &VerifyingKey) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(key.as_bytes()));
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn tokens() -> (Tokens, EncodingKey) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let encoding = EncodingKey::from_ed_der(&[PKCS8.as_slice(), key.as_bytes()].concat());
        (Tokens::new(&key, None, "http://here").unwrap(), encoding)
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap()
    }

    fn token(tokens: &Tokens) -> String {
        tokens
            .issue((MemberId(Uuid::nil()), OrganisationId(Uuid::nil()), SessionId(Uuid::nil())), Uuid::nil(), now())
            .unwrap()
    }

    #[test]
    fn ours_is_accepted_for_ten_minutes() {
        let (tokens, _) = tokens();
        let token = token(&tokens);
        assert!(tokens.verify(&token, now()).is_some());
        assert!(tokens.verify(&token, now() + LIFETIME).is_some(), "within the leeway");
        assert!(tokens.verify(&token, now() + LIFETIME + TimeDelta::seconds(6)).is_none());
        assert!(tokens.verify(&token, now() - TimeDelta::seconds(6)).is_none());
    }

    /// A stolen key that was replaced is of no use after ten minutes, whatever time its thief writes into a token.
    #[test]
    fn what_a_former_key_signed_is_accepted_until_it_has_died_of_age() {
        let (before, _) = tokens();
        let replaced_at = now();
        let new = SigningKey::from_bytes(&[8; 32]);
        let former = FormerTokenKey { key: SigningKey::from_bytes(&[7; 32]).verifying_key(), replaced_at };
        let after = Tokens::new(&new, Some(former), "http://here").unwrap();
        let (old, other) = (token(&before), token(&after));
        for (minutes, is_accepted) in [(0, true), (9, true), (11, false)] {
            let at = now() + TimeDelta::minutes(minutes);
            assert_eq!(after.verify(&old, at).is_some(), is_accepted, "after {minutes} minutes");
            assert_eq!(after.jwks(at)["keys"].as_array().unwrap().len(), 1 + usize::from(is_accepted));
        }
        assert!(after.verify(&other, now()).is_some() && before.verify(&other, now()).is_none());
        let caller = (MemberId(Uuid::nil()), OrganisationId(Uuid::nil()), SessionId(Uuid::nil()));
        let stolen = before.issue(caller, Uuid::nil(), now() + TimeDelta::seconds(1)).unwrap();
        assert!(after.verify(&stolen, now() + TimeDelta::seconds(1)).is_none(), "signed after it was replaced");
        let forgotten = Tokens::new(&new, None, "http://here").unwrap();
        assert!(forgotten.verify(&old, now()).is_none());
    }

    /// Signed with the real key, so that the claims themselves are reached.
    #[test]
    fn every_claim_is_needed_and_typed() {
        let (tokens, key) = tokens();
        let good = serde_json::to_value(tokens.verify(&token(&tokens), now()).unwrap()).unwrap();
        let signed = |claims: &Value| jsonwebtoken::encode(&tokens.ours.header, claims, &key).unwrap();
        assert!(tokens.verify(&signed(&good), now()).is_some());
        for claim in ["iss", "aud", "sub", "org", "sid", "jti", "iat", "nbf", "exp"] {
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(claim);
            assert!(tokens.verify(&signed(&without), now()).is_none(), "without {claim}");
            for wrong in [
                json!(null),
                json!("9999"),
                json!([]),
                json!({}),
                json!(true),
                json!(1.5),
                json!([good[claim]]),
                json!(""),
            ] {
                let mut with = good.clone();
                with[claim] = wrong.clone();
                assert!(tokens.verify(&signed(&with), now()).is_none(), "{claim}: {wrong}");
            }
        }
    }

    /// Signed with the real key: only the times are wrong.
    #[test]
    fn no_token_is_of_another_time_or_for_longer() {
        let (tokens, key) = tokens();
        let good = tokens.verify(&token(&tokens), now()).unwrap();
        let Claims { iat, nbf, exp, .. } = good;
        let is_accepted = |iat: i64, nbf: i64, exp: i64| {
            let claims = Claims { iat, nbf, exp, ..good.clone() };
            let signed = jsonwebtoken::encode(&tokens.ours.header, &claims, &key).unwrap();
            tokens.verify(&signed, now()).is_some()
        };
        assert!(is_accepted(iat, nbf, exp));
        assert!(is_accepted(iat + 5, nbf + 5, exp + 5), "within the leeway");
        for (iat, nbf, exp) in [
            (iat + 6, nbf, exp),
            (iat, nbf + 6, exp),
            (iat, nbf, exp + 1),
            (iat, nbf, i64::MAX),
            (i64::MIN, nbf, exp),
            (i64::MAX, nbf, exp),
            (iat - 606, nbf - 606, exp - 606),
            (iat, nbf, i64::MIN),
        ] {
            assert!(!is_accepted(iat, nbf, exp), "{iat} {nbf} {exp}");
        }
    }

    #[test]
    fn no_other_header_is_ours() {
        let (tokens, key) = tokens();
        let claims = tokens.verify(&token(&tokens), now()).unwrap();
        for change in [
            (|h: &mut Header| h.kid = None) as fn(&mut Header),
            |h| h.kid = Some("../../etc/passwd".to_owned()),
            |h| h.typ = Some("JWT".to_owned()),
            |h| h.jku = Some("http://127.0.0.1/".to_owned()),
        ] {
            let mut header = tokens.ours.header.clone();
            change(&mut header);
            let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
            assert!(tokens.verify(&token, now()).is_none(), "{header:?}");
        }
        let good = token(&tokens);
        let (head, payload) = (&tokens.ours.prefix, good.split('.').nth(1).unwrap());
        for bad in [
            format!("{head}{payload}."),
            format!("{head}{payload}"),
            format!("{good}A"),
            String::new(),
            "..".to_owned(),
        ] {
            assert!(tokens.verify(&bad, now()).is_none(), "{bad}");
        }
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        assert!(tokens.verify(&format!("{none}.{payload}."), now()).is_none());
        let symmetric = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &EncodingKey::from_secret(SigningKey::from_bytes(&[7; 32]).verifying_key().as_bytes()),
        );
        assert!(tokens.verify(&symmetric.unwrap(), now()).is_none());
    }
}
