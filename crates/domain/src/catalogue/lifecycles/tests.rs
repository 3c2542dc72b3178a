use super::*;
use crate::fixtures::refusals::Refusals;
use crate::{api_keys, members};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

#[test]
fn every_diagram() {
    let all: String = lifecycles().iter().map(|table| format!("{}\n{}\n", table.resource, table.mermaid)).collect();
    insta::assert_snapshot!(all);
}

/// What each lifecycle refuses, and why.
fn refusals() -> BTreeMap<&'static str, Refusals> {
    let told = [
        ("policies", policies::tests::refusals()),
        ("policy_versions", policy_versions::tests::refusals()),
        ("objectives", objectives::tests::refusals()),
        ("indicators", indicators::tests::refusals()),
        ("measurement_batches", measurements::tests::refusals()),
        ("ingest_rules", ingest_rules::tests::refusals()),
        ("signals", signals::tests::refusals()),
        ("nonconformities", nonconformities::tests::refusals()),
        ("improvements", improvements::tests::refusals()),
        ("votes", votes::tests::refusals()),
        ("incidents", incidents::tests::refusals()),
        ("weaknesses", weaknesses::tests::refusals()),
        ("risks", risks::tests::refusals()),
        ("actions", actions::tests::refusals()),
        ("context_entries", context_entries::tests::refusals()),
        ("changes", changes::tests::refusals()),
        ("change_templates", change_templates::tests::refusals()),
        ("employee_reports", employee_reports::tests::refusals()),
        ("courses", courses::tests::refusals()),
        ("training_assignments", training_assignments::tests::refusals()),
        ("competences", competences::tests::refusals()),
        ("communication_plans", communication_plans::tests::refusals()),
        ("processes", processes::tests::refusals()),
        ("applicabilities", applicabilities::tests::refusals()),
        ("management_reviews", management_reviews::tests::refusals()),
        ("audit_programmes", audit_programmes::tests::refusals()),
        ("audits", audits::tests::refusals::refusals()),
        ("findings", findings::tests::refusals()),
        ("members", members::tests::refusals()),
        ("redactions", redactions::tests::refusals()),
        ("restrictions", restrictions::tests::refusals()),
        ("settings", settings::tests::refusals()),
        ("api_keys", api_keys::tests::refusals()),
        ("ticket_connections", ticket_connections::tests::refusals()),
        ("webhook_endpoints", webhook_endpoints::tests::refusals()),
        ("identity_providers", identity_providers::tests::refusals()),
    ];
    told.into_iter().chain(annotations::tests::refusals()).collect()
}

/// Every published lifecycle is tried, stage by verb; its stages know the verbs that the table says they do; and each
/// reason for which it refuses is in the words that people read.
#[test]
fn every_refusal_says_why() {
    let (mut told, tables) = (refusals(), lifecycles());
    for table in &tables {
        let refusals = told.remove(table.resource).unwrap_or_else(|| panic!("{} is not tried", table.resource));
        let stages: BTreeSet<&str> = refusals.knows().keys().map(|(stage, _)| *stage).collect();
        assert_eq!(stages, table.states.iter().copied().collect::<BTreeSet<_>>(), "the stages of {}", table.resource);
        let known = refusals.knows().iter().filter(|(_, knows)| **knows).map(|(cell, _)| *cell);
        let published = table.edges.iter().filter_map(|edge| Some((edge.from, edge.verb?)));
        assert_eq!(
            known.collect::<BTreeSet<_>>(),
            published.collect::<BTreeSet<_>>(),
            "the verbs of {}",
            table.resource
        );
        insta::assert_snapshot!(table.resource, refusals.to_string());
    }
    assert_eq!(told.keys().collect::<Vec<_>>(), [&""; 0], "there is no such lifecycle");
}

/// Codes of what cannot be reached while numbers are as exact as they are: they end in a refusal rather than in a panic.
const UNREACHED: [&str; 2] = ["inexact_figure", "unwritable_minutes"];

/// Every code that the sources name is told above, or is asked for by name in a test.
#[test]
fn every_code_is_told() {
    let (told, mut tested) = (refusals(), String::new());
    let told: BTreeSet<&str> = told.values().flat_map(Refusals::codes).collect();
    let (mut codes, mut files) = (BTreeSet::new(), 0);
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let source = read_to_string(&path).unwrap();
        if path.ends_with("lifecycles/tests.rs") {
            // What is named here is not tried by that.
            continue;
        }
        let is_test = path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
        let (rules, tests) = if is_test {
            ("", source.as_str())
        } else {
            source.split_once("#[cfg(test)]\n").unwrap_or((source.as_str(), ""))
        };
        // What only declares its tests has its rules after that.
        let (rules, tests) =
            if tests.contains("mod tests;") && !is_test { (source.as_str(), "") } else { (rules, tests) };
        tested.push_str(tests);
        codes.extend(codes_of(rules));
        files += 1;
    }
    assert!(files > 100 && codes.len() > 80, "{files} files, {} codes", codes.len());
    let is_told = |code: &&String| told.contains(code.as_str()) || tested.contains(&format!("\"{code}\""));
    let untold: Vec<&String> = codes.iter().filter(|code| !is_told(code)).collect();
    assert_eq!(untold, UNREACHED);
}

fn sources(below: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The codes with which reasons are made.
fn codes_of(source: &str) -> impl Iterator<Item = String> {
    let made = ["Reason::new(", "Refusal::state("].into_iter().flat_map(move |made| source.split(made).skip(1));
    made.filter_map(|rest| Some(rest.trim_start().strip_prefix('"')?.split_once('"')?.0.to_owned()))
}
