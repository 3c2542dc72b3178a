//! The walls: arrows between crates, the same migrations for both databases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn depends(package: &str, on: &str) -> bool {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none", "--package", package])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    String::from_utf8(tree.stdout).unwrap().lines().any(|line| line.split(' ').next() == Some(on))
}

#[test]
fn arrows_point_downwards() {
    for (package, banned) in [
        ("ratchet-domain", ["diesel", "actix-web", "tokio", "rand", "tracing"].as_slice()),
        ("ratchet-persistence", &["actix-web", "ratchet-http"]),
        ("ratchet-http", &["ratchet-server"]),
    ] {
        for on in banned {
            assert!(!depends(package, on), "{package} depends on {on}");
        }
    }
    assert!(depends("ratchet-persistence", "diesel"), "this test cannot see dependencies");
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    assert_eq!(names("migrations/sqlite"), names("migrations/postgres"));
    for name in names("migrations/sqlite") {
        for database in ["sqlite", "postgres"] {
            assert_eq!(
                names(&format!("migrations/{database}/{name}")),
                BTreeSet::from(["down.sql".into(), "up.sql".into()]),
                "{database} {name}"
            );
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// A difference between the two databases stands in few files.
#[test]
fn backends_are_named_only_where_allowed() {
    let allowed = ["column.rs", "connection.rs", "store.rs", "migrations.rs"];
    for path in sources(&root().join("crates/persistence/src")) {
        let name = path.strip_prefix(root().join("crates/persistence/src")).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let names_one = ["AnyConnection::Postgres", "AnyConnection::Sqlite", "PgConnection", "SqliteConnection"]
            .iter()
            .any(|word| text.contains(word));
        assert!(!names_one || allowed.contains(&name.as_str()), "{name} names a backend");
    }
}

/// diesel is named in one crate's manifest, actix in those that speak HTTP.
#[test]
fn each_wall_has_one_crate_behind_it() {
    for (dependency, allowed) in
        [("diesel", ["ratchet-persistence"].as_slice()), ("actix-web", &["ratchet-http", "ratchet-server"])]
    {
        for folder in names("crates") {
            let manifest = std::fs::read_to_string(root().join("crates").join(&folder).join("Cargo.toml")).unwrap();
            let named = manifest.lines().any(|line| line.starts_with(&format!("{dependency}.")));
            assert!(!named || allowed.contains(&format!("ratchet-{folder}").as_str()), "{folder} names {dependency}");
        }
    }
}

/// Whoever knows one resource knows where all of them are.
#[test]
fn every_resource_has_its_stem_in_every_layer() {
    for file in names("crates/http/src/v1") {
        let Some(stem) = file.strip_suffix(".rs") else { continue };
        // Not records: no table, no rule of their own.
        if stem == "measurement_batches" {
            // A batch and its rows are one matter: `measurements`.
            continue;
        }
        if ["auth", "catalogue", "cycles", "diff", "events", "journal", "me", "orphans", "records", "search"]
            .contains(&stem)
        {
            continue;
        }
        for folder in ["crates/domain/src", "crates/persistence/src"] {
            assert!(root().join(folder).join(&file).exists(), "{folder} has no {file}");
        }
        let migrated = names("migrations/sqlite").iter().any(|name| name.ends_with(&format!("_{stem}")));
        assert!(migrated, "no migration is called {stem}");
    }
}

/// `cargo run`, as the README says it, must not have to ask which program is meant.
#[test]
fn cargo_run_means_the_server() {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let run = told["workspace_default_members"].as_array().unwrap();
    let packages = told["packages"].as_array().unwrap().iter().filter(|package| run.contains(&package["id"]));
    let targets = packages.flat_map(|package| package["targets"].as_array().unwrap());
    let programs: Vec<&serde_json::Value> =
        targets.filter(|target| target["kind"][0] == "bin").map(|target| &target["name"]).collect();
    assert_eq!(programs, ["ratchet"]);
}
