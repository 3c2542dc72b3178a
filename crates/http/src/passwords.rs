//! Passwords: Argon2id, hashed on threads of their own and never many at once.

mod guesses;

use crate::app::App;
use crate::error::ApiError;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, CustomizedPasswordHasher};
use argon2::{Algorithm, Argon2, Block, Params, PasswordVerifier, Version};
use ratchet_domain::refusal::Fault;
use std::sync::OnceLock;
use std::time::Duration;

/// A password's length in characters; no rule of composition beside it (NIST SP 800-63B).
pub(crate) const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;
/// How long a login waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// The C library keeps blocks of up to 32 MiB for later; larger ones go back to the system at once.
const RETURNED_AT_ONCE: usize = 33 << 20;

/// Argon2 in memory that goes back to the system after each hash. Of what is reserved beyond what it fills no page is
/// ever touched.
struct Hasher;

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let mut out = vec![0; params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
        let mut blocks = Vec::with_capacity(RETURNED_AT_ONCE / Block::SIZE);
        blocks.resize(params.block_count(), Block::new());
        let argon = Argon2::new(algorithm, version, params);
        argon.hash_password_into_with_memory(password, salt, &mut out, &mut blocks)?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(argon.params())?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(&out)?),
        })
    }
}

/// Argon2id with 19 MiB, two passes (OWASP), as a PHC string.
///
/// # Errors
/// When the system has no random numbers.
pub fn hash(password: &str) -> Result<String, String> {
    let salt = password_hash::try_generate_salt().map_err(|error| error.to_string())?;
    let hash = Hasher.hash_password_customized(password.as_bytes(), &salt, None, None, Params::default());
    Ok(hash.map_err(|error| error.to_string())?.to_string())
}

/// Refuses a password that is too short, too long or among those that are guessed first for a login of this address.
pub(crate) fn check(pointer: &str, password: &str, address: &str) -> Result<(), Fault> {
    let length = password.chars().count();
    if !LENGTH.contains(&length) {
        let detail = format!("must have {} to {} characters", LENGTH.start(), LENGTH.end());
        return Err(Fault::new(pointer, "length", detail));
    }
    let address = address.to_lowercase();
    let known: Vec<&str> = address.split(|c: char| !c.is_alphanumeric()).collect();
    if guesses::is_guessed_first(password, &known) {
        return Err(Fault::new(pointer, "common", "is among those that are guessed first: use several unusual words"));
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
    let right = PasswordHash::new(hash).is_ok_and(|hash| Hasher.verify_password(password.as_bytes(), &hash).is_ok());
    right && known
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordHasher;

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

    /// Hashes that are stored already stay good.
    #[test]
    fn it_hashes_as_the_library_does() {
        let theirs = PasswordHasher::hash_password(&Argon2::default(), b"correct horse battery staple").unwrap();
        assert!(theirs.to_string().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{theirs}");
        assert!(matches("correct horse battery staple", Some(&theirs.to_string())));
        let ours = PasswordHash::new(&hash("correct horse battery staple").unwrap()).unwrap();
        assert!(Argon2::default().verify_password(b"correct horse battery staple", &ours).is_ok());
    }

    #[test]
    fn no_kind_of_character_is_asked_for() {
        let code = |password: &str| check("/password", password, "ada@lovelace.example").err().map(|fault| fault.code);
        assert_eq!(code("elevenchars").as_deref(), Some("length"));
        assert_eq!(code("twelve chars"), None);
        assert_eq!(code(&"ein Satz, der lang ist ".repeat(12)).as_deref(), Some("length"));
        assert_eq!(code("lovelace2026!").as_deref(), Some("common"), "its own address");
    }
}
