//! Whatever is done to the tables behind the program's back must be found, and named.

use super::nonconformities::{confirmed, context, now, organisation, raise};
use crate::databases::{Database, each};
use crate::harness::signer;
use diesel::connection::SimpleConnection;
use ed25519_dalek::SigningKey;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::journal::checkpoint::{Checkpoint, SignedCheckpoint};
use ratchet_domain::journal::merkle::empty_root;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::journal::sequencer::{Signer, sequence};
use ratchet_persistence::journal::verification::{Scope, verify};
use ratchet_persistence::journal::{reading, verification::Report};
use ratchet_persistence::store::Store;

pub(super) struct Scene {
    pub database: Database,
    pub store: Store,
    pub ours: OrganisationId,
    pub theirs: OrganisationId,
}

/// Two organisations with a few hundred entries, sequenced in two goes.
pub(super) async fn scene(database: Database) -> Scene {
    let (ours, theirs) = (organisation(&database), organisation(&database));
    let store = Store::open(&database.address, 2).unwrap();
    for _ in 0..2 {
        for _ in 0..135 {
            let case = raise(&store, ours).await;
            let context = context(ours);
            let change = confirmed(case, &context.actor);
            store.write(context, move |tx| tx.save(change)).await.unwrap();
        }
        raise(&store, theirs).await;
        run(&store).await;
    }
    Scene { database, store, ours, theirs }
}

pub(super) async fn run(store: &Store) {
    while store.work(|c| sequence(&signer(), now(), c)).await.unwrap() > 0 {}
}

pub(super) fn report(database: &Database, against: Option<&str>) -> Report {
    let scope = Scope { state: true, against: against.map(str::to_owned), ..Scope::default() };
    verify(&scope, &signer().key.verifying_key(), &mut database.open()).unwrap()
}

fn is_postgres(connection: &AnyConnection) -> bool {
    matches!(connection, AnyConnection::Postgres(_))
}

/// As somebody with the database's password would: triggers first. Written for SQLite; `KEY'..'` is an id, `x'..'` bytes.
pub(super) fn tamper(database: &Database, statements: &str) {
    let mut connection = database.open();
    let triggers = if is_postgres(&connection) {
        "ALTER TABLE journal_entries DISABLE TRIGGER ALL; ALTER TABLE journal_queue DISABLE TRIGGER ALL;"
    } else {
        "PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS journal_entries_are_never_deleted; DROP TRIGGER IF EXISTS journal_entries_are_never_changed;"
    };
    connection.batch_execute(triggers).unwrap();
    let text = if is_postgres(&connection) {
        statements
            .replace("EARLIER", "recorded_at - interval '1 hour'")
            .replace("KEY'", "'")
            .replace("x'", "'\\x")
            .replace("CAST(leaf AS TEXT)", "convert_from(leaf, 'UTF8')")
            .replace("AS BLOB)", "AS bytea)")
    } else {
        statements.replace("EARLIER", "recorded_at - 3600000000").replace("KEY'", "x'")
    };
    connection.batch_execute(&text).unwrap_or_else(|error| panic!("{text:.300}: {error}"));
}

#[tokio::test]
async fn an_untouched_journal_is_clean() {
    for database in each() {
        let scene = scene(database).await;
        let report = report(&scene.database, None);
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!((report.entries, report.records), (542, 272));
    }
}

