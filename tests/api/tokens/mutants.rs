//! About two hundred ways to bend a valid token. Where claims are bent the real key signs, so that the claims
//! themselves are looked at.

use crate::harness::token_key;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

/// Bends one token.
pub struct Forger {
    header: Value,
    claims: Value,
    signature: Vec<u8>,
    token: String,
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// What a mutant is, and the mutant.
type Mutant = (String, String);

impl Forger {
    pub fn of(token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { panic!("{token}") };
        Self {
            header: serde_json::from_slice(&decoded(header)).unwrap(),
            claims: serde_json::from_slice(&decoded(claims)).unwrap(),
            signature: decoded(signature),
            token: token.to_owned(),
        }
    }

    /// Signed with the real key. A header that stays as it is stays so byte for byte.
    pub fn signed(&self, bend_header: impl FnOnce(&mut Value), bend_claims: impl FnOnce(&mut Value)) -> String {
        let (mut header, mut claims) = (self.header.clone(), self.claims.clone());
        bend_header(&mut header);
        bend_claims(&mut claims);
        let head = if header == self.header { self.part(0) } else { encoded(header.to_string()) };
        by(&token_key(), &head, &claims.to_string())
    }

    fn part(&self, which: usize) -> String {
        self.token.split('.').nth(which).unwrap().to_owned()
    }

    fn with_signature(&self, signature: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", self.part(0), self.part(1), encoded(signature))
    }

    pub fn mutants(&self, lure: &str, now: i64, theirs: &str) -> Vec<Mutant> {
        [
            self.unsigned(),
            self.wrongly_signed(),
            self.symmetric(),
            self.other_headers(lure),
            self.other_times(now),
            self.other_claims(theirs),
            self.no_tokens(),
        ]
        .concat()
    }

