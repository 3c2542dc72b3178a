//! `journal verify`, also while a server is running.

use super::VerifyJournal;
use super::database::connect;
use crate::keys::Keys;
use crate::settings::{Fault, Settings};
use ratchet_domain::id::OrganisationId;
use ratchet_persistence::files::Files;
use ratchet_persistence::journal::verification::{self, Scope};
use std::process::ExitCode;

pub(crate) fn verify(settings: &Settings, asked: VerifyJournal) -> Result<ExitCode, Fault> {
    let VerifyJournal { organisation, state, evidence, against } = asked;
    let read = |path: std::path::PathBuf| {
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let evidence = evidence.then(|| Files::new(settings.evidence_directory()));
    let against = against.map(read).transpose()?;
    let scope = Scope { organisation: organisation.map(OrganisationId), state, evidence, against };
    let keys = Keys::load(settings)?;
    let (_, mut connection) = connect(settings)?;
    let report = verification::verify(&scope, &keys.journal.verifying_key(), &mut connection);
    let report = report.map_err(|error| error.to_string())?;
    for finding in &report.findings {
        println!("{finding}");
    }
    let verdict = if report.is_clean() { "clean" } else { "NOT CLEAN" };
    println!(
        "{verdict}: {} entries, {} checkpoints, {} records, {} findings",
        report.entries,
        report.checkpoints,
        report.records,
        report.findings.len()
    );
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
