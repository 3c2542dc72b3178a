//! What the systems of the test's own have in common: requests as they come, and answers, over HTTP.

use serde_json::Value;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is asked.
pub struct Asked {
    pub method: String,
    /// As it came, with its query.
    pub target: String,
    /// The parts of the path.
    pub path: Vec<String>,
    pub query: BTreeMap<String, String>,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// `null` where there is none, or it is no JSON.
    pub body: Value,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn read(head: &str, body: &[u8]) -> Self {
        let mut lines = head.lines();
        let mut words = lines.next().unwrap().split(' ');
        let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let (path, query) = target.split_once('?').unwrap_or((target.as_str(), ""));
        let decoded =
            |part: &str| form_urlencoded::parse(format!("x={part}").as_bytes()).next().unwrap().1.into_owned();
        let path = path.trim_start_matches('/').split('/').map(decoded).collect();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { method, path, query, headers, body: serde_json::from_slice(body).unwrap_or_default(), target }
    }
}

/// What is answered.
pub enum Told {
    Answer(u16, Vec<(&'static str, String)>, Value),
    /// It was done, and nobody hears of it.
    Nothing,
}

impl Told {
    pub fn of(status: u16, body: Value) -> Self {
        Self::Answer(status, Vec::new(), body)
    }
}

/// Serves until the test is over; the port.
pub async fn serve(answer: impl Fn(&Asked) -> Told + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move { one(stream, answer).await });
        }
    });
    port
}

async fn one(mut stream: TcpStream, answer: impl Fn(&Asked) -> Told) {
    let mut bytes = Vec::new();
    let asked = loop {
        let mut part = [0; 4096];
        let Ok(read @ 1..) = stream.read(&mut part).await else { return };
        bytes.extend_from_slice(&part[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if bytes.len() >= end + 4 + length.unwrap_or(0) {
            break Asked::read(&head, &bytes[end + 4..]);
        }
    };
    let Told::Answer(status, headers, body) = answer(&asked) else { return };
    let said = body.to_string();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = said.len();
    let answer = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{said}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}
