//! Checkpoints: a signed statement of a tree's size and root (C2SP tlog-checkpoint in a signed-note).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::JournalError;
use super::merkle::{Hash, MAX_SIZE};

/// The byte that marks an Ed25519 key (C2SP signed-note).
const ED25519: u8 = 1;
/// What a signature line starts with: an em dash and a space (C2SP signed-note).
const LINE: &str = "\u{2014} ";
/// More lines than this are refused, as the specification lets readers do (C2SP signed-note).
const MAX_SIGNATURES: usize = 100;
const TOO_MANY: &str = "too many signatures";

/// What a checkpoint says (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log, here the journal of one organisation on one instance; without spaces or `+`, as it names the key too.
    pub origin: String,
    /// How many leaves the tree has.
    pub size: u64,
    /// The tree's root (RFC 6962 section 2.1).
    pub root: Hash,
}

impl Checkpoint {
    /// The signed text: origin, size and root, one a line (C2SP tlog-checkpoint).
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))
    }

    /// The note signed by the key whose name is the origin (C2SP signed-note, RFC 8032 section 5.1.6).
    ///
    /// # Errors
    /// [`JournalError::BadKey`] when the origin cannot name a key.
    pub fn sign(&self, key: &SigningKey) -> Result<String, JournalError> {
        check_name(&self.origin)?;
        let body = self.body();
        let line = signature_line(&self.origin, key, &body);
        Ok(format!("{body}\n{line}"))
    }
}

/// Adds the signature of another key under the same origin to a note, as when keys rotate (C2SP signed-note).
///
/// # Errors
/// [`JournalError::BadCheckpoint`] when the text is not a checkpoint, or has as many signatures as one may have.
pub fn cosign(note: &str, key: &SigningKey) -> Result<String, JournalError> {
    let signed = SignedCheckpoint::parse(note)?;
    check_name(&signed.checkpoint.origin)?;
    if signed.signatures.len() >= MAX_SIGNATURES {
        return Err(JournalError::BadCheckpoint(TOO_MANY));
    }
    let line = signature_line(&signed.checkpoint.origin, key, &signed.body);
    Ok(format!("{note}{line}"))
}

/// The public half of a key with its name, written `name+hash+key` (C2SP signed-note).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// The key's name: not empty, without spaces or `+`.
    pub name: String,
    /// The Ed25519 public key (RFC 8032 section 5.1.5).
    pub key: VerifyingKey,
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = hex::encode(key_id(&self.name, &self.key));
        write!(f, "{}+{}+{}", self.name, id, STANDARD.encode(typed(&self.key)))
    }
}

impl FromStr for VerifierKey {
    type Err = JournalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(JournalError::BadKey("not name+hash+key"));
        };
        check_name(name)?;
        let bytes = STANDARD.decode(key).map_err(|_| JournalError::BadKey("not base64"))?;
        let Some((&ED25519, public)) = bytes.split_first() else {
            return Err(JournalError::BadKey("not an Ed25519 key"));
        };
        let public = public.try_into().map_err(|_| JournalError::BadKey("not 32 bytes"))?;
        let key = VerifyingKey::from_bytes(public).map_err(|_| JournalError::BadKey("not a point"))?;
        if hex::encode(key_id(name, &key)) != id {
            return Err(JournalError::BadKey("the hash does not belong to the key"));
        }
        Ok(Self { name: name.to_owned(), key })
    }
}

/// The short hash by which a signature names its key: the first 4 bytes of
/// `SHA-256(name || 0x0A || 0x01 || public key)` (C2SP signed-note).
#[must_use]
pub fn key_id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let Hash([a, b, c, d, ..]) = Hash::of(&[name.as_bytes(), b"\n", &typed(key)]);
    [a, b, c, d]
}

/// One signature line (C2SP signed-note).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The key's short hash; see [`key_id`].
    pub key_id: [u8; 4],
    /// The signature's bytes: 64 for Ed25519, whatever another algorithm has.
    pub signature: Vec<u8>,
}

