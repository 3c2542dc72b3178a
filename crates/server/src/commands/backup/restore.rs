//! `restore`: into an empty place only, and only what verifies.

use super::manifest::Manifest;
use super::{EVIDENCE, at, copy_tree, database};
use crate::commands::database::{address_of, connect, private_directory};
use crate::keys::Keys;
use crate::settings::{Fault, Settings};
use ratchet_persistence::connection::{Address, AnyConnection};
use ratchet_persistence::files::Files;
use ratchet_persistence::journal::verification::{self, Scope};
use ratchet_persistence::migrations;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Restores a backup: checks every file's hash, brings the schema to this version, and verifies the journal with all
/// records and files against the heads of the manifest.
pub(in crate::commands) fn restore(settings: &Settings, from: &Path) -> Result<ExitCode, Fault> {
    let manifest = Manifest::check(from)?;
    let address = address_of(settings);
    if !manifest.files.contains_key(database::name(&address)) {
        return Err("the backup is of the other kind of database".to_owned());
    }
    private_directory(&settings.data_dir).map_err(at(&settings.data_dir))?;
    let keys = Keys::existing(settings)?;
    let evidence = settings.evidence_directory();
    if fs::read_dir(&evidence).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty", evidence.display()));
    }
    let restored = match &address {
        Address::Sqlite(path) => into_file(settings, from, path, &manifest, &keys),
        Address::Postgres(url) => into_server(settings, from, url, &manifest, &keys),
    };
    if restored.is_err() {
        let _ = fs::remove_dir_all(&evidence);
    }
    println!("restored and verified: {}", restored?);
    Ok(ExitCode::SUCCESS)
}

fn into_file(settings: &Settings, from: &Path, path: &Path, manifest: &Manifest, keys: &Keys) -> Result<String, Fault> {
    if path.exists() {
        return Err(format!("{} exists already", path.display()));
    }
    // Until it is verified it has no name that a server would start on.
    let mut pending = path.as_os_str().to_owned();
    pending.push(".restoring");
    let pending = PathBuf::from(pending);
    let copied = || -> Result<String, Fault> {
        fs::copy(from.join("ratchet.db"), &pending).map_err(at(&pending))?;
        copy_tree(&from.join(EVIDENCE), &settings.evidence_directory())?;
        let mut connection = Address::Sqlite(pending.clone()).open().map_err(at(&pending))?;
        let told = verify(settings, manifest, keys, &mut connection)?;
        connection.settle().map_err(at(&pending))?;
        Ok(told)
    };
    let told = copied();
    if told.is_err() {
        let _ = fs::remove_file(&pending);
    }
    let told = told?;
    fs::rename(&pending, path).map_err(at(path))?;
    Ok(told)
}

fn into_server(settings: &Settings, from: &Path, url: &str, manifest: &Manifest, keys: &Keys) -> Result<String, Fault> {
    let (_, mut connection) = connect(settings)?;
    if !migrations::is_empty(&mut connection).map_err(|error| error.to_string())? {
        return Err("the database is not empty".to_owned());
    }
    database::load(url, &from.join("ratchet.dump"))?;
    copy_tree(&from.join(EVIDENCE), &settings.evidence_directory())?;
    verify(settings, manifest, keys, &mut connection)
        .map_err(|fault| format!("{fault}\nThe database holds what did not verify: drop it, serve nothing from it."))
}

fn verify(
    settings: &Settings,
    manifest: &Manifest,
    keys: &Keys,
    connection: &mut AnyConnection,
) -> Result<String, Fault> {
    migrations::run(connection).map_err(|error| error.to_string())?;
    let mut findings = Vec::new();
    let mut told = String::new();
    let heads = manifest.checkpoints.iter().cloned().map(Some).chain([None]);
    for against in heads {
        let evidence = Some(Files::new(settings.evidence_directory()));
        let earlier_keys = keys.signer(String::new()).earlier();
        let scope = Scope { organisation: None, state: against.is_none(), evidence, against, earlier_keys };
        let report = verification::verify(&scope, &keys.journal.verifying_key(), connection);
        let report = report.map_err(|error| error.to_string())?;
        told = format!("{} entries, {} records", report.entries, report.records);
        findings.extend(report.findings.iter().map(ToString::to_string));
    }
    if findings.is_empty() { Ok(told) } else { Err(format!("NOT CLEAN\n{}", findings.join("\n"))) }
}
