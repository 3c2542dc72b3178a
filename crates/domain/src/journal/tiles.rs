//! Tiles: runs of up to 256 hashes, so that a tree is stored in few rows (C2SP tlog-tiles).

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::JournalError;
use super::merkle::{Hash, root_of};

/// How many hashes a full tile holds (C2SP tlog-tiles).
pub const TILE_WIDTH: u64 = 256;
/// How many levels of the tree one tile spans (C2SP tlog-tiles).
pub const TILE_HEIGHT: u8 = 8;

/// One tile: hashes of the tree's level `8 × level`, from number `256 × index` on (C2SP tlog-tiles).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// The tile's level: 0 holds leaf hashes, each next one the roots of full tiles below.
    pub level: u8,
    /// The tile's number from the left within its level.
    pub index: u64,
    /// 1 to 256 hashes; fewer than 256 make a partial tile, replaced when it grows.
    pub hashes: Vec<Hash>,
}

impl Tile {
    /// The stored form: the hashes one after another (C2SP tlog-tiles).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }
}

/// Reads a tile's stored bytes (C2SP tlog-tiles): 1 to 256 hashes, otherwise `None`.
#[must_use]
pub fn tile_hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, tail) = bytes.as_chunks::<32>();
    let fits = tail.is_empty() && (1..=256).contains(&hashes.len());
    fits.then(|| hashes.iter().copied().map(Hash).collect())
}

/// Gives a stored tile's hashes by tile level and index (C2SP tlog-tiles).
pub type TileFetch<'a> = dyn Fn(u8, u64) -> Option<Vec<Hash>> + 'a;

/// The tiles that are new or longer once `leaves` follow the first `old_size` leaves, lowest level first
/// (C2SP tlog-tiles). `fetch` is asked only for the partial tiles at the old right edge.
///
/// # Errors
/// [`JournalError::MissingNode`] (with the tile's level and index) when such a partial tile is absent or too short.
pub fn grow(old_size: u64, leaves: &[Hash], fetch: &TileFetch<'_>) -> Result<Vec<Tile>, JournalError> {
    let (mut level, mut start) = (0, old_size);
    let (mut fresh, mut changed) = (leaves.to_vec(), Vec::new());
    while !fresh.is_empty() {
        let first = start / TILE_WIDTH;
        let mut run = edge(level, first, start % TILE_WIDTH, fetch)?;
        run.append(&mut fresh);
        for (index, hashes) in (first..).zip(run.chunks(256)) {
            if hashes.len() == 256 {
                fresh.push(root_of(hashes));
            }
            changed.push(Tile { level, index, hashes: hashes.to_vec() });
        }
        (level, start) = (level + 1, first);
    }
    Ok(changed)
}

/// The hashes that the partial tile at the right edge already holds.
fn edge(level: u8, index: u64, width: u64, fetch: &TileFetch<'_>) -> Result<Vec<Hash>, JournalError> {
    let missing = JournalError::MissingNode { level, index };
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    if width == 0 {
        return Ok(Vec::new());
    }
    let mut hashes = fetch(level, index).ok_or_else(|| missing.clone())?;
    if hashes.len() < width {
        return Err(missing);
    }
    hashes.truncate(width);
    Ok(hashes)
}

/// Tiles by level and index; none where the store has none.
type Seen = BTreeMap<(u8, u64), Option<Vec<Hash>>>;

/// Answers for single nodes of the tree out of tiles (C2SP tlog-tiles), fetching each tile once.
pub struct TileReader<'a> {
    fetch: &'a TileFetch<'a>,
    seen: RefCell<Seen>,
}

impl<'a> TileReader<'a> {
    /// Reads through the given closure.
    #[must_use]
    pub const fn new(fetch: &'a TileFetch<'a>) -> Self {
        Self { fetch, seen: RefCell::new(BTreeMap::new()) }
    }

    /// The root of the complete subtree at a height above the leaves and a number from the left; `None` when
    /// no stored tile covers it. Pass `&|level, index| reader.node(level, index)` where a proof is made.
    #[must_use]
    pub fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let (tile, above) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let first = index.checked_mul(1 << above)?;
        let key = (tile, first / TILE_WIDTH);
        let start = usize::try_from(first % TILE_WIDTH).ok()?;
        let mut seen = self.seen.borrow_mut();
        let hashes = seen.entry(key).or_insert_with(|| (self.fetch)(key.0, key.1)).as_deref()?;
        hashes.get(start..start + (1 << above)).map(root_of)
    }
}

#[cfg(test)]
mod tests {
    use super::super::merkle::leaf_hash;
    use super::*;

    #[test]
    fn names_what_changed() {
        let leaves: Vec<Hash> = (0u32..700).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let none = |_: u8, _: u64| None;
        let tiles = grow(0, &leaves, &none).unwrap();
        let shape: Vec<_> = tiles.iter().map(|t| (t.level, t.index, t.hashes.len())).collect();
        assert_eq!(shape, [(0, 0, 256), (0, 1, 256), (0, 2, 188), (1, 0, 2)]);
        assert_eq!(tiles[3].hashes[1], root_of(&leaves[256..512]));
        assert_eq!(tile_hashes(&tiles[2].to_bytes()), Some(tiles[2].hashes.clone()));
        assert_eq!(grow(700, &leaves[..1], &none), Err(JournalError::MissingNode { level: 0, index: 2 }));
        assert_eq!(grow(700, &[], &none), Ok(vec![]));
        assert_eq!(grow(256, &leaves[..1], &none).unwrap().len(), 1);
    }

    #[test]
    fn refuses_bytes_that_are_no_tile() {
        for length in [0, 31, 33, 257 * 32] {
            assert_eq!(tile_hashes(&vec![0; length]), None, "{length}");
        }
    }
}