    fn unsigned(&self) -> Vec<Mutant> {
        let mut mutants = Vec::new();
        for none in [json!("none"), json!("None"), json!("NONE"), json!("nOnE"), json!(""), json!(null), json!(0)] {
            let mut header = self.header.clone();
            header["alg"] = none.clone();
            for signature in [String::new(), self.part(2)] {
                let token = format!("{}.{}.{signature}", encoded(header.to_string()), self.part(1));
                mutants.push((format!("alg {none}"), token));
            }
        }
        let bare = format!("{}.{}", encoded(r#"{"alg":"none"}"#), self.part(1));
        mutants.push(("alg none, nothing else".into(), format!("{bare}.")));
        mutants.push(("alg none, two parts".into(), bare));
        mutants
    }

    fn wrongly_signed(&self) -> Vec<Mutant> {
        let good = &self.signature;
        let changed = |at: usize, bits: u8| {
            let mut signature = good.clone();
            signature[at] ^= bits;
            self.with_signature(signature)
        };
        let stranger = SigningKey::from_bytes(&[3; 32]);
        let part = |which| self.part(which);
        let mut mutants = vec![
            ("no signature".into(), format!("{}.{}.", part(0), part(1))),
            ("no third part".into(), format!("{}.{}", part(0), part(1))),
            ("a signature of zeros".into(), self.with_signature([0; 64])),
            ("a signature of ones".into(), self.with_signature([0xff; 64])),
            ("half a signature".into(), self.with_signature(&good[..32])),
            ("a signature and a byte".into(), self.with_signature([good.as_slice(), &[0]].concat())),
            ("a signature twice".into(), self.with_signature([good.as_slice(), good].concat())),
            ("the first bit".into(), changed(0, 1)),
            ("the middle".into(), changed(32, 1)),
            ("the last bit".into(), changed(63, 0x80)),
            ("s and the order of the group".into(), self.with_signature(beyond_the_order(good))),
            ("another key".into(), by(&stranger, &part(0), &self.claims.to_string())),
            ("padded".into(), format!("{}==", self.token)),
            ("the other alphabet".into(), format!("{}.{}.{}", part(0), part(1), STANDARD.encode(good))),
            ("another spelling of the last byte".into(), other_spelling(&self.token)),
        ];
        let mut other = self.claims.clone();
        other["jti"] = json!(Uuid::new_v4());
        mutants.push((
            "the signature of another token".into(),
            format!("{}.{}.{}", part(0), encoded(other.to_string()), part(2)),
        ));
        mutants
    }

    /// Keyed with what everybody knows.
    fn symmetric(&self) -> Vec<Mutant> {
        let public = token_key().verifying_key().to_bytes();
        // SubjectPublicKeyInfo (RFC 8410).
        let der =
            [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], public.as_slice()].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&der));
        let hexadecimal: String = public.iter().map(|byte| format!("{byte:02x}")).collect();
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(public) }).to_string();
        let keys: [(&str, Vec<u8>); 9] = [
            ("bytes", public.to_vec()),
            ("hexadecimal", hexadecimal.into_bytes()),
            ("base64url", encoded(public).into_bytes()),
            ("base64", STANDARD.encode(public).into_bytes()),
            ("DER", der),
            ("PEM", pem.clone().into_bytes()),
            ("PEM without its last line break", pem.trim_end().as_bytes().to_vec()),
            ("JWK", jwk.into_bytes()),
            ("nothing", Vec::new()),
        ];
        let mut mutants = Vec::new();
        for (what, key) in keys {
            let mut header = self.header.clone();
            header["alg"] = json!("HS256");
            for head in [encoded(header.to_string()), self.part(0)] {
                let signed = format!("{head}.{}", self.part(1));
                let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
                mac.update(signed.as_bytes());
                let signature = encoded(mac.finalize().into_bytes());
                mutants.push((format!("HS256 keyed with the public key as {what}"), format!("{signed}.{signature}")));
            }
        }
        mutants
    }

    fn other_headers(&self, lure: &str) -> Vec<Mutant> {
        let stranger = SigningKey::from_bytes(&[3; 32]);
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(stranger.verifying_key().to_bytes()) });
        let mut mutants = Vec::new();
        let kids = [
            json!("../../../../dev/null"),
            json!("/etc/passwd"),
            json!("' OR '1'='1"),
            json!("x' UNION SELECT 'key'--"),
            json!("\u{0}"),
            json!("k".repeat(10_000)),
            json!(0),
            json!(null),
            json!([]),
            json!({}),
            json!(lure),
            json!(""),
            json!("0".repeat(43)),
        ];
        for kid in kids {
            let token = self.signed(|header| header["kid"] = kid.clone(), |_| ());
            mutants.push((format!("kid {:.40}", kid.to_string()), token));
        }
        for (name, value) in [
            ("jku", json!(lure)),
            ("x5u", json!(lure)),
            ("x5c", json!([STANDARD.encode("certificate")])),
            ("jwk", jwk.clone()),
            ("crit", json!(["b64"])),
            ("crit", json!(["exp"])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
            ("cty", json!("JWT")),
            ("typ", json!("JWT")),
            ("typ", json!("refresh+jwt")),
            ("typ", json!(null)),
            ("alg", json!("ES256")),
            ("alg", json!("RS256")),
            ("alg", json!("PS512")),
            ("alg", json!("Ed25519")),
            ("alg", json!("eddsa")),
            ("alg", json!(["EdDSA"])),
        ] {
            let token = self.signed(|header| header[name] = value.clone(), |_| ());
            mutants.push((format!("{name} {value}"), token));
            // The same by whoever made it up, with a key of their own.
            let mut header = self.header.clone();
            header[name] = value.clone();
            let head = encoded(header.to_string());
            mutants.push((format!("{name} {value} by a stranger"), by(&stranger, &head, &self.claims.to_string())));
        }
        for name in ["alg", "typ", "kid"] {
            let without = |header: &mut Value| drop(header.as_object_mut().unwrap().remove(name));
            mutants.push((format!("no {name}"), self.signed(without, |_| ())));
        }
        let spaced = self.header.to_string().replace(':', ": ");
        let double = self.header.to_string().replacen('{', r#"{"alg":"none","#, 1);
        for (what, header) in
            [("spaces", spaced), ("two algs", double), ("an array", "[]".into()), ("nothing", String::new())]
        {
            let token = by(&token_key(), &encoded(header), &self.claims.to_string());
            mutants.push((format!("a header of {what}"), token));
        }
        mutants
    }

    fn other_times(&self, now: i64) -> Vec<Mutant> {
        let changes = [
            ("exp", now - 6),
            ("exp", now - 3_600),
            ("exp", 0),
            ("exp", -1),
            ("exp", now + 86_400),
            ("exp", i64::MAX),
            ("exp", i64::MIN),
            ("nbf", now + 6),
            ("nbf", i64::MAX),
            ("iat", now + 6),
            ("iat", now + 3_600),
            ("iat", i64::MAX),
            ("iat", i64::MIN),
        ];
        let change = |(name, at): (&str, i64)| {
            (
                format!("{name} {}", i128::from(at) - i128::from(now)),
                self.signed(|_| (), |claims| claims[name] = json!(at)),
            )
        };
        changes.into_iter().map(change).collect()
    }

    fn other_claims(&self, theirs: &str) -> Vec<Mutant> {
        let mut mutants = Vec::new();
        for name in ["iss", "aud", "sub", "org", "sid", "jti", "iat", "nbf", "exp"] {
            let without = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(name));
            mutants.push((format!("no {name}"), self.signed(|_| (), without)));
            let good = self.claims[name].clone();
            let text = Value::from(good.to_string());
            for wrong in [json!(null), json!([]), json!({}), json!(true), json!(1.5), json!([good]), json!(""), text] {
                let token = self.signed(|_| (), |claims| claims[name] = wrong.clone());
                mutants.push((format!("{name} {wrong}"), token));
            }
        }
        let someone = json!(Uuid::new_v4());
        for (name, value) in [
            ("iss", json!("http://elsewhere.example")),
            ("iss", json!(format!("{}/", self.claims["iss"].as_str().unwrap()))),
            ("aud", json!("http://elsewhere.example")),
            ("sub", someone.clone()),
            ("sid", someone),
            ("org", json!(theirs)),
        ] {
            let token = self.signed(|_| (), |claims| claims[name] = value.clone());
            mutants.push((format!("{name} {value}"), token));
        }
        let claims = self.claims.to_string();
        let twice = claims.replacen('{', &format!(r#"{{"org":"{theirs}","#), 1);
        for (what, payload) in [
            ("two organisations", twice),
            ("an array", format!("[{claims}]")),
            ("text", json!(claims).to_string()),
            ("half", claims[..claims.len() / 2].to_owned()),
            ("nothing", String::new()),
            ("null", "null".into()),
        ] {
            mutants.push((format!("claims of {what}"), by(&token_key(), &self.part(0), &payload)));
        }
        mutants
    }

    /// Not even three parts.
    fn no_tokens(&self) -> Vec<Mutant> {
        let token = &self.token;
        let bent = [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            "null".into(),
            "undefined".into(),
            "rk_".into(),
            "rk__".into(),
            format!("rk_{}_{}", "0".repeat(32), "0".repeat(64)),
            format!("{token}.{token}"),
            format!("{token}."),
            format!(".{token}"),
            format!("a.{token}"),
            token.to_uppercase(),
            token.chars().rev().collect(),
            format!("{token},{token}"),
            format!("{token} {token}"),
            "x".repeat(20_000),
            token.replace('.', " "),
        ];
        bent.into_iter().map(|bent| (format!("{bent:.30}"), bent)).collect()
    }
}

fn by(key: &SigningKey, head: &str, claims: &str) -> String {
    let signed = format!("{head}.{}", encoded(claims));
    let signature = key.sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", encoded(signature))
}

/// The second half of the signature, a number, plus the order of the group (RFC 8032, 5.1.7: must be refused).
fn beyond_the_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut signature = signature.to_vec();
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    signature
}

/// 64 bytes leave four bits of the last letter unused: they must be zero.
fn other_spelling(token: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.bytes().last().unwrap();
    let value = LETTERS.iter().position(|letter| *letter == last).unwrap();
    let other = char::from(LETTERS[value | 1]);
    assert_ne!(char::from(last), other);
    format!("{}{other}", &token[..token.len() - 1])
}
