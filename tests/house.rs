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
        ("ratchet-ingest", &["diesel", "actix-web", "tokio", "ratchet-domain", "ratchet-persistence"]),
        ("ratchet-tickets", &["diesel", "actix-web", "tokio", "reqwest", "ratchet-persistence"]),
        ("ratchet-persistence", &["actix-web", "ratchet-http", "ratchet-ingest"]),
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
    let allowed = ["column.rs", "connection.rs", "measurements/bulk.rs", "store.rs", "migrations.rs"];
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
        if [
            "auth",
            "catalogue",
            "cycles",
            "dashboard",
            "diff",
            "events",
            "ingest",
            "journal",
            "me",
            "orphans",
            "packs",
            "plan_of_action",
            "records",
            "scim",
            "search",
        ]
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

/// The name of a type in the contract: its own, unless it is given another.
fn schema_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut given: Option<String> = None;
    let mut is_schema = false;
    for line in text.lines().map(str::trim) {
        is_schema |= line.starts_with("#[") && line.contains("ToSchema") && line.contains("derive");
        if let Some((_, rest)) = line.split_once("schema(as = ").filter(|_| line.starts_with("#[")) {
            given = rest.split([')', ',']).next().map(|name| name.trim().to_owned());
        }
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let declared =
            words.iter().position(|word| ["struct", "enum"].contains(word)).filter(|_| !line.starts_with('#'));
        if let Some(at) = declared.filter(|_| !line.starts_with("//")) {
            if is_schema {
                names.push(given.clone().unwrap_or_else(|| words[at + 1].to_owned()));
            }
            (given, is_schema) = (None, false);
        }
    }
    names
}

/// The generator keeps one of two types that share a name, and clients are told the wrong one.
#[test]
fn no_two_types_share_a_name_in_the_contract() {
    let document = std::fs::read_to_string(root().join("openapi/v1.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    // Verbs are types, too, of which the contract shows none.
    let is_shown = |name: &String| document["components"]["schemas"].get(name).is_some();
    let mut seen: std::collections::BTreeMap<String, PathBuf> = std::collections::BTreeMap::new();
    for path in ["crates/domain/src", "crates/http/src"].iter().flat_map(|folder| sources(&root().join(folder))) {
        for name in schema_names(&std::fs::read_to_string(&path).unwrap()).into_iter().filter(is_shown) {
            if let Some(other) = seen.insert(name.clone(), path.clone()) {
                panic!("{name} is declared in {} and in {}", other.display(), path.display());
            }
        }
    }
    assert!(seen.len() > 300, "this test cannot see schemas: {}", seen.len());
    let two = "#[derive(utoipa::ToSchema)]\n#[schema(as = Other)]\nstruct One;\nenum Two {}\n";
    assert_eq!(schema_names(two), ["Other"]);
}

/// Where something is served that is no documented operation: the contracts themselves, their page, and what answers the rest.
const UNDOCUMENTED: [&str; 5] = [
    ".default_service(web::to(answer_the_rest))",
    ".service(SwaggerUi::new(\"/docs/{_:.*}\").config(docs.clone()))",
    ".service(get_contract)",
    ".service(get_events)",
    ".service(web::redirect(\"/docs\", \"/docs/\"))",
];

/// How actix-web is told to serve something.
const SERVING: [&str; 7] =
    [".service(", ".route(", ".default_service(", "web::resource(", "web::scope(", "web::redirect(", "web::to("];

/// The source without the functions that say what a resource's operations are: those are given to `Routes`, which takes
/// nothing that says no path of itself to the contract.
fn past_routes(source: &str) -> String {
    let mut rest = String::new();
    let mut declares = false;
    for line in source.lines() {
        declares |= line.contains("fn configure(routes: &mut Routes)");
        if !declares {
            rest.push_str(line);
            rest.push('\n');
        }
        declares &= line != "}";
    }
    rest
}

/// Whatever is served is documented, but for what is named above: a route that is registered past `Routes` would be in no
/// document, and no test that goes by the document would ask for it.
#[test]
fn nothing_is_served_past_the_contract() {
    let http = root().join("crates/http/src");
    let mut served = BTreeSet::new();
    for path in sources(&http).into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs")) {
        let source = std::fs::read_to_string(&path).unwrap();
        // `Routes` itself hands over what it was given.
        if path != http.join("routing.rs") {
            let rest = past_routes(&source);
            let lines = rest.lines().filter(|line| SERVING.iter().any(|serving| line.contains(serving)));
            served.extend(lines.map(|line| line.trim().to_owned()));
        }
    }
    assert_eq!(served, BTreeSet::from(UNDOCUMENTED.map(str::to_owned)));
}

#[test]
fn a_route_past_the_contract_is_seen() {
    let source = "pub(crate) fn configure(routes: &mut Routes) {\n    routes.service(a);\n}\nfn serve() {\n    app.service(b);\n}\n";
    assert_eq!(past_routes(source), "fn serve() {\n    app.service(b);\n}\n");
}