#[tokio::test]
async fn what_is_done_by_hand_is_found() {
    let ours = "(SELECT organisation_id FROM journal_heads ORDER BY size DESC LIMIT 1)";
    let cases = [
        (
            "a byte of a leaf",
            "UPDATE journal_entries SET leaf = CAST(replace(CAST(leaf AS TEXT), 'nonconformity', 'conformity') AS BLOB) WHERE position = 100",
            "journal_entries",
        ),
        ("who answers for a record", "UPDATE ownerships SET owned_until = owned_from", "ownerships"),
        ("who is named on a record", "DELETE FROM responsibilities", "responsibilities"),
        (
            "a duty that was kept apart",
            "INSERT INTO separation_exceptions SELECT organisation_id, id, 0, 'nonconformity', reference, created_at, '{\"rule\":\"case_verifier\",\"reason\":\"x\",\"compensating_control\":\"x\",\"by\":\"00000000-0000-0000-0000-000000000000\",\"at\":\"2026-01-01T00:00:00Z\"}' FROM nonconformities WHERE reference = 'NC-2026-0001'",
            "separation_exceptions",
        ),
        ("what a record waits for", "DELETE FROM work_items WHERE member_id IS NOT NULL", "work_items"),
        (
            "an edge that no record says",
            "INSERT INTO record_edges SELECT organisation_id, id, 'nonconformity', id, 'raised', 'nonconformity', id FROM nonconformities WHERE reference = 'NC-2026-0001'",
            "record_edges",
        ),
        ("the time", "UPDATE journal_entries SET recorded_at = EARLIER WHERE position = 7", "position 7"),
        (
            "the actor",
            "UPDATE journal_entries SET actor_id = organisation_id WHERE position = 8 AND organisation_id = OURS",
            "position 8",
        ),
        (
            "the hash",
            "UPDATE journal_entries SET leaf_hash = x'0000000000000000000000000000000000000000000000000000000000000000' WHERE position = 300",
            "position 300",
        ),
        (
            "a leaf with its hash",
            "UPDATE journal_entries SET leaf = (SELECT leaf FROM journal_entries b WHERE b.position = 0 AND b.organisation_id = OURS), leaf_hash = (SELECT leaf_hash FROM journal_entries b WHERE b.position = 0 AND b.organisation_id = OURS) WHERE position = 20 AND organisation_id = OURS",
            "position 20",
        ),
        (
            "an entry is gone and the rest renumbered",
            "DELETE FROM journal_entries WHERE position = 50; UPDATE journal_entries SET position = position + 999 WHERE position > 50; UPDATE journal_entries SET position = position - 1000 WHERE position > 999",
            "journal_checkpoints",
        ),
        ("an entry is gone", "DELETE FROM journal_entries WHERE position = 50", "position 50"),
        ("the tail is gone", "DELETE FROM journal_entries WHERE position > 500", "journal_heads"),
        (
            "two are swapped",
            "UPDATE journal_entries SET position = 9000 WHERE position = 3; UPDATE journal_entries SET position = 3 WHERE position = 4; UPDATE journal_entries SET position = 4 WHERE position = 9000",
            "journal_checkpoints",
        ),
        (
            "a whole organisation's log",
            "DELETE FROM journal_checkpoints WHERE organisation_id = OURS; DELETE FROM journal_tiles WHERE organisation_id = OURS; DELETE FROM journal_entries WHERE organisation_id = OURS; DELETE FROM nonconformities WHERE organisation_id = OURS; DELETE FROM journal_heads WHERE organisation_id = OURS",
            "journal_instances",
        ),
        (
            "a record",
            "UPDATE nonconformities SET title = 'Nothing happened' WHERE reference LIKE '%-0005'",
            "changed by hand",
        ),
        ("a record is gone", "DELETE FROM nonconformities WHERE reference LIKE '%-0006'", "has no row"),
        (
            "a tile",
            "UPDATE journal_tiles SET hashes = (SELECT root FROM journal_heads LIMIT 1) WHERE level = 0 AND number = 0",
            "journal_tiles",
        ),
        ("a detail", "UPDATE journal_entries SET detail = '{}' WHERE position = 2", "position 2"),
        (
            "a detail is removed",
            "UPDATE journal_entries SET detail = NULL, detail_salt = NULL WHERE position = 2",
            "position 2",
        ),
        ("a note", "UPDATE journal_checkpoints SET note = replace(note, 'ratchet', 'raccoon')", "journal_checkpoints"),
        ("the head", "UPDATE journal_heads SET size = size - 1", "journal_heads"),
    ];
    for database in each() {
        // Its connections end here: each case has a copy of its own.
        let Scene { database, .. } = scene(database).await;
        for (what, statements, named) in cases {
            let database = database.copy();
            tamper(&database, &statements.replace("OURS", ours));
            let found = report(&database, None);
            assert!(!found.is_clean(), "{what} was not found");
            let told = found.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert!(told.contains(named), "{what}: {told}");
        }
    }
}

#[tokio::test]
async fn an_entry_that_never_gets_its_turn_is_found() {
    for database in each() {
        let scene = scene(database).await;
        raise(&scene.store, scene.ours).await;
        assert!(report(&scene.database, None).is_clean(), "waiting is no fault");
        tamper(&scene.database, "DELETE FROM journal_queue");
        let found = report(&scene.database, None);
        assert!(found.findings.iter().any(|finding| finding.table == "journal_queue"), "{:?}", found.findings);
    }
}

