//! What a forger who knows the tables would try, and what reading must then say.

use super::nonconformities::{confirmed, context, draft, now, raise};
use super::tampering::{Scene, report, run, scene, tamper};
use crate::databases::{Database, each};
use crate::harness::signer;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::journal::checkpoint::Checkpoint;
use ratchet_domain::journal::merkle::{Frontier, Hash, empty_root, leaf_hash};
use ratchet_domain::journal::tiles::grow;
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_persistence::error::Error;
use ratchet_persistence::journal::reading::{self, EntryFilter, StoredEntry};
use ratchet_persistence::journal::verification::{Finding, Scope, verify};

/// Everything the report says, with a leftover to look at when it says nothing.
fn told(database: &Database, against: Option<&str>) -> (Vec<Finding>, String) {
    let findings = report(database, against).findings;
    let text = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    (findings, text)
}

fn entries(scene: &Scene) -> Vec<StoredEntry> {
    let connection = &mut scene.database.open();
    reading::list(scene.ours, &EntryFilter::default(), 10_000, connection).unwrap()
}

fn by_id(organisation: OrganisationId) -> String {
    format!("KEY'{}'", organisation.0.simple())
}

/// Head and tiles as they would be if these were the leaves: what a forger without the key can rebuild.
fn rebuilt(organisation: OrganisationId, leaves: &[Hash]) -> String {
    let (mut frontier, id) = (Frontier::default(), by_id(organisation));
    leaves.iter().for_each(|leaf| frontier.append(*leaf));
    let mut statements = format!(
        "UPDATE journal_heads SET size = {}, root = x'{}', frontier = x'{}' WHERE organisation_id = {id};\
         DELETE FROM journal_tiles WHERE organisation_id = {id};",
        frontier.size(),
        frontier.root(),
        hexadecimal(&frontier.to_bytes()),
    );
    for tile in grow(0, leaves, &|_, _| None).unwrap() {
        let hashes = hexadecimal(&tile.to_bytes());
        statements += &format!(
            "INSERT INTO journal_tiles (organisation_id, level, number, hashes) VALUES ({id}, {}, {}, x'{hashes}');",
            tile.level, tile.index
        );
    }
    statements
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn forged_rows_of_the_tree_and_the_queue_are_found() {
    for (what, statements, named) in [
        (
            "an upper tile",
            "UPDATE journal_tiles SET hashes = (SELECT root FROM journal_heads WHERE organisation_id = OURS) WHERE level = 1",
            "journal_tiles",
        ),
        (
            "a tile too many",
            "INSERT INTO journal_tiles SELECT organisation_id, level, number + 70, hashes FROM journal_tiles WHERE level = 0 AND number = 0 AND organisation_id = OURS",
            "journal_tiles",
        ),
        (
            "the frontier",
            "UPDATE journal_heads SET frontier = x'0000000000000000' WHERE organisation_id = OURS",
            "journal_heads",
        ),
        (
            "an entry queued again",
            "INSERT INTO journal_queue SELECT id, organisation_id FROM journal_entries WHERE position = 3 AND organisation_id = OURS",
            "journal_queue",
        ),
        (
            "another journal's checkpoint",
            "UPDATE journal_checkpoints SET note = (SELECT c.note FROM journal_checkpoints c WHERE c.organisation_id = THEIRS AND c.size = 2) WHERE organisation_id = OURS AND size = 540",
            "journal_checkpoints 540",
        ),
    ] {
        for database in each() {
            let scene = scene(database).await;
            let statements = statements.replace("OURS", &by_id(scene.ours)).replace("THEIRS", &by_id(scene.theirs));
            tamper(&scene.database, &statements);
            let (_, text) = told(&scene.database, None);
            assert!(text.contains(named), "{what}: {text:?}");
        }
    }
}

#[tokio::test]
async fn an_entry_queued_for_another_organisation_stays_in_its_own_journal() {
    for database in each() {
        let scene = scene(database).await;
        raise(&scene.store, scene.ours).await;
        tamper(&scene.database, &format!("UPDATE journal_queue SET organisation_id = {}", by_id(scene.theirs)));
        let (_, text) = told(&scene.database, None);
        assert!(text.contains("journal_queue"), "{text:?}");
        run(&scene.store).await;
        let (_, text) = told(&scene.database, None);
        assert_eq!(text, "");
        assert_eq!(entries(&scene).len(), 541);
    }
}

/// The next write must not sign over what somebody removed before it.
#[tokio::test]
async fn a_dropped_organisation_is_still_missed_after_the_next_write() {
    for database in each() {
        let scene = scene(database).await;
        let dropped = "journal_checkpoints journal_tiles journal_queue journal_entries nonconformities journal_heads"
            .split(' ')
            .map(|table| format!("DELETE FROM {table} WHERE organisation_id = {};", by_id(scene.ours)))
            .collect::<String>();
        tamper(&scene.database, &dropped);
        raise(&scene.store, scene.theirs).await;
        run(&scene.store).await;
        let (_, text) = told(&scene.database, None);
        assert!(text.contains("journal_instances"), "{text:?}");
    }
}

#[tokio::test]
async fn a_tail_cut_off_with_its_checkpoints_is_still_missed_after_the_next_write() {
    for database in each() {
        let scene = scene(database).await;
        let hashes: Vec<Hash> = entries(&scene)[..400].iter().map(|entry| leaf_hash(&entry.leaf)).collect();
        let (id, tail) = (by_id(scene.ours), rebuilt(scene.ours, &hashes));
        let cut = format!(
            "DELETE FROM journal_entries WHERE position >= 400 AND organisation_id = {id};\
             DELETE FROM journal_checkpoints WHERE size > 400 AND organisation_id = {id}; {tail}"
        );
        tamper(&scene.database, &cut);
        raise(&scene.store, scene.theirs).await;
        run(&scene.store).await;
        let (_, text) = told(&scene.database, None);
        assert!(text.contains("journal_instances"), "{text:?}");
    }
}

#[tokio::test]
async fn a_leaf_rewritten_with_hash_tiles_and_root_is_found() {
    for database in each() {
        let scene = scene(database).await;
        let mut entries = entries(&scene);
        let mut forged = entries[100].read.clone();
        forged.actor.id = None;
        entries[100].leaf = forged.canonical_bytes().unwrap();
        let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(&entry.leaf)).collect();
        let leaf = format!(
            "UPDATE journal_entries SET actor_id = NULL, leaf = x'{}', leaf_hash = x'{}' WHERE position = 100 AND organisation_id = {};",
            hexadecimal(&entries[100].leaf),
            hashes[100],
            by_id(scene.ours)
        );
        tamper(&scene.database, &(leaf + &rebuilt(scene.ours, &hashes)));
        let (findings, text) = told(&scene.database, None);
        let first: u64 = findings.first().map_or(0, |first| first.row.parse().unwrap());
        assert!(first > 100 && first <= 256, "the first batch that holds it: {text}");
        // The rest fits together; what was signed with the key does not.
        let signed = ["journal_checkpoints", "journal_instances"];
        assert!(findings.iter().all(|finding| signed.contains(&finding.table)), "{text}");
    }
}

