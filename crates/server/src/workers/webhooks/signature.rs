//! Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// The value of `webhook-signature`: one for each secret, the newest first.
pub(super) fn signatures(secrets: &[Vec<u8>], id: Uuid, timestamp: i64, body: &[u8]) -> String {
    let sign = |secret: &Vec<u8>| {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `standardwebhooks` 1.1 for Python signs, with the same secret, id, time and body.
    #[test]
    fn signatures_are_those_of_the_published_library() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = Uuid::from_u128(0x0197_a3c2_7c51_7d38_8f0e_0d4f_3a1b_2c3d);
        let one = signatures(std::slice::from_ref(&secret), id, 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(one, "v1,D3l2tQNsCoVzCseNH4utQLl6f1vp3lOFqerRs/dzfMU=");
        let two = signatures(&[secret, vec![7; 32]], id, 1_614_265_330, br#"{"test": 2432232314}"#);
        let mut parts = two.split(' ');
        assert_eq!(parts.next(), Some(one.as_str()));
        assert!(parts.next().is_some_and(|other| other.starts_with("v1,") && other != one));
    }
}
