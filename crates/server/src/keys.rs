//! The instance's keys: made on first start, in a file that only its owner reads. Never in the database or a backup.

use crate::settings::{Fault, Settings};
use chrono::{DateTime, Utc};
use ed25519_dalek::{SigningKey, VerifyingKey};
use ratchet_http::app::{self, FormerTokenKey};
use ratchet_persistence::journal::sequencer::Signer;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The instance's keys.
pub(crate) struct Keys {
    /// Signs access tokens.
    pub token: SigningKey,
    /// Signed them before the last rotation.
    pub former_token: Option<FormerTokenKey>,
    /// Signs checkpoints of the journal.
    pub journal: SigningKey,
    /// Signed them before the last rotation, and signs beside the new key until it is retired.
    pub former: Option<SigningKey>,
    /// Public halves of those that signed before.
    pub retired: Vec<VerifyingKey>,
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
            return Err(format!(
                "{} is missing: put the keys there that the journals in this database were signed with (a backup holds none)",
                path.display()
            ));
        }
        Self::load(settings)
    }

    /// Whoever signs with them.
    pub(crate) fn signer(&self, origin: String) -> Signer {
        Signer { key: self.journal.clone(), former: self.former.clone(), retired: self.retired.clone(), origin }
    }

    /// What the API needs of them.
    pub(crate) fn of_the_api(&self) -> app::Keys {
        let Self { token, former_token, journal, former: _, retired: _, secret } = self;
        app::Keys {
            token: token.clone(),
            former_token: former_token.clone(),
            journal: journal.verifying_key(),
            secret: *secret,
        }
    }

    /// Signs access tokens with a new key from now on; what the one so far has signed counts on,
    /// where it is said when it was replaced.
    pub(crate) fn rotate_token(self, new: [u8; 32], replaced_at: Option<DateTime<Utc>>) -> Self {
        let key = self.token.verifying_key();
        let former_token = replaced_at.map(|replaced_at| FormerTokenKey { key, replaced_at });
        Self { token: SigningKey::from_bytes(&new), former_token, ..self }
    }

    /// Signs with a new key from now on, and with the one so far beside it.
    pub(crate) fn rotate(self, new: [u8; 32]) -> Self {
        let retired = self.former.iter().map(SigningKey::verifying_key).chain(self.retired).collect();
        Self { journal: SigningKey::from_bytes(&new), former: Some(self.journal), retired, ..self }
    }

    /// Takes a lost key's public half for one that has signed before.
    pub(crate) fn vouch_for(mut self, lost: VerifyingKey) -> Self {
        self.retired.push(lost);
        self
    }

    /// Forgets the private half of the former key.
    pub(crate) fn retire(self) -> Self {
        let retired = self.former.iter().map(SigningKey::verifying_key).chain(self.retired).collect();
        Self { former: None, retired, ..self }
    }

    /// Replaces the file, whole or not at all.
    pub(crate) fn replace(&self, settings: &Settings) -> Result<(), Fault> {
        if settings.keys.is_some() {
            return Err("the keys are in RATCHET_KEYS: move them into a file `keys` in the data directory".to_owned());
        }
        let (path, beside) = (settings.data_dir.join(FILE), settings.data_dir.join("keys.new"));
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            Ok(()) | Err(_) => {}
        }
        write(&beside, &self.text()).map_err(failed)?;
        fs::rename(&beside, &path).map_err(failed)?;
        fs::File::open(&settings.data_dir).and_then(|directory| directory.sync_all()).map_err(failed)
    }

    fn text(&self) -> String {
        let private = |name: &str, key: &[u8]| format!("{name} {}\n", hex::encode(key));
        let mut text = private("token", &self.token.to_bytes()) + &private("journal", &self.journal.to_bytes());
        text += &private("secret", &self.secret);
        if let Some(FormerTokenKey { key, replaced_at }) = &self.former_token {
            text += &format!("{FORMER_TOKEN} {} {}\n", hex::encode(key.as_bytes()), replaced_at.timestamp());
        }
        if let Some(former) = &self.former {
            text += &private(FORMER, &former.to_bytes());
        }
        self.retired.iter().for_each(|key| text += &private(RETIRED, key.as_bytes()));
        text
    }
}

/// A line with the public half of the key that signed access tokens before, and when it was replaced, in Unix seconds.
const FORMER_TOKEN: &str = "token-former";
/// A line with the private half of the key that signs beside the new one.
const FORMER: &str = "journal-former";
/// A line with the public half of a key that has signed before.
const RETIRED: &str = "journal-retired";

const SHAPE: &str = "must be three lines `token`, `journal`, `secret`, each with 64 hexadecimal digits";

