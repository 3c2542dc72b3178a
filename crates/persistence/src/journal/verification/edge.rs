//! The tiles that a tree's leaves must have left behind, level upon level.

use ratchet_domain::journal::merkle::{Hash, root_of};
use ratchet_domain::journal::tiles::{TILE_WIDTH, Tile};

/// The open tile of each level, lowest first.
#[derive(Default)]
pub(super) struct Edge {
    open: Vec<Tile>,
    full: u64,
}

impl Edge {
    /// Takes the next leaf's hash; the tiles that it fills.
    pub(super) fn push(&mut self, leaf: Hash) -> Vec<Tile> {
        let (mut filled, mut next) = (Vec::new(), Some(leaf));
        for level in 0_u8.. {
            let Some(hash) = next.take() else { break };
            if self.open.len() == usize::from(level) {
                self.open.push(Tile { level, index: 0, hashes: Vec::new() });
            }
            let Some(tile) = self.open.get_mut(usize::from(level)) else { break };
            tile.hashes.push(hash);
            if tile.hashes.len() as u64 == TILE_WIDTH {
                let following = Tile { level, index: tile.index + 1, hashes: Vec::new() };
                let full = std::mem::replace(tile, following);
                next = Some(root_of(&full.hashes));
                filled.push(full);
                self.full += 1;
            }
        }
        filled
    }

    /// The partial tiles at the end, and how many tiles there are in all.
    pub(super) fn finish(self) -> (Vec<Tile>, u64) {
        let open: Vec<Tile> = self.open.into_iter().filter(|tile| !tile.hashes.is_empty()).collect();
        let count = self.full + open.len() as u64;
        (open, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratchet_domain::journal::merkle::leaf_hash;
    use ratchet_domain::journal::tiles::grow;

    #[test]
    fn leaves_the_tiles_that_growing_writes() {
        for size in [0_u64, 1, 255, 256, 257, 700, 256 * 256, 256 * 256 + 1] {
            let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
            let mut edge = Edge::default();
            let mut tiles: Vec<Tile> = leaves.iter().flat_map(|leaf| edge.push(*leaf)).collect();
            let (open, count) = edge.finish();
            tiles.extend(open);
            tiles.sort_by_key(|tile| (tile.level, tile.index));
            assert_eq!(count, tiles.len() as u64);
            assert_eq!(tiles, grow(0, &leaves, &|_, _| None).unwrap(), "{size}");
        }
    }
}
