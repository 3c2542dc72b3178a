//! `backup` and `restore`: a directory that holds the database, the files of evidence and a manifest of their hashes,
//! with the signed head of every journal. The keys are not in it: whoever finds a backup must not be able to sign.

mod database;
mod manifest;
mod restore;

pub(super) use restore::restore;

use super::database::{connect, private_directory};
use crate::settings::{Fault, Settings};
use crate::source::source;
use manifest::Manifest;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::journal::reading;
use ratchet_persistence::organisations;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Files of evidence, in a backup as in a data directory.
const EVIDENCE: &str = "evidence";

fn at<E: std::fmt::Display>(path: &Path) -> impl Fn(E) -> Fault {
    move |error| format!("{}: {error}", path.display())
}

/// Makes a backup, also while a server is running.
pub(super) fn backup(settings: &Settings, target: &Path) -> Result<ExitCode, Fault> {
    if fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some()) || target.is_file() {
        return Err(format!("{} exists already and is not empty", target.display()));
    }
    // Half a backup never has the name of a whole one.
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let _ = fs::remove_dir_all(&partial);
    private_directory(&partial).map_err(at(&partial))?;
    let made = fill(settings, &partial);
    if made.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    let manifest = made?;
    let _ = fs::remove_dir(target);
    fs::rename(&partial, target).map_err(at(target))?;
    let bytes: u64 = manifest.files.values().map(|file| file.size).sum();
    println!("{}: {} files, {bytes} bytes", target.display(), manifest.files.len());
    println!("The keys are not in it: keep the file `keys` of the data directory apart. Restoring needs both.");
    Ok(ExitCode::SUCCESS)
}

fn fill(settings: &Settings, directory: &Path) -> Result<Manifest, Fault> {
    let began_at = (source().now)();
    let (address, mut connection) = connect(settings)?;
    // Read first: the copy holds at least what these heads speak of.
    let checkpoints = heads(&mut connection)?;
    let copy = directory.join(database::name(&address));
    database::copy(&address, &mut connection, &copy)?;
    File::open(&copy).and_then(|file| file.sync_all()).map_err(at(&copy))?;
    // After the database: a file is on disk before its record is written, and stays.
    copy_tree(&settings.evidence_directory(), &directory.join(EVIDENCE))?;
    let manifest = Manifest::of(directory, began_at, checkpoints)?;
    manifest.write(directory)?;
    Ok(manifest)
}

/// The newest checkpoint of every organisation.
fn heads(connection: &mut AnyConnection) -> Result<Vec<String>, Fault> {
    let failed = |error: ratchet_persistence::error::Error| error.to_string();
    let mut heads = Vec::new();
    for organisation in organisations::all(connection).map_err(failed)? {
        heads.extend(reading::checkpoint(organisation, None, connection).map_err(failed)?);
    }
    Ok(heads)
}

/// Copies the files of evidence; uploads that have not come to their end are left out.
fn copy_tree(from: &Path, to: &Path) -> Result<(), Fault> {
    for path in manifest::files_below(from)? {
        let within = path.strip_prefix(from).map_err(at(&path))?;
        if within.starts_with("incoming") {
            continue;
        }
        let copy = to.join(within);
        fs::create_dir_all(copy.parent().unwrap_or(to)).map_err(at(&copy))?;
        fs::copy(&path, &copy).map_err(at(&path))?;
        File::open(&copy).and_then(|file| file.sync_all()).map_err(at(&copy))?;
    }
    Ok(())
}