#[tokio::test]
async fn an_entry_inserted_by_hand_is_found() {
    for database in each() {
        let scene = scene(database).await;
        let columns = "recorded_at, actor_kind, actor_id, action, object_kind, object_id, object_version, leaf, leaf_hash, detail, detail_salt";
        let inserted = format!(
            "INSERT INTO journal_entries (id, organisation_id, position, {columns}) SELECT KEY'{}', organisation_id, 540, {columns} FROM journal_entries WHERE position = 5 AND organisation_id = {}",
            uuid::Uuid::new_v4().simple(),
            by_id(scene.ours)
        );
        tamper(&scene.database, &inserted);
        let (_, text) = told(&scene.database, None);
        assert!(text.contains("position 540") && text.contains("journal_heads"), "{text:?}");
    }
}

#[tokio::test]
async fn a_record_inserted_by_hand_is_found() {
    for database in each() {
        let scene = scene(database).await;
        let columns = "organisation_id, version, created_at, created_by, updated_at, state_salt, title, statement, objective_evidence, source, requirement, grade, owner_id, due_on, recurrences, stage, stage_facts";
        let id = uuid::Uuid::new_v4();
        let inserted = format!(
            "INSERT INTO nonconformities (id, reference, {columns}) SELECT KEY'{}', 'NC-2026-7777', {columns} FROM nonconformities WHERE reference LIKE '%-0005' AND organisation_id = {}",
            id.simple(),
            by_id(scene.ours)
        );
        tamper(&scene.database, &inserted);
        let (findings, text) = told(&scene.database, None);
        assert_eq!(findings.len(), 1, "{text}");
        assert!(text.contains(&id.to_string()) && text.contains("inserted by hand"), "{text}");
    }
}

