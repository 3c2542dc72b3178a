//! Inclusion and consistency proofs: made from stored subtree hashes, checked from the proof alone.

use super::JournalError;
use super::merkle::{Hash, empty_root, node_hash};

/// Gives the root of the complete subtree at a height above the leaves and a number from the left:
/// `(0, i)` is leaf `i`. Only complete subtrees are ever asked for.
pub type NodeReader<'a> = dyn Fn(u8, u64) -> Option<Hash> + 'a;

/// The root of the first `size` leaves, from O(log size) stored hashes (RFC 6962 section 2.1).
///
/// # Errors
/// [`JournalError::MissingNode`] when the reader lacks a hash.
pub fn root_at(read: &NodeReader<'_>, size: u64) -> Result<Hash, JournalError> {
    range_root(read, 0, size)
}

/// The audit path of a leaf, deepest sibling first (RFC 6962 section 2.1.1), from O(log size) stored hashes.
///
/// # Errors
/// [`JournalError::OutOfRange`] when the leaf is not in the tree, [`JournalError::MissingNode`] when the reader lacks a hash.
pub fn inclusion_proof(index: u64, read: &NodeReader<'_>, size: u64) -> Result<Vec<Hash>, JournalError> {
    if index >= size {
        return Err(JournalError::OutOfRange { asked: index, size });
    }
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range_root(read, middle, high)?);
            high = middle;
        } else {
            path.push(range_root(read, low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the first `old` leaves of a tree of `size` are unchanged (RFC 6962 section 2.1.2);
/// empty when `old` is 0 or `size`.
///
/// # Errors
/// [`JournalError::OutOfRange`] when `old` is larger than `size`, [`JournalError::MissingNode`] when the reader lacks a hash.
pub fn consistency_proof(old: u64, read: &NodeReader<'_>, size: u64) -> Result<Vec<Hash>, JournalError> {
    if old > size {
        return Err(JournalError::OutOfRange { asked: old, size });
    }
    let (mut low, mut high) = (0, size);
    let mut proof = Vec::new();
    if old == 0 || old == size {
        return Ok(proof);
    }
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range_root(read, middle, high)?);
            high = middle;
        } else {
            proof.push(range_root(read, low, middle)?);
            low = middle;
        }
    }
    // The old root itself is not repeated when the old tree is a complete subtree from the left edge.
    if low != 0 {
        proof.push(range_root(read, low, high)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the leaf stands at `index` in the tree of `size` leaves with `root` (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`JournalError::OutOfRange`] when the leaf is not in the tree, [`JournalError::ProofRefused`] when the path does not lead to the root.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), JournalError> {
    if index >= size {
        return Err(JournalError::OutOfRange { asked: index, size });
    }
    let mut walk = Walk { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match walk.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    accept(walk.last == 0 && hash == *root)
}

/// Checks that the tree of `size` leaves with `root` starts with the tree of `old` leaves with `old_root`
/// (RFC 9162 section 2.1.4.2). From the empty tree, and to the same size, the proof must be empty.
///
/// # Errors
/// [`JournalError::OutOfRange`] when `old` is larger than `size`, [`JournalError::ProofRefused`] when the proof does not lead to both roots.
pub fn verify_consistency(
    old: u64,
    size: u64,
    proof: &[Hash],
    old_root: &Hash,
    root: &Hash,
) -> Result<(), JournalError> {
    if old > size {
        return Err(JournalError::OutOfRange { asked: old, size });
    }
    if old == size {
        return accept(proof.is_empty() && old_root == root && (old != 0 || *root == empty_root()));
    }
    if old == 0 {
        return accept(proof.is_empty() && *old_root == empty_root());
    }
    let (first, rest) = match proof.split_first() {
        _ if old.is_power_of_two() => (old_root, proof),
        Some(parts) => parts,
        None => return Err(JournalError::ProofRefused),
    };
    let shift = (old - 1).trailing_ones();
    let mut walk = Walk { node: (old - 1) >> shift, last: (size - 1) >> shift };
    let (mut before, mut after) = (*first, *first);
    for sibling in rest {
        match walk.step()? {
            Side::Left => {
                before = node_hash(sibling, &before);
                after = node_hash(sibling, &after);
            }
            Side::Right => after = node_hash(&after, sibling),
        }
    }
    accept(walk.last == 0 && before == *old_root && after == *root)
}

fn accept(holds: bool) -> Result<(), JournalError> {
    if holds { Ok(()) } else { Err(JournalError::ProofRefused) }
}

/// On which side of the node the next sibling stands.
enum Side {
    Left,
    Right,
}

/// `fn` and `sn` of RFC 9162: a node and the last node of its level, climbing.
struct Walk {
    node: u64,
    last: u64,
}

impl Walk {
    fn step(&mut self) -> Result<Side, JournalError> {
        if self.last == 0 {
            return Err(JournalError::ProofRefused);
        }
        let left = self.node & 1 == 1 || self.node == self.last;
        if left {
            // A last node without a sibling moves up until it has one.
            while self.node & 1 == 0 && self.node != 0 {
                self.climb();
            }
        }
        self.climb();
        Ok(if left { Side::Left } else { Side::Right })
    }

    const fn climb(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }
}

/// The largest power of two smaller than `count`, which is at least 2 (`k` of RFC 6962 section 2.1).
const fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root over leaves `low..high`, where `low` is a multiple of the largest complete subtree inside.
fn range_root(read: &NodeReader<'_>, low: u64, high: u64) -> Result<Hash, JournalError> {
    let (mut low, mut parts) = (low, Vec::new());
    while low < high {
        let level = (high - low).ilog2();
        let index = low >> level;
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        parts.push(read(level, index).ok_or(JournalError::MissingNode { level, index })?);
        low += 1 << level;
    }
    let joined = parts.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
    Ok(joined.unwrap_or_else(empty_root))
}

#[cfg(test)]
mod tests {
    use super::super::merkle::root_of;
    use super::super::merkle::tests::vector_leaves;
    use super::*;

    fn hashes(text: &[&str]) -> Vec<Hash> {
        text.iter().map(|hash| hash.parse().unwrap()).collect()
    }

    fn proof_of(index: u64, size: u64) -> Vec<Hash> {
        let leaves = vector_leaves();
        inclusion_proof(index, &|level, at| subtree(&leaves, level, at), size).unwrap()
    }

    fn consistency_of(old: u64, size: u64) -> Vec<Hash> {
        let leaves = vector_leaves();
        consistency_proof(old, &|level, at| subtree(&leaves, level, at), size).unwrap()
    }

    fn subtree(leaves: &[Hash], level: u8, index: u64) -> Option<Hash> {
        let start = usize::try_from(index).unwrap() << level;
        leaves.get(start..start + (1 << level)).map(root_of)
    }

    #[test]
    fn known_inclusion_paths() {
        assert_eq!(proof_of(0, 1), []);
        let path = hashes(&[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]);
        assert_eq!(proof_of(0, 8), path);
        let path = hashes(&[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]);
        assert_eq!(proof_of(5, 8), path);
    }

    #[test]
    fn known_consistency_proofs() {
        assert_eq!(consistency_of(1, 1), []);
        let proof = hashes(&[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]);
        assert_eq!(consistency_of(1, 8), proof);
        let proof = hashes(&[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]);
        assert_eq!(consistency_of(6, 8), proof);
    }

    #[test]
    fn refuses_outside_the_tree() {
        let none = |_: u8, _: u64| None;
        assert_eq!(inclusion_proof(8, &none, 8), Err(JournalError::OutOfRange { asked: 8, size: 8 }));
        assert_eq!(consistency_proof(9, &none, 8), Err(JournalError::OutOfRange { asked: 9, size: 8 }));
        assert_eq!(inclusion_proof(0, &none, 2), Err(JournalError::MissingNode { level: 0, index: 1 }));
        assert_eq!(root_at(&none, 0), Ok(empty_root()));
        assert!(verify_inclusion(&empty_root(), 0, 0, &[], &empty_root()).is_err());
        assert!(verify_consistency(3, 7, &[], &empty_root(), &empty_root()).is_err());
    }
}