/// With the stolen key everything can be signed anew; a checkpoint that somebody else keeps still tells.
#[tokio::test]
async fn a_journal_that_was_signed_anew_disagrees_with_a_checkpoint_kept_outside() {
    for database in each() {
        let scene = scene(database).await;
        let ours = scene.ours;
        let kept = scene.store.read(move |c| reading::checkpoint(ours, None, c)).await.unwrap().unwrap();
        assert!(report(&scene.database, Some(&kept)).is_clean());
        tamper(
            &scene.database,
            "DELETE FROM journal_tiles; DELETE FROM journal_checkpoints; DELETE FROM journal_heads; \
             DELETE FROM journal_instances; DELETE FROM journal_entries WHERE position = 10; \
             INSERT INTO journal_queue SELECT id, organisation_id FROM journal_entries; \
             UPDATE journal_entries SET position = NULL",
        );
        run(&scene.store).await;
        let found = report(&scene.database, Some(&kept));
        let told = found.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(told.contains("540 entries were signed") || told.contains("root that was signed"), "{told}");
        let other = Checkpoint { origin: signer().origin_of(ours), size: 3, root: empty_root() };
        let fork = other.sign(&signer().key).unwrap();
        assert!(!report(&scene.database, Some(&fork)).is_clean(), "two checkpoints of one size");
    }
}

/// Whoever has stolen a key that was retired cannot sign what came after it.
#[tokio::test]
async fn an_earlier_key_is_good_for_what_is_earlier() {
    use ratchet_persistence::journal::rotation::countersign;
    fn new() -> Signer {
        let retired = vec![signer().key.verifying_key()];
        Signer { key: SigningKey::from_bytes(&[9; 32]), retired, ..signer() }
    }
    for database in each() {
        let scene = scene(database).await;
        let found = || {
            let scope = Scope { earlier_keys: new().earlier(), state: true, ..Scope::default() };
            let report = verify(&scope, &new().key.verifying_key(), &mut scene.database.open()).unwrap();
            report.findings.into_iter().map(|finding| finding.table).collect::<Vec<_>>()
        };
        assert_eq!(found(), ["journal_instances"], "not countersigned yet");
        assert_eq!(countersign(&new(), &mut scene.database.open()).unwrap(), 3);
        assert_eq!(countersign(&new(), &mut scene.database.open()).unwrap(), 0);
        assert!(found().is_empty());
        raise(&scene.store, scene.ours).await;
        while scene.store.work(|c| sequence(&new(), now(), c)).await.unwrap() > 0 {}
        assert!(found().is_empty());
        let ours = scene.ours;
        let newest = scene.store.read(move |c| reading::checkpoint(ours, None, c)).await.unwrap().unwrap();
        let checkpoint = SignedCheckpoint::parse(&newest).unwrap().checkpoint;
        let forged = checkpoint.sign(&signer().key).unwrap();
        tamper(&scene.database, &format!("UPDATE journal_checkpoints SET note = '{forged}' WHERE size = 541"));
        assert!(found().contains(&"journal_checkpoints"), "{:?}", found());
        let stranger = checkpoint.sign(&SigningKey::from_bytes(&[7; 32])).unwrap();
        tamper(&scene.database, &format!("UPDATE journal_checkpoints SET note = '{stranger}' WHERE size = 541"));
        assert_eq!(countersign(&new(), &mut scene.database.open()).unwrap(), 0, "what no key of ours has signed");
    }
}

#[tokio::test]
async fn two_sequencers_at_once_leave_one_journal() {
    for database in each() {
        let ours = organisation(&database);
        let store = Store::open(&database.address, 4).unwrap();
        for _ in 0..40 {
            raise(&store, ours).await;
        }
        let mut threads = Vec::new();
        for _ in 0..4 {
            let address = database.address.clone();
            threads.push(std::thread::spawn(move || {
                let store = Store::open(&address, 1).unwrap();
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                for _ in 0..5 {
                    let _: Result<usize, Error> = runtime.block_on(store.work(|c| sequence(&signer(), now(), c)));
                }
            }));
        }
        for thread in threads {
            thread.join().unwrap();
        }
        run(&store).await;
        let report = report(&database, None);
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!(report.entries, 40);
    }
}
