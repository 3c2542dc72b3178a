//! What a backup holds: every file with its size and SHA-256.

use super::at;
use crate::settings::Fault;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

const FORMAT: &str = "ratchet-backup/1";
const NAME: &str = "manifest.json";

/// The manifest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: String,
    /// The program that made it.
    version: String,
    /// What was answered before is in it.
    pub began_at: DateTime<Utc>,
    /// The signed head of every journal at that time.
    pub checkpoints: Vec<String>,
    /// By their path within the backup.
    pub files: BTreeMap<String, Entry>,
}

/// One file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub size: u64,
    pub sha256: String,
}

impl Manifest {
    /// Of what lies in the directory.
    pub fn of(directory: &Path, began_at: DateTime<Utc>, checkpoints: Vec<String>) -> Result<Self, Fault> {
        let (format, version) = (FORMAT.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        Ok(Self { format, version, began_at, checkpoints, files: entries(directory)? })
    }

    /// Writes it beside the files.
    pub fn write(&self, directory: &Path) -> Result<(), Fault> {
        let path = directory.join(NAME);
        let text = serde_json::to_vec_pretty(self).map_err(at(&path))?;
        fs::write(&path, text).and_then(|()| File::open(&path)?.sync_all()).map_err(at(&path))
    }

    /// Reads it, and finds every file as it says.
    pub fn check(directory: &Path) -> Result<Self, Fault> {
        let path = directory.join(NAME);
        let text = fs::read(&path).map_err(at(&path))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(at(&path))?;
        if manifest.format != FORMAT {
            return Err(format!("{}: is {:?}, not {FORMAT}", path.display(), manifest.format));
        }
        // Names come from outside: each must stay below the directory.
        let plain = |name: &&String| Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if let Some(name) = manifest.files.keys().find(|name| !plain(name)) {
            return Err(format!("{}: names {name:?}", path.display()));
        }
        let found = entries(directory)?;
        for (name, entry) in &manifest.files {
            match found.get(name) {
                None => return Err(format!("{name} is missing in the backup")),
                Some(there) if there != entry => return Err(format!("{name} is not what was backed up")),
                Some(_) => {}
            }
        }
        match found.keys().find(|name| !manifest.files.contains_key(*name)) {
            Some(name) => Err(format!("{name} is in the directory and not in the manifest")),
            None => Ok(manifest),
        }
    }
}

fn entries(directory: &Path) -> Result<BTreeMap<String, Entry>, Fault> {
    let mut entries = BTreeMap::new();
    for path in files_below(directory)? {
        let within = path.strip_prefix(directory).map_err(at(&path))?;
        let name = within.to_str().ok_or_else(|| format!("{}: a name that is not UTF-8", path.display()))?;
        if name != NAME {
            entries.insert(name.to_owned(), entry(&path).map_err(at(&path))?);
        }
    }
    Ok(entries)
}

fn entry(path: &Path) -> std::io::Result<Entry> {
    let (mut file, mut hash, mut size, mut buffer) = (File::open(path)?, Sha256::new(), 0, vec![0; 64 << 10]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Entry { size, sha256: hex::encode(hash.finalize()) });
        }
        hash.update(&buffer[..read]);
        size += u64::try_from(read).unwrap_or(u64::MAX);
    }
}

/// Every file below a directory; none when it is not there. Links are refused: they lead elsewhere.
pub(super) fn files_below(directory: &Path) -> Result<Vec<PathBuf>, Fault> {
    let (mut files, mut waiting) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(next) = waiting.pop() {
        let entries = match fs::read_dir(&next) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(at(&next))?,
        };
        for entry in entries {
            let path = entry.map_err(at(&next))?.path();
            let kind = fs::symlink_metadata(&path).map_err(at(&path))?.file_type();
            if kind.is_dir() {
                waiting.push(path);
            } else if kind.is_file() {
                files.push(path);
            } else {
                return Err(format!("{}: neither a file nor a directory", path.display()));
            }
        }
    }
    Ok(files)
}