/// A checkpoint with its signatures, not yet trusted (C2SP tlog-checkpoint in a signed-note).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The exact text that is signed, extension lines included.
    pub body: String,
    /// Every signature line, in the note's order.
    pub signatures: Vec<NoteSignature>,
}

impl SignedCheckpoint {
    /// Reads a note without judging its signatures (C2SP signed-note, tlog-checkpoint).
    ///
    /// # Errors
    /// [`JournalError::BadCheckpoint`] naming what is malformed.
    pub fn parse(note: &str) -> Result<Self, JournalError> {
        let at = note.rfind("\n\n").ok_or(JournalError::BadCheckpoint("no signatures"))?;
        let (body, lines) = note.split_at_checked(at + 1).ok_or(JournalError::BadCheckpoint("no signatures"))?;
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(JournalError::BadCheckpoint("a control character"));
        }
        let lines = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let lines = lines.ok_or(JournalError::BadCheckpoint("cut off"))?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(JournalError::BadCheckpoint(TOO_MANY));
        }
        let signatures = lines.split('\n').map(parse_signature).collect::<Result<_, _>>()?;
        Ok(Self { checkpoint: parse_body(body)?, body: body.to_owned(), signatures })
    }

    /// Checks the signature of the key whose name is the origin (C2SP signed-note, RFC 8032 section 5.1.7).
    ///
    /// # Errors
    /// Those of [`SignedCheckpoint::verify_with`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), JournalError> {
        self.verify_with(&VerifierKey { name: self.checkpoint.origin.clone(), key: *key })
    }

    /// Checks the signature of a named key; lines of other keys are ignored (C2SP signed-note, RFC 8032 section 5.1.7).
    ///
    /// # Errors
    /// [`JournalError::NotSigned`] when no line is the key's, [`JournalError::BadSignature`] when one is and is wrong.
    pub fn verify_with(&self, key: &VerifierKey) -> Result<(), JournalError> {
        let id = key_id(&key.name, &key.key);
        let mut found = false;
        for line in self.signatures.iter().filter(|line| line.name == key.name && line.key_id == id) {
            let signature = Signature::from_slice(&line.signature);
            let good = signature.is_ok_and(|signature| key.key.verify_strict(self.body.as_bytes(), &signature).is_ok());
            if !good {
                return Err(JournalError::BadSignature(key.to_string()));
            }
            found = true;
        }
        if found { Ok(()) } else { Err(JournalError::NotSigned(key.to_string())) }
    }
}

fn typed(key: &VerifyingKey) -> Vec<u8> {
    [&[ED25519], key.as_bytes().as_slice()].concat()
}

fn check_name(name: &str) -> Result<(), JournalError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(bad) {
        return Err(JournalError::BadKey("a name is not empty and has no spaces and no plus"));
    }
    Ok(())
}

fn signature_line(name: &str, key: &SigningKey, body: &str) -> String {
    let id = key_id(name, &key.verifying_key());
    let signature = key.sign(body.as_bytes()).to_bytes();
    format!("{LINE}{name} {}\n", STANDARD.encode([id.as_slice(), &signature].concat()))
}

fn parse_signature(line: &str) -> Result<NoteSignature, JournalError> {
    let bad = JournalError::BadCheckpoint("a malformed signature line");
    let (name, text) = line.strip_prefix(LINE).and_then(|line| line.split_once(' ')).ok_or_else(|| bad.clone())?;
    check_name(name).map_err(|_| bad.clone())?;
    let bytes = STANDARD.decode(text).map_err(|_| bad.clone())?;
    match bytes.split_first_chunk::<4>() {
        Some((id, rest)) if !rest.is_empty() => {
            Ok(NoteSignature { name: name.to_owned(), key_id: *id, signature: rest.to_vec() })
        }
        _ => Err(bad),
    }
}

