//! Keys that issuers publish, as far as one can verify what is signed here: a fixed list of algorithms, and no shared secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

/// The algorithms that are accepted: signatures alone, so that nobody signs with what is public.
pub(crate) const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
const OF_RSA: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
/// Bytes of a modulus of RSA (NIST SP 800-131A: 2048 bits).
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// A key that can be used.
pub(crate) struct Key {
    pub kid: Option<String>,
    pub algorithms: Vec<Algorithm>,
    pub decoding: DecodingKey,
}

impl Key {
    /// Reads a key of a set.
    pub(crate) fn read(written: &Value) -> Result<Self, String> {
        let jwk: Jwk = serde_json::from_value(written.clone()).map_err(|_| "it cannot be read".to_owned())?;
        if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return Err("it is not for signatures (use)".to_owned());
        }
        let mut algorithms = possible(&jwk.algorithm)?.to_vec();
        if let Some(named) = jwk.common.key_algorithm {
            algorithms.retain(|algorithm| Algorithm::try_from(named).is_ok_and(|named| named == *algorithm));
        }
        if algorithms.is_empty() {
            return Err("its algorithm is not accepted (alg)".to_owned());
        }
        let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| "it cannot be read".to_owned())?;
        Ok(Self { kid: jwk.common.key_id, algorithms, decoding })
    }
}

/// With which algorithms such a key can verify.
fn possible(parameters: &AlgorithmParameters) -> Result<&'static [Algorithm], String> {
    if let AlgorithmParameters::RSA(rsa) = parameters {
        let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).map_err(|_| "it cannot be read".to_owned())?;
        let bytes = modulus.iter().skip_while(|byte| **byte == 0).count();
        return if MODULUS.contains(&bytes) { Ok(&OF_RSA) } else { Err("it has less than 2048 bits".to_owned()) };
    }
    if let AlgorithmParameters::EllipticCurve(curve) = parameters {
        if curve.curve == EllipticCurve::P256 {
            return Ok(&[Algorithm::ES256]);
        }
        if curve.curve == EllipticCurve::P384 {
            return Ok(&[Algorithm::ES384]);
        }
    }
    if let AlgorithmParameters::OctetKeyPair(pair) = parameters
        && pair.curve == EllipticCurve::Ed25519
    {
        return Ok(&[Algorithm::EdDSA]);
    }
    Err("it is of a kind that is not accepted (kty, crv)".to_owned())
}