/// One broken row must not accuse its neighbours.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_the_only_one_named() {
    for database in each() {
        let scene = scene(database).await;
        tamper(
            &scene.database,
            &format!(
                "UPDATE nonconformities SET stage_facts = 'no JSON' WHERE reference LIKE '%-0100' AND organisation_id = {}",
                by_id(scene.ours)
            ),
        );
        let (findings, text) = told(&scene.database, None);
        assert_eq!(findings.len(), 1, "{text}");
        assert_eq!(findings[0].table, "nonconformities");
        assert_eq!(report(&scene.database, None).records, 271, "all others were still looked at");
    }
}

#[tokio::test]
async fn a_checkpoint_kept_outside_misses_what_an_old_copy_lacks() {
    for database in each() {
        let scene = scene(database).await;
        let newer = Checkpoint { origin: signer().origin_of(scene.ours), size: 600, root: empty_root() };
        let (_, text) = told(&scene.database, Some(&newer.sign(&signer().key).unwrap()));
        assert!(text.contains("600 entries were signed, 540 are there"), "an old database restored: {text:?}");
        let gone = Checkpoint { origin: signer().origin_of(OrganisationId(uuid::Uuid::new_v4())), size: 3, ..newer };
        let gone = gone.sign(&signer().key).unwrap();
        let (findings, text) = told(&scene.database, Some(&gone));
        assert_eq!(findings.len(), 1, "the journal it speaks of is not there at all: {text:?}");
        let scope = Scope { organisation: Some(scene.theirs), against: Some(gone), ..Scope::default() };
        let found = verify(&scope, &signer().key.verifying_key(), &mut scene.database.open()).unwrap();
        assert_eq!(found.findings.len(), 1, "nor is it the one that was asked about");
    }
}

#[tokio::test]
async fn a_state_of_the_past_is_told_only_as_it_was_bound() {
    for database in each() {
        let scene = scene(database).await;
        let case = raise(&scene.store, scene.ours).await;
        let (ours, id) = (scene.ours, case.head().id);
        let context = context(ours);
        let change = confirmed(case, &context.actor);
        scene.store.write(context, move |tx| tx.save(change)).await.unwrap();
        let read = || reading::state_as_of::<Nonconformity>(ours, id, now(), &mut scene.database.open());
        assert_eq!(read().unwrap().unwrap().head.version, 2);
        let history = reading::history(ours, (Nonconformity::KIND, id), 0, 10, &mut scene.database.open()).unwrap();
        assert_eq!(history.iter().map(|entry| entry.position).collect::<Vec<_>>(), [None, None]);
        let newest = format!("KEY'{}'", history[1].id.0.simple());
        let title = draft().title;
        tamper(
            &scene.database,
            &format!("UPDATE journal_entries SET detail = replace(detail, '{title}', 'Nothing') WHERE id = {newest}"),
        );
        assert!(matches!(read(), Err(Error::Corrupt { table: "journal_entries", .. })));
        tamper(
            &scene.database,
            &format!("UPDATE journal_entries SET detail = NULL, detail_salt = NULL WHERE id = {newest}"),
        );
        assert!(matches!(read(), Err(Error::Redacted)));
    }
}
