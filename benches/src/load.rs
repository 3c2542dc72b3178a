//! Clients that keep a connection each and ask again as soon as they are answered. They do next to nothing beside
//! that: the machine is the server's.

use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What was reached.
pub struct Load {
    pub per_second: f64,
    pub median: Duration,
    pub slowest_hundredth: Duration,
}

/// Writes the next request, given the last answer's `ETag`.
type Next = Box<dyn FnMut(&str, &mut Vec<u8>) + Send>;

/// One client: its requests, and the status that each must get.
pub struct Client {
    next: Next,
    status: u16,
}

impl Client {
    /// The same request again and again.
    pub fn repeating(request: Vec<u8>, status: u16) -> Self {
        Self { next: Box::new(move |_, out| out.extend_from_slice(&request)), status }
    }

    /// Amends one record again and again, each time the version that the last answer showed.
    pub fn amending(path: String, token: String, mut etag: String) -> Self {
        let mut n = 0_u64;
        let next = move |last: &str, out: &mut Vec<u8>| {
            if !last.is_empty() {
                last.clone_into(&mut etag);
            }
            n += 1;
            let body = format!(r#"{{"title":"Critical patches late on laptops, {n}"}}"#);
            let head = format!(
                "PATCH {path} HTTP/1.1\r\nHost: ratchet\r\nAuthorization: Bearer {token}\r\nIf-Match: {etag}\r\n\
                 Content-Type: application/merge-patch+json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(body.as_bytes());
        };
        Self { next: Box::new(next), status: 200 }
    }
}

/// The bytes of a request that names the version it is about, where there is one.
pub fn conditional(method: &str, path: &str, token: &str, etag: &str, body: &str) -> Vec<u8> {
    let bytes = request(method, path, token, body);
    if etag.is_empty() {
        return bytes;
    }
    let text = String::from_utf8(bytes).expect("a request is text");
    text.replacen("Host: ratchet\r\n", &format!("Host: ratchet\r\nIf-Match: {etag}\r\n"), 1).into_bytes()
}

/// A request's bytes.
pub fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let bearer = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let content = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
    };
    format!("{method} {path} HTTP/1.1\r\nHost: ratchet\r\n{bearer}{content}\r\n{body}").into_bytes()
}

/// An answer, as far as anybody here wants to know.
pub struct Answer {
    pub status: u16,
    pub etag: String,
    pub body: Vec<u8>,
}

/// A connection that is kept.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("the socket is open");
        Self { stream, buffer: Vec::with_capacity(16 << 10) }
    }

    pub async fn ask(&mut self, request: &[u8]) -> Answer {
        self.stream.write_all(request).await.expect("the server reads");
        self.buffer.clear();
        let head = loop {
            self.read_more().await;
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head]).expect("a head is text");
        let status = text[9..12].parse().expect("a status line");
        let header = |name: &str| {
            text.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let length: usize = header("content-length").map_or(0, |length| length.parse().expect("a number"));
        let etag = header("etag").unwrap_or_default();
        while self.buffer.len() < head + length {
            self.read_more().await;
        }
        Answer { status, etag, body: self.buffer[head..head + length].to_vec() }
    }

    async fn read_more(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
        assert!(read > 0, "the server closed the connection");
    }
}

/// Warms up for a fifth of the time, then measures.
pub fn run(address: &str, clients: Vec<Client>, time: Duration) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut all = runtime.block_on(async {
        let from = Instant::now() + time / 5;
        let mut tasks = tokio::task::JoinSet::new();
        for client in clients {
            tasks.spawn(one(address.to_owned(), client, from, from + time));
        }
        tasks.join_all().await.concat()
    });
    all.sort_unstable();
    let at = |share: f64| all[((all.len() as f64 * share) as usize).min(all.len() - 1)];
    Load { per_second: all.len() as f64 / time.as_secs_f64(), median: at(0.5), slowest_hundredth: at(0.99) }
}

async fn one(address: String, mut client: Client, from: Instant, until: Instant) -> Vec<Duration> {
    let mut wire = Wire::open(&address).await;
    let (mut took, mut etag, mut bytes) = (Vec::new(), String::new(), Vec::new());
    loop {
        bytes.clear();
        (client.next)(&etag, &mut bytes);
        let began = Instant::now();
        if began >= until {
            return took;
        }
        let answer = wire.ask(&bytes).await;
        assert_eq!(answer.status, client.status, "{}", String::from_utf8_lossy(&answer.body));
        if began >= from {
            took.push(began.elapsed());
        }
        etag = answer.etag;
    }
}
