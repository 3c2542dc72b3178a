//! Properties of proofs and tiles over trees of every size up to several tiles.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::merkle::tests::naive_root;
use super::merkle::{Hash, leaf_hash, root_of};
use super::proof::{consistency_proof, inclusion_proof, root_at, verify_consistency, verify_inclusion};
use super::tiles::{TileReader, grow};

const LARGEST: u64 = 600;

type Store = BTreeMap<(u8, u64), Vec<Hash>>;

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// Stores leaves in batches, as a sequencer does.
fn store(leaves: &[Hash], batches: &[usize]) -> Store {
    let (mut tiles, mut done, mut sizes) = (Store::new(), 0, batches.iter().cycle());
    while done < leaves.len() {
        let end = leaves.len().min(done + sizes.next().copied().unwrap_or(1));
        let changed =
            grow(done as u64, &leaves[done..end], &|level, index| tiles.get(&(level, index)).cloned()).unwrap();
        tiles.extend(changed.into_iter().map(|tile| ((tile.level, tile.index), tile.hashes)));
        done = end;
    }
    tiles
}

fn flipped(hash: Hash, bit: usize) -> Hash {
    let mut bytes = hash.0;
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    Hash(bytes)
}

/// Every way of changing one hash of the proof by one bit, of cutting it and of lengthening it.
fn damaged(proof: &[Hash], bit: usize) -> impl Iterator<Item = Vec<Hash>> {
    let change = (0..proof.len()).map(move |at| {
        let mut copy = proof.to_vec();
        copy[at] = flipped(copy[at], bit + at);
        copy
    });
    let shorter = proof.split_last().map(|(_, rest)| rest.to_vec());
    let longer = [proof, &[Hash([7; 32])]].concat();
    change.chain(shorter).chain([longer])
}

#[test]
fn every_inclusion_proof_of_every_size_verifies() {
    let all = leaves(LARGEST);
    let tiles = store(&all, &[37]);
    let fetch = |level, index| tiles.get(&(level, index)).cloned();
    let reader = TileReader::new(&fetch);
    let read = |level, index| reader.node(level, index);
    for size in 1..=LARGEST {
        let root = root_at(&read, size).unwrap();
        assert_eq!(root, naive_root(&all[..size as usize]), "{size}");
        // Every leaf of the sizes about a tile's edge; of the others, some.
        let step = if size <= 70 || (250..=262).contains(&size) { 1 } else { 61 };
        for index in (0..size).step_by(step) {
            let proof = inclusion_proof(index, &read, size).unwrap();
            verify_inclusion(&all[index as usize], index, size, &proof, &root).unwrap();
        }
    }
}

#[test]
fn every_consistency_proof_of_every_size_verifies() {
    let all = leaves(LARGEST);
    let tiles = store(&all, &[256]);
    let fetch = |level, index| tiles.get(&(level, index)).cloned();
    let reader = TileReader::new(&fetch);
    let read = |level, index| reader.node(level, index);
    let roots: Vec<Hash> = (0..=LARGEST).map(|size| root_at(&read, size).unwrap()).collect();
    for size in 0..=LARGEST {
        let step = if size <= 70 || (250..=262).contains(&size) { 1 } else { 61 };
        for old in (0..=size).step_by(step) {
            let proof = consistency_proof(old, &read, size).unwrap();
            verify_consistency(old, size, &proof, &roots[old as usize], &roots[size as usize]).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_damaged_inclusion_proof_verifies(size in 1..=LARGEST, pick in any::<prop::sample::Index>(), bit in 0usize..256) {
        let all = leaves(size);
        let index = pick.index(all.len()) as u64;
        let leaf = all[index as usize];
        let tiles = store(&all, &[100]);
        let fetch = |level, index| tiles.get(&(level, index)).cloned();
        let reader = TileReader::new(&fetch);
        let proof = inclusion_proof(index, &|level, at| reader.node(level, at), size).unwrap();
        let root = root_of(&all);
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &root).is_ok());
        prop_assert!(verify_inclusion(&flipped(leaf, bit), index, size, &proof, &root).is_err());
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &flipped(root, bit)).is_err());
        prop_assert!(verify_inclusion(&leaf, index ^ 1, size, &proof, &root).is_err());
        for bad in damaged(&proof, bit) {
            prop_assert!(verify_inclusion(&leaf, index, size, &bad, &root).is_err());
        }
    }

    #[test]
    fn no_damaged_consistency_proof_verifies(size in 1..=LARGEST, pick in any::<prop::sample::Index>(), bit in 0usize..256) {
        let all = leaves(size);
        let old = pick.index(all.len() + 1) as u64;
        let tiles = store(&all, &[100]);
        let fetch = |level, index| tiles.get(&(level, index)).cloned();
        let reader = TileReader::new(&fetch);
        let proof = consistency_proof(old, &|level, at| reader.node(level, at), size).unwrap();
        let (old_root, root) = (root_of(&all[..old as usize]), root_of(&all));
        prop_assert!(verify_consistency(old, size, &proof, &old_root, &root).is_ok());
        prop_assert!(verify_consistency(old, size, &proof, &flipped(old_root, bit), &root).is_err());
        if old > 0 {
            prop_assert!(verify_consistency(old, size, &proof, &old_root, &flipped(root, bit)).is_err());
        }
        for bad in damaged(&proof, bit) {
            prop_assert!(verify_consistency(old, size, &bad, &old_root, &root).is_err());
        }
    }

    #[test]
    fn tiles_do_not_depend_on_batches(size in 1..=LARGEST, batches in prop::collection::vec(1usize..300, 1..6)) {
        let all = leaves(size);
        let tiles = store(&all, &batches);
        prop_assert_eq!(&tiles, &store(&all, &[all.len()]));
        let fetch = |level, index| tiles.get(&(level, index)).cloned();
        let reader = TileReader::new(&fetch);
        for level in 0..10u8 {
            for index in 0..=(size >> level) {
                let range = (index as usize) << level..((index as usize) + 1) << level;
                prop_assert_eq!(reader.node(level, index), all.get(range).map(naive_root));
            }
        }
    }
}