fn parse(text: &str) -> Option<Keys> {
    let (mut known, mut retired, mut former_token) = (HashMap::new(), Vec::new(), None);
    for line in text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty()) {
        let (name, digits) = line.split_once(' ')?;
        if name == FORMER_TOKEN {
            let is_first = former_token.replace(former_token_of(digits)?).is_none();
            is_first.then_some(())?;
            continue;
        }
        let bytes: [u8; 32] = hex::decode(digits.trim()).ok()?.try_into().ok()?;
        if name == RETIRED {
            retired.push(VerifyingKey::from_bytes(&bytes).ok()?);
            continue;
        }
        // A key that somebody typed is no key, and a name that nobody reads is a mistake.
        let is_random = bytes.iter().collect::<std::collections::BTreeSet<_>>().len() >= 8;
        let is_known = ["token", "journal", "secret", FORMER].contains(&name);
        if !is_random || !is_known || known.insert(name, bytes).is_some() {
            return None;
        }
    }
    Some(Keys {
        token: SigningKey::from_bytes(known.get("token")?),
        former_token,
        journal: SigningKey::from_bytes(known.get("journal")?),
        former: known.get(FORMER).map(SigningKey::from_bytes),
        retired,
        secret: *known.get("secret")?,
    })
}

fn former_token_of(text: &str) -> Option<FormerTokenKey> {
    let (digits, seconds) = text.split_once(' ')?;
    let bytes: [u8; 32] = hex::decode(digits).ok()?.try_into().ok()?;
    let replaced_at = DateTime::from_timestamp(seconds.trim().parse().ok()?, 0)?;
    Some(FormerTokenKey { key: VerifyingKey::from_bytes(&bytes).ok()?, replaced_at })
}

fn make(path: &Path) -> Result<Keys, Fault> {
    let line = |name: &str| format!("{name} {}\n", hex::encode(rand::random::<[u8; 32]>()));
    let text = ["token", "journal", "secret"].map(line).concat();
    write(path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
    parse(&text).ok_or_else(|| "new keys cannot be read".to_owned())
}

/// Into a new file that only its owner reads.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
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
    fn a_rotation_keeps_what_has_signed_before() {
        let key = |n: u8| std::array::from_fn(|at| n.wrapping_mul(31).wrapping_add(at as u8));
        let [first, second, third] = [1, 2, 3].map(key);
        let text = ["token", "journal", "secret"].map(|name| format!("{name} {}\n", hex::encode(first))).concat();
        let twice = parse(&text).unwrap().rotate(second).rotate(third);
        let read = parse(&twice.text()).unwrap();
        assert_eq!(read.journal.to_bytes(), third);
        assert_eq!(read.former.as_ref().map(SigningKey::to_bytes), Some(second));
        assert_eq!(read.retired, [SigningKey::from_bytes(&first).verifying_key()]);
        assert_eq!((read.secret, read.token.to_bytes()), (first, first));
        let retired = parse(&read.retire().text()).unwrap();
        assert!(retired.former.is_none());
        assert_eq!(retired.retired.len(), 2);
        for wrong in [
            format!("{text}journal {}", hex::encode(second)),
            format!("{text}jounal {}", hex::encode(second)),
            format!("{text}{RETIRED} 00"),
        ] {
            assert!(parse(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_former_token_key_is_kept_as_its_public_half_and_for_the_last_rotation_alone() {
        let key = |n: u8| std::array::from_fn(|at| n.wrapping_mul(31).wrapping_add(at as u8));
        let text = ["token", "journal", "secret"].map(|name| format!("{name} {}\n", hex::encode(key(1)))).concat();
        let at = DateTime::from_timestamp(1_780_000_000, 0);
        let rotated = parse(&text).unwrap().rotate_token(key(2), at).rotate_token(key(3), at);
        let read = parse(&rotated.text()).unwrap();
        assert_eq!((read.token.to_bytes(), read.secret), (key(3), key(1)));
        let former = FormerTokenKey { key: SigningKey::from_bytes(&key(2)).verifying_key(), replaced_at: at.unwrap() };
        assert_eq!(read.former_token, Some(former));
        assert!(!rotated.text().contains(&hex::encode(key(2))), "its private half is gone");
        assert!(parse(&read.rotate_token(key(4), None).text()).unwrap().former_token.is_none());
        for wrong in ["token-former 00 1", "token-former", "token-former x y"] {
            assert!(parse(&format!("{text}{wrong}")).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_placeholder_is_refused() {
        let zeros = "0".repeat(64);
        assert!(parse(&format!("token {zeros}\njournal {zeros}\nsecret {zeros}")).is_none());
        assert!(parse("").is_none());
    }
}
