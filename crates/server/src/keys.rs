//! The instance's keys: made on first start, in a file that only its owner reads. Never in the database or a backup.

use crate::settings::{Fault, Settings};
use ed25519_dalek::SigningKey;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The instance's keys.
pub(crate) struct Keys {
    /// Signs access tokens.
    pub token: SigningKey,
    /// Signs checkpoints of the journal.
    pub journal: SigningKey,
    /// Signs cursors and derives refresh tokens.
    pub secret: [u8; 32],
}

const FILE: &str = "keys";

impl Keys {
    /// Reads the keys from the settings or the data directory; makes them there when there are none.
    pub(crate) fn load(settings: &Settings) -> Result<Self, Fault> {
        if let Some(text) = &settings.keys {
            return parse(text).ok_or_else(|| format!("RATCHET_KEYS: {SHAPE}"));
        }
        let path = settings.data_dir.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => parse(&text).ok_or_else(|| format!("{}: {SHAPE}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(&path),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }
}

impl Keys {
    /// Reads the keys, and makes none.
    pub(crate) fn existing(settings: &Settings) -> Result<Self, Fault> {
        let path = settings.data_dir.join(FILE);
        if settings.keys.is_none() && !path.exists() {
            return Err(format!("{} is missing: put the keys there that the backup was signed with", path.display()));
        }
        Self::load(settings)
    }
}

const SHAPE: &str = "must be three lines `token`, `journal`, `secret`, each with 64 hexadecimal digits";

fn parse(text: &str) -> Option<Keys> {
    let key = |name: &str| {
        let line = text.split(['\n', ';']).find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '))?;
        let bytes: [u8; 32] = hex::decode(line.trim()).ok()?.try_into().ok()?;
        // A key that somebody typed is no key.
        (bytes.iter().collect::<std::collections::BTreeSet<_>>().len() >= 8).then_some(bytes)
    };
    Some(Keys {
        token: SigningKey::from_bytes(&key("token")?),
        journal: SigningKey::from_bytes(&key("journal")?),
        secret: key("secret")?,
    })
}

fn make(path: &Path) -> Result<Keys, Fault> {
    let line = |name: &str| format!("{name} {}\n", hex::encode(rand::random::<[u8; 32]>()));
    let text = ["token", "journal", "secret"].map(line).concat();
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    parse(&text).ok_or_else(|| "new keys cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_read_again() {
        let directory = std::env::temp_dir().join(format!("ratchet-keys-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&directory).unwrap();
        let path = directory.join(FILE);
        let made = make(&path).unwrap();
        let read = parse(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!((made.secret, made.token.to_bytes()), (read.secret, read.token.to_bytes()));
        assert!(make(&path).is_err(), "keys are never overwritten");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_placeholder_is_refused() {
        let zeros = "0".repeat(64);
        assert!(parse(&format!("token {zeros}\njournal {zeros}\nsecret {zeros}")).is_none());
        assert!(parse("").is_none());
    }
}
