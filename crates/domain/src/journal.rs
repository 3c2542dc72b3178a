//! The journal: one append-only Merkle tree per organisation (RFC 6962) with signed checkpoints (C2SP).
//!
//! Everything here is pure: time, keys and salts are arguments, storage is a closure.

pub mod checkpoint;
pub mod difference;
pub mod export;
pub mod leaf;
pub mod merkle;
pub mod proof;
pub mod tiles;

#[cfg(test)]
mod properties;

/// Why a journal value could not be built, read or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The value cannot be written as canonical JSON (RFC 8785).
    #[error("no canonical JSON form: {0}")]
    NotCanonical(String),
    /// An integer outside ±(2^53 − 1): canonical JSON would round it, and two states would share one hash (RFC 8785 section 3.2.2.3, RFC 7493 section 2.2).
    #[error("integer {0} is not exact in canonical JSON")]
    InexactInteger(String),
    /// The text is not 64 lower-case hexadecimal digits.
    #[error("not a SHA-256 hash in hexadecimal")]
    BadHash,
    /// The bytes are not a leaf in canonical form.
    #[error("not a leaf: {0}")]
    BadLeaf(String),
    /// The bytes are not a serialised frontier.
    #[error("not a frontier")]
    BadFrontier,
    /// A size or position lies outside the tree.
    #[error("{asked} is outside a tree of {size} leaves")]
    OutOfRange {
        /// The size or position asked for.
        asked: u64,
        /// How many leaves the tree has.
        size: u64,
    },
    /// The store has no hash for this subtree.
    #[error("no hash stored at level {level}, index {index}")]
    MissingNode {
        /// Height above the leaves (or above a tile's level, for tiles).
        level: u8,
        /// Number from the left within the level.
        index: u64,
    },
    /// A proof does not lead to the given root (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
    #[error("the proof does not lead to the root")]
    ProofRefused,
    /// The text is not a checkpoint in a signed note (C2SP tlog-checkpoint, signed-note).
    #[error("not a checkpoint: {0}")]
    BadCheckpoint(&'static str),
    /// The text is not a verifier key (C2SP signed-note).
    #[error("not a verifier key: {0}")]
    BadKey(&'static str),
    /// No signature line belongs to the key.
    #[error("not signed by {0}")]
    NotSigned(String),
    /// A signature line names the key and does not verify (RFC 8032 section 5.1.7).
    #[error("the signature by {0} is wrong")]
    BadSignature(String),
}
