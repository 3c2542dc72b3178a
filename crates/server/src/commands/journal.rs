//! `journal verify`, also while a server is running; what changes the journal's key, while none is.

use super::VerifyJournal;
use super::database::{connect, open_migrated};
use crate::keys::Keys;
use crate::settings::{Fault, Settings};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::journal::checkpoint::VerifierKey;
use ratchet_persistence::files::Files;
use ratchet_persistence::journal::rotation;
use ratchet_persistence::journal::verification::{self, Scope};
use std::process::ExitCode;

pub(crate) fn verify(settings: &Settings, asked: VerifyJournal) -> Result<ExitCode, Fault> {
    let VerifyJournal { organisation, state, evidence, against } = asked;
    let read = |path: std::path::PathBuf| {
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let evidence = evidence.then(|| Files::new(settings.evidence_directory()));
    let against = against.map(read).transpose()?;
    let keys = Keys::existing(settings)?;
    let earlier_keys = keys.signer(String::new()).earlier();
    let scope = Scope { organisation: organisation.map(OrganisationId), state, evidence, against, earlier_keys };
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

/// A new key signs from now on, beside the former one.
pub(crate) fn rotate_key(settings: &Settings) -> Result<ExitCode, Fault> {
    // Held until the end: a server that went on would sign with the former key alone.
    let mut opened = open_migrated(settings)?;
    opened.exclude_servers()?;
    let keys = Keys::existing(settings)?.rotate(rand::random());
    keys.replace(settings)?;
    let signer = keys.signer(String::new());
    let signed = rotation::countersign(&signer, &mut opened.connection).map_err(|error| error.to_string())?;
    println!("A new key signs the journal, beside the former one; {signed} newest checkpoints have both signatures.");
    println!("Back up the file `keys`, start the server, and give the new verifier key to whoever keeps checkpoints.");
    println!("When everybody has it: ratchet journal retire-key");
    Ok(ExitCode::SUCCESS)
}

/// The former key signs no longer; what it has signed still counts.
pub(crate) fn retire_key(settings: &Settings) -> Result<ExitCode, Fault> {
    let mut opened = open_migrated(settings)?;
    opened.exclude_servers()?;
    let keys = Keys::existing(settings)?;
    if keys.former.is_none() {
        return Err("no former key signs: there is nothing to retire".to_owned());
    }
    keys.retire().replace(settings)?;
    println!("The former key signs no longer, and its private half is gone; what it has signed still counts.");
    Ok(ExitCode::SUCCESS)
}

/// A new key signs from now on, and what the lost one has signed still counts: whoever kept its public half knows which.
pub(crate) fn replace_lost_key(settings: &Settings, lost: &VerifierKey) -> Result<ExitCode, Fault> {
    let mut opened = open_migrated(settings)?;
    opened.exclude_servers()?;
    let newest = rotation::newest(&mut opened.connection).map_err(|error| error.to_string())?;
    let newest = newest.ok_or("nothing has been signed yet: there is nothing to replace")?;
    if newest.verify(&lost.key).is_err() {
        return Err("that key has not signed what was signed last in this database".to_owned());
    }
    let keys = Keys::load(settings)?;
    if keys.signer(String::new()).has_signed(&newest) {
        return Err("the key in `keys` has signed what was signed last: it is not lost; see `rotate-key`".to_owned());
    }
    let keys = keys.vouch_for(lost.key);
    keys.replace(settings)?;
    let signed = rotation::countersign(&keys.signer(String::new()), &mut opened.connection);
    let signed = signed.map_err(|error| error.to_string())?;
    println!("A new key signs the journal; {signed} newest checkpoints have its signature beside the lost one's.");
    println!("Back up the file `keys`, start the server, and give the new verifier key to whoever keeps checkpoints.");
    Ok(ExitCode::SUCCESS)
}
