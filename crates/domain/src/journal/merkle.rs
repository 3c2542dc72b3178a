//! Hashes, tree heads and the frontier of an RFC 6962 Merkle tree.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::JournalError;

/// The largest tree this module builds: sizes stay exact in JSON (RFC 7493 section 2.2).
pub const MAX_SIZE: u64 = (1 << 53) - 1;

/// A SHA-256 hash: of a leaf, a node or a record's state (RFC 6962 section 2.1). Hexadecimal in text and JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// SHA-256 over the parts one after another.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// Takes exactly 32 bytes; anything else is `None`.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = JournalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.bytes().any(|b| b.is_ascii_uppercase());
        let bytes = hex::decode(text).map_err(|_| JournalError::BadHash)?;
        Self::from_slice(&bytes).filter(|_| !upper).ok_or(JournalError::BadHash)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The hash of a leaf's bytes, `SHA-256(0x00 || leaf)` (RFC 6962 section 2.1).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash::of(&[&[0], leaf])
}

/// The hash of an inner node, `SHA-256(0x01 || left || right)` (RFC 6962 section 2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[1], &left.0, &right.0])
}

/// The root of the tree without leaves, `SHA-256("")` (RFC 6962 section 2.1).
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// The root over leaf hashes, the Merkle Tree Hash (RFC 6962 section 2.1).
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    frontier.root()
}

/// The right edge of a tree: its size and the roots of its complete subtrees, largest first
/// (RFC 6962 section 2.1). Enough to append and to compute the root without reading any leaf.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// How many leaves were appended.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends one leaf by its hash (RFC 6962 section 2.1).
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.nodes.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The root of the tree so far (RFC 6962 section 2.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        let fold = |right: Hash, left: &Hash| node_hash(left, &right);
        match self.nodes.split_last() {
            None => empty_root(),
            Some((last, rest)) => rest.iter().rev().fold(*last, fold),
        }
    }

    /// The stored form: the size as 8 bytes, most significant first, then the subtree roots, largest first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for node in &self.nodes {
            bytes.extend_from_slice(&node.0);
        }
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`JournalError::BadFrontier`] when the length does not fit the size, or the size passes [`MAX_SIZE`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, JournalError> {
        let (head, rest) = bytes.split_first_chunk::<8>().ok_or(JournalError::BadFrontier)?;
        let size = u64::from_be_bytes(*head);
        let (nodes, tail) = rest.as_chunks::<32>();
        let fits = usize::try_from(size.count_ones()) == Ok(nodes.len());
        if size > MAX_SIZE || !fits || !tail.is_empty() {
            return Err(JournalError::BadFrontier);
        }
        Ok(Self { size, nodes: nodes.iter().copied().map(Hash).collect() })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The eight leaves of the reference implementation's tests, in hexadecimal.
    pub(crate) const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    /// The roots over the first one to eight of [`LEAVES`].
    pub(crate) const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    pub(crate) fn vector_leaves() -> Vec<Hash> {
        LEAVES.iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())).collect()
    }

    /// RFC 6962 section 2.1 word for word, as an independent reference.
    pub(crate) fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&naive_root(left), &naive_root(right))
            }
        }
    }

    #[test]
    fn known_roots() {
        assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let leaves = vector_leaves();
        for (n, root) in ROOTS.iter().enumerate() {
            assert_eq!(root_of(&leaves[..=n]).to_string(), *root, "{} leaves", n + 1);
        }
    }

    #[test]
    fn frontier_survives_storage() {
        let mut frontier = Frontier::default();
        for (n, leaf) in (0u8..=255).map(|n| leaf_hash(&[n])).enumerate() {
            let stored = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
            assert_eq!(stored, frontier, "{n}");
            frontier = stored;
            frontier.append(leaf);
        }
        let bytes = frontier.to_bytes();
        assert_eq!(bytes.len(), 40);
        assert!(Frontier::from_bytes(&bytes[..39]).is_err());
        assert!(Frontier::from_bytes(&[]).is_err());
        assert!(Frontier::from_bytes(&[255; 8]).is_err());
    }

    #[test]
    fn hash_text_is_strict() {
        let text = ROOTS[0];
        assert_eq!(text.parse::<Hash>().unwrap().to_string(), text);
        assert_eq!(serde_json::to_string(&text.parse::<Hash>().unwrap()).unwrap(), format!("\"{text}\""));
        for bad in [&text[2..], &text.to_uppercase(), "", &format!("{text}00")] {
            assert_eq!(bad.parse::<Hash>(), Err(JournalError::BadHash));
        }
    }
}