fn parse_body(body: &str) -> Result<Checkpoint, JournalError> {
    let mut lines = body.strip_suffix('\n').unwrap_or(body).split('\n');
    let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(JournalError::BadCheckpoint("fewer than three lines"));
    };
    if origin.is_empty() || lines.any(str::is_empty) {
        return Err(JournalError::BadCheckpoint("an empty line"));
    }
    let number = size.parse::<u64>().ok().filter(|n| *n <= MAX_SIZE && n.to_string() == size);
    let bytes = STANDARD.decode(root).ok().and_then(|bytes| Hash::from_slice(&bytes));
    Ok(Checkpoint {
        origin: origin.to_owned(),
        size: number.ok_or(JournalError::BadCheckpoint("a malformed size"))?,
        root: bytes.ok_or(JournalError::BadCheckpoint("a malformed root"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn sample() -> Checkpoint {
        Checkpoint { origin: "isms.example/journal/1".into(), size: 42, root: Hash([9; 32]) }
    }

    #[test]
    fn reference_key_and_signature() {
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let seed = STANDARD.decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
        let key = SigningKey::from_bytes(seed[1..].try_into().unwrap());
        let public = VerifierKey { name: "PeterNeumann".into(), key: key.verifying_key() };
        let written = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(public.to_string(), written);
        assert_eq!(written.parse(), Ok(public));
        let line = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert_eq!(signature_line("PeterNeumann", &key, text), line);
    }

    #[test]
    fn signs_and_verifies() {
        let note = sample().sign(&key(1)).unwrap();
        let signed = SignedCheckpoint::parse(&note).unwrap();
        assert_eq!(signed.checkpoint, sample());
        assert_eq!(signed.verify(&key(1).verifying_key()), Ok(()));
        assert!(matches!(signed.verify(&key(2).verifying_key()), Err(JournalError::NotSigned(_))));
        let both = SignedCheckpoint::parse(&cosign(&note, &key(2)).unwrap()).unwrap();
        assert_eq!(both.verify(&key(1).verifying_key()), Ok(()));
        assert_eq!(both.verify(&key(2).verifying_key()), Ok(()));
    }

    /// What cannot be read again is not written.
    #[test]
    fn is_signed_by_no_more_keys_than_may_be_read() {
        let mut note = sample().sign(&key(0)).unwrap();
        for more in 1..100 {
            note = cosign(&note, &key(more)).unwrap();
        }
        assert_eq!(SignedCheckpoint::parse(&note).unwrap().verify(&key(99).verifying_key()), Ok(()));
        assert_eq!(cosign(&note, &key(100)), Err(JournalError::BadCheckpoint(TOO_MANY)));
    }

    #[test]
    fn no_flipped_bit_verifies() {
        let note = sample().sign(&key(1)).unwrap();
        for at in 0..note.len() * 8 {
            let mut bytes = note.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let trusted = SignedCheckpoint::parse(&text).and_then(|signed| signed.verify(&key(1).verifying_key()));
            assert!(trusted.is_err(), "{text:?}");
        }
    }

    #[test]
    fn refuses_malformed_notes_and_keys() {
        let note = sample().sign(&key(1)).unwrap();
        for (from, to) in [
            ("\n42\n", "\n042\n"),
            ("\n42\n", "\n+42\n"),
            ("\n42\n", "\n\n42\n"),
            ("\n\n", "\n"),
            ("\n42\n", "\n42\r\n"),
            ("\u{2014}", "-"),
        ] {
            assert!(SignedCheckpoint::parse(&note.replacen(from, to, 1)).is_err(), "{to:?}");
        }
        assert!(SignedCheckpoint::parse(note.trim_end()).is_err());
        assert!(Checkpoint { origin: "two words".into(), ..sample() }.sign(&key(1)).is_err());
        let written = VerifierKey { name: "a".into(), key: key(1).verifying_key() }.to_string();
        assert!(written.parse::<VerifierKey>().is_ok());
        for bad in ["", "a+b", &written[1..], &written[..written.len() - 1], &written.replacen('a', "b", 1)] {
            assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
        }
    }
}
