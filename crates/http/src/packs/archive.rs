//! A ZIP that is written as it is sent, and knows of each member how long it is and what it hashes to.

use super::Broken;
use super::pipe::{Pipe, Valve};
use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// From so many bytes on a member needs the wider fields of ZIP64.
const WIDE: u64 = u32::MAX as u64;

/// What a member is, as the manifest says.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Member {
    /// Its path in the archive.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

/// What is put into a member.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// A few words.
    Note,
    /// Text of any length.
    Text,
    /// A file of this length, as it is: most are compressed already.
    File(u64),
}

impl Content {
    fn options(self) -> SimpleFileOptions {
        let options = SimpleFileOptions::default().unix_permissions(0o644);
        match self {
            Self::Note => options.compression_method(CompressionMethod::Deflated),
            Self::Text => options.compression_method(CompressionMethod::Deflated).large_file(true),
            Self::File(size) => options.compression_method(CompressionMethod::Stored).large_file(size >= WIDE),
        }
    }
}

/// The archive on its way. Dropped before its end it leaves no directory behind, so that what was sent of it is no ZIP.
pub(super) struct Archive {
    zip: Option<ZipWriter<StreamWriter<Pipe>>>,
    valve: Valve,
    at: zip::DateTime,
    members: Vec<Member>,
}

/// Where a member's content goes.
pub(super) struct Sink<'a> {
    zip: &'a mut ZipWriter<StreamWriter<Pipe>>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.zip.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += u64::try_from(written).unwrap_or(u64::MAX);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    /// An empty one, whose members are dated by this moment.
    pub(super) fn begin(pipe: Pipe, at: DateTime<Utc>) -> Self {
        let valve = pipe.valve();
        Self { zip: Some(ZipWriter::new_stream(pipe)), valve, at: dated(at), members: Vec::new() }
    }

    /// The next member.
    pub(super) fn member(
        &mut self,
        path: impl Into<String>,
        content: Content,
        write: impl FnOnce(&mut Sink<'_>) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let path = path.into();
        let zip = self.zip.as_mut().ok_or_else(|| io::Error::other("the archive is at its end"))?;
        zip.start_file(path.as_str(), content.options().last_modified_time(self.at)).map_err(io::Error::from)?;
        let mut sink = Sink { zip, hash: Sha256::new(), bytes: 0 };
        write(&mut sink)?;
        let (bytes, sha256) = (sink.bytes, hex::encode(sink.hash.finalize()));
        self.members.push(Member { path, bytes, sha256 });
        Ok(())
    }

    /// A member that is at hand.
    pub(super) fn text(&mut self, path: impl Into<String>, text: &str) -> Result<(), Broken> {
        self.member(path, Content::Note, |sink| Ok(sink.write_all(text.as_bytes())?))
    }

    /// The members so far.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Writes the directory, and says that it was all.
    pub(super) fn end(mut self) -> Result<(), Broken> {
        let zip = self.zip.take().ok_or_else(|| io::Error::other("the archive is at its end"))?;
        let pipe = zip.finish().map_err(io::Error::from)?.into_inner();
        Ok(pipe.end()?)
    }
}

/// Whatever ended the work: the writer would close the archive as if it were whole.
impl Drop for Archive {
    fn drop(&mut self) {
        self.valve.close();
    }
}

/// To two seconds, from 1980 on.
fn dated(at: DateTime<Utc>) -> zip::DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(at.year()).unwrap_or_default();
    let (month, day) = (small(at.month()), small(at.day()));
    let time = (small(at.hour()), small(at.minute()), small(at.second()));
    zip::DateTime::from_date_and_time(year, month, day, time.0, time.1, time.2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packs::pipe::{Part, taken};
    use futures_util::StreamExt;
    use std::time::Duration;
    use tokio::runtime::Handle;
    use tokio::sync::mpsc::Receiver;

    async fn bytes(parts: Receiver<Part>) -> (Vec<u8>, bool) {
        let parts: Vec<_> = taken(parts).collect().await;
        let is_whole = parts.iter().all(Result::is_ok);
        (parts.into_iter().flatten().flatten().collect(), is_whole)
    }

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap()
    }

    const DIRECTORY: &[u8] = b"PK\x01\x02";

    fn has_directory(bytes: &[u8]) -> bool {
        bytes.windows(DIRECTORY.len()).any(|window| window == DIRECTORY)
    }

    #[tokio::test]
    async fn what_was_put_in_comes_out_as_the_manifest_says() {
        let (pipe, parts) = Pipe::new(Handle::current(), Duration::from_secs(5));
        let writing = tokio::task::spawn_blocking(move || {
            let mut archive = Archive::begin(pipe, at());
            archive.text("README.txt", "x\n").unwrap();
            archive.member("a/b.ndjson", Content::Text, |sink| Ok(sink.write_all(&[b'y'; 300_000])?)).unwrap();
            archive.member("evidence/0", Content::File(3), |sink| Ok(sink.write_all(b"abc")?)).unwrap();
            let members = archive.members().to_vec();
            archive.end().unwrap();
            members
        });
        let (bytes, is_whole) = bytes(parts).await;
        let members = writing.await.unwrap();
        assert!(is_whole && has_directory(&bytes) && bytes.len() < 10_000, "{}", bytes.len());
        let mut read = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        assert_eq!(read.len(), members.len());
        for (index, member) in members.iter().enumerate() {
            let mut file = read.by_index(index).unwrap();
            let mut content = Vec::new();
            io::Read::read_to_end(&mut file, &mut content).unwrap();
            assert_eq!(file.name().unwrap(), member.path);
            assert_eq!(
                (content.len() as u64, hex::encode(Sha256::digest(&content))),
                (member.bytes, member.sha256.clone())
            );
        }
        assert_eq!(members[2].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[tokio::test]
    async fn what_broke_off_is_no_archive() {
        for is_panic in [false, true] {
            let (pipe, parts) = Pipe::new(Handle::current(), Duration::from_secs(5));
            let writing = tokio::task::spawn_blocking(move || {
                let mut archive = Archive::begin(pipe, at());
                archive.member("a", Content::File(200_000), |sink| Ok(sink.write_all(&[1; 200_000])?)).unwrap();
                let broken = archive.member("b", Content::Text, |_| Err(Broken::Slow));
                assert!(broken.is_err() && !is_panic, "as the test wants it");
            });
            let (bytes, is_whole) = bytes(parts).await;
            assert_eq!(writing.await.is_err(), is_panic);
            assert!(!is_whole && bytes.len() > 100_000 && !has_directory(&bytes));
        }
    }
}
