//! The way of a pack's bytes to whoever takes it: bounded, so that what is written waits for what is taken.

use crate::error::ApiError;
use actix_web::web::Bytes;
use futures_util::Stream;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Bytes sent at once.
const CHUNK: usize = 64 << 10;
/// Parts that may wait to be taken.
const WAITING: usize = 8;

/// What goes through.
pub(super) enum Part {
    /// The next bytes.
    Bytes(Bytes),
    /// That these were all: what ends without it has broken off.
    Whole,
}

/// Closes a pipe: from then on what is written into it goes nowhere.
#[derive(Clone, Default)]
pub(super) struct Valve(Arc<AtomicBool>);

impl Valve {
    pub(super) fn close(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Where bytes go in, on a thread that may wait.
pub(super) struct Pipe {
    parts: Sender<Part>,
    runtime: Handle,
    patience: Duration,
    buffer: Vec<u8>,
    valve: Valve,
}

impl Pipe {
    /// A pipe whose next part is waited for no longer than this, and its other end.
    pub(super) fn new(runtime: Handle, patience: Duration) -> (Self, Receiver<Part>) {
        let (parts, taken) = mpsc::channel(WAITING);
        (Self { parts, runtime, patience, buffer: Vec::with_capacity(CHUNK), valve: Valve::default() }, taken)
    }

    pub(super) fn valve(&self) -> Valve {
        self.valve.clone()
    }

    /// Sends what is left, and that it is all.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.flush()?;
        self.send(Part::Whole)
    }

    fn send(&mut self, part: Part) -> io::Result<()> {
        let sent = self.runtime.block_on(self.parts.send_timeout(part, self.patience));
        sent.map_err(|error| match error {
            SendTimeoutError::Closed(_) => io::Error::from(ErrorKind::BrokenPipe),
            SendTimeoutError::Timeout(_) => io::Error::from(ErrorKind::TimedOut),
        })
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.valve.0.load(Ordering::Acquire) {
            return Ok(bytes.len());
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() || self.valve.0.load(Ordering::Acquire) {
            return Ok(());
        }
        let bytes = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.send(Part::Bytes(Bytes::from(bytes)))
    }
}

/// What comes out of it. Where the writer ended without saying that it was done the answer breaks off as well, so that no
/// client takes it for all.
pub(super) fn taken(parts: Receiver<Part>) -> impl Stream<Item = Result<Bytes, ApiError>> {
    futures_util::stream::unfold(Some(parts), |parts| async {
        let mut parts = parts?;
        match parts.recv().await {
            Some(Part::Bytes(bytes)) => Some((Ok(bytes), Some(parts))),
            Some(Part::Whole) => None,
            None => Some((Err(ApiError::Internal("a pack broke off".to_owned())), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    async fn read(parts: Receiver<Part>) -> (Vec<u8>, bool) {
        let (mut bytes, mut is_whole) = (Vec::new(), true);
        let mut stream = Box::pin(taken(parts));
        while let Some(part) = stream.next().await {
            match part {
                Ok(part) => bytes.extend_from_slice(&part),
                Err(_) => is_whole = false,
            }
        }
        (bytes, is_whole)
    }

    async fn written(write: impl FnOnce(Pipe) + Send + 'static) -> (Vec<u8>, bool) {
        let (pipe, parts) = Pipe::new(Handle::current(), Duration::from_secs(5));
        let writing = tokio::task::spawn_blocking(move || write(pipe));
        let read = read(parts).await;
        let _ = writing.await;
        read
    }

    #[tokio::test]
    async fn what_was_written_comes_out_and_nothing_less_passes_for_all() {
        let much = vec![7; 3 * CHUNK + 5];
        let sent = much.clone();
        let whole = written(move |mut pipe| {
            pipe.write_all(&sent).unwrap();
            pipe.end().unwrap();
        });
        assert_eq!(whole.await, (much, true));
        let lost = written(|mut pipe| pipe.write_all(b"begun").unwrap());
        assert_eq!(lost.await, (Vec::new(), false));
        let closed = written(|mut pipe| {
            pipe.write_all(&[1; CHUNK]).unwrap();
            pipe.valve().close();
            pipe.write_all(&[2; CHUNK]).unwrap();
            pipe.flush().unwrap();
        });
        assert_eq!(closed.await, (vec![1; CHUNK], false));
    }

    #[tokio::test]
    async fn whoever_goes_or_takes_nothing_ends_the_work() {
        let (mut pipe, parts) = Pipe::new(Handle::current(), Duration::from_millis(50));
        let writing = tokio::task::spawn_blocking(move || {
            let fault = std::iter::repeat_with(|| pipe.write_all(&[0; CHUNK])).find_map(Result::err);
            fault.unwrap().kind()
        });
        assert_eq!(writing.await.unwrap(), ErrorKind::TimedOut, "nobody takes it");
        drop(parts);
        let (mut pipe, parts) = Pipe::new(Handle::current(), Duration::from_secs(5));
        drop(parts);
        let writing = tokio::task::spawn_blocking(move || pipe.write_all(&[0; CHUNK]).unwrap_err().kind());
        assert_eq!(writing.await.unwrap(), ErrorKind::BrokenPipe);
    }
}
