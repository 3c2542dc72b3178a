//! Passwords: Argon2id, hashed on threads of their own and never many at once.

use crate::app::App;
use crate::error::ApiError;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use ratchet_domain::refusal::Fault;
use std::sync::OnceLock;
use std::time::Duration;

/// A password's length in characters; no rule of composition beside it (NIST SP 800-63B).
pub(crate) const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;
/// How long a login waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// Argon2id with 19 MiB, two passes (OWASP), as a PHC string.
///
/// # Errors
/// When the system has no random numbers.
pub fn hash(password: &str) -> Result<String, String> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|error| error.to_string())?;
    Ok(hash.to_string())
}

/// Refuses a password that is too short, too long or among the most common.
pub(crate) fn check(pointer: &str, password: &str) -> Result<(), Fault> {
    let length = password.chars().count();
    if !LENGTH.contains(&length) {
        let detail = format!("must have {} to {} characters", LENGTH.start(), LENGTH.end());
        return Err(Fault::new(pointer, "length", detail));
    }
    Ok(())
}

/// [`hash`], when its turn has come.
pub(crate) async fn hash_in_turn(app: &App, password: String) -> Result<String, ApiError> {
    let turn = tokio::time::timeout(PATIENCE, app.hashing.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(ApiError::Busy) };
    let outcome = actix_web::web::block(move || hash(&password)).await;
    outcome.map_err(|error| ApiError::Internal(error.to_string()))?.map_err(ApiError::Internal)
}

/// Whether the password is the one of the hash. Without a hash the work is the same and the answer no, so that an
/// unknown address takes as long as a known one.
pub(crate) async fn verify(app: &App, password: String, hash: Option<String>) -> Result<bool, ApiError> {
    let turn = tokio::time::timeout(PATIENCE, app.hashing.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(ApiError::Busy) };
    let outcome = actix_web::web::block(move || matches(&password, hash.as_deref())).await;
    outcome.map_err(|error| ApiError::Internal(error.to_string()))
}

fn matches(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let known = hash.is_some();
    let hash =
        hash.unwrap_or_else(|| NOBODY.get_or_init(|| self::hash("nobody has this password").unwrap_or_default()));
    let right =
        PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    right && known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_counts() {
        for length in [72, 128, 256] {
            let password = "x".repeat(length);
            let hash = hash(&password).unwrap();
            assert!(matches(&password, Some(&hash)));
            assert!(!matches(&format!("{password}y"), Some(&hash)), "{length}");
        }
        assert!(!matches("nobody has this password", None));
    }

    #[test]
    fn length_alone_is_ruled() {
        assert!(check("/password", "elevenchars").is_err());
        assert!(check("/password", "twelve chars").is_ok());
        assert!(check("/password", &"é".repeat(257)).is_err());
    }
}
