//! The files of evidence: content-addressed, below one directory, never changed. A file is whole and safe on disk
//! before its record is committed; what a record does not name is swept away at the next start.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use uuid::Uuid;

/// Where uploads lie until they are whole.
const INCOMING: &str = "incoming";
/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// The directory of all files.
#[derive(Debug, Clone)]
pub struct Files(PathBuf);

/// A file that is being received.
#[derive(Debug)]
pub struct Incoming {
    file: File,
    path: PathBuf,
    hash: Sha256,
    size: u64,
}

/// What a received file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
}

impl Files {
    /// Below this directory, which is made when it is first needed.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// Begins to receive a file.
    ///
    /// # Errors
    /// The file system's.
    pub fn receive(&self, id: Uuid) -> io::Result<Incoming> {
        let directory = self.0.join(INCOMING);
        fs::create_dir_all(&directory)?;
        let path = directory.join(id.simple().to_string());
        let file = File::options().write(true).create_new(true).open(&path)?;
        Ok(Incoming { file, path, hash: Sha256::new(), size: 0 })
    }

    /// Keeps what was received, under its own hash. It survives a power cut from here on.
    ///
    /// # Errors
    /// The file system's.
    pub fn keep(&self, organisation: Uuid, incoming: Incoming) -> io::Result<Content> {
        let content = incoming.end()?;
        let path = self.path(organisation, &content.sha256);
        let directory = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(directory)?;
        // Also over a file of the same content: should that one be damaged, it is whole again.
        fs::rename(&incoming.path, &path)?;
        for parent in directory.ancestors().take_while(|parent| parent.starts_with(&self.0)) {
            File::open(parent)?.sync_all()?;
        }
        Ok(content)
    }

    /// Opens a file once all of it was read and found as it was received.
    ///
    /// # Errors
    /// `InvalidData` when its content is another, else the file system's.
    pub fn open(&self, organisation: Uuid, content: &Content) -> io::Result<File> {
        let path = self.path(organisation, &content.sha256);
        let (sha256, size) = digest(&mut File::open(&path)?)?;
        if sha256 != content.sha256 || size != content.size {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the content is not the one that was received"));
        }
        File::open(path)
    }

    /// Whether there is a file of this content.
    #[must_use]
    pub fn has(&self, organisation: Uuid, sha256: &str) -> bool {
        self.path(organisation, sha256).exists()
    }

    /// Removes a file whose content must go by law; one that is not there is gone.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove(&self, organisation: Uuid, sha256: &str) -> io::Result<()> {
        let path = self.path(organisation, sha256);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            // Gone for good also after a power cut.
            Ok(()) => path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all()),
        }
    }

    /// Removes what was never finished and what `is_known` does not know, as far as it was written before `limit`:
    /// another replica may be about to write the record. The number of files removed.
    ///
    /// # Errors
    /// The file system's, or what `is_known` answers with.
    pub fn sweep<E: From<io::Error>>(
        &self,
        limit: SystemTime,
        mut is_known: impl FnMut(Uuid, &str) -> Result<bool, E>,
    ) -> Result<usize, E> {
        let mut removed = 0;
        for path in below(&self.0.join(INCOMING))? {
            removed += usize::from(remove_old(&path, limit)?);
        }
        for directory in below(&self.0)? {
            let Some(organisation) = name_of(&directory).and_then(|name| Uuid::try_parse(name).ok()) else { continue };
            for shard in below(&directory)? {
                for path in below(&shard)? {
                    let Some(sha256) = name_of(&path) else { continue };
                    if !is_known(organisation, sha256)? {
                        removed += usize::from(remove_old(&path, limit)?);
                    }
                }
            }
        }
        Ok(removed)
    }

    /// `<organisation>/<first two digits>/<SHA-256>`.
    fn path(&self, organisation: Uuid, sha256: &str) -> PathBuf {
        let shard = sha256.get(..2).unwrap_or("00");
        self.0.join(organisation.simple().to_string()).join(shard).join(sha256)
    }
}

impl Incoming {
    /// What was received, all of it on disk.
    ///
    /// # Errors
    /// The file system's.
    pub fn end(&self) -> io::Result<Content> {
        self.file.sync_all()?;
        Ok(Content { sha256: hex::encode(self.hash.clone().finalize()), size: self.size })
    }

    /// Takes the next bytes; how many there are now.
    ///
    /// # Errors
    /// The file system's.
    pub fn take(&mut self, bytes: &[u8]) -> io::Result<u64> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.size += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(self.size)
    }
}

/// What was not kept leaves nothing behind; after a rename there is nothing to remove.
impl Drop for Incoming {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn digest(file: &mut File) -> io::Result<(String, u64)> {
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex::encode(hash.finalize()), size));
        }
        hash.update(&buffer[..read]);
        size += u64::try_from(read).unwrap_or(u64::MAX);
    }
}

fn below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

fn remove_old(path: &Path, limit: SystemTime) -> io::Result<bool> {
    if fs::metadata(path)?.modified()? >= limit {
        return Ok(false);
    }
    fs::remove_file(path)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn received(files: &Files, text: &str) -> Content {
        let mut incoming = files.receive(Uuid::new_v4()).unwrap();
        assert_eq!(incoming.take(text.as_bytes()).unwrap(), text.len() as u64);
        files.keep(Uuid::nil(), incoming).unwrap()
    }

    fn paths(root: &Path) -> Vec<PathBuf> {
        let entries = below(root).unwrap();
        entries.into_iter().flat_map(|path| if path.is_dir() { paths(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn kept_under_its_hash_and_refused_when_damaged() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::new(directory.path());
        let content = received(&files, "abc");
        assert_eq!(content.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let mut text = String::new();
        files.open(Uuid::nil(), &content).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        let path = files.path(Uuid::nil(), &content.sha256);
        fs::write(&path, "abd").unwrap();
        assert_eq!(files.open(Uuid::nil(), &content).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(received(&files, "abc"), content);
        assert!(files.open(Uuid::nil(), &content).is_ok(), "sent again it is whole again");
        fs::remove_file(path).unwrap();
        assert_eq!(files.open(Uuid::nil(), &content).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_no_record_names_is_swept_away() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::new(directory.path());
        drop(files.receive(Uuid::new_v4()).unwrap());
        assert!(paths(directory.path()).is_empty(), "an upload that ends early leaves nothing");
        let known = received(&files, "known");
        received(&files, "unknown");
        std::mem::forget(files.receive(Uuid::new_v4()).unwrap());
        assert_eq!(paths(directory.path()).len(), 3);
        let is_known = |_, sha256: &str| Ok::<_, io::Error>(sha256 == known.sha256);
        assert_eq!(files.sweep(SystemTime::UNIX_EPOCH, is_known).unwrap(), 0);
        assert_eq!(files.sweep(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40), is_known).unwrap(), 2);
        assert_eq!(paths(directory.path()), [files.path(Uuid::nil(), &known.sha256)]);
    }
}
