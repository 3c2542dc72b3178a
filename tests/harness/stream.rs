//! A stream of events, as a browser reads it.

use reqwest::Response;
use serde_json::Value;
use std::time::Duration;

/// How long something that is sent may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// One that is listened to.
pub struct Stream {
    response: Response,
    text: String,
    /// How far it was read: what a browser says in `Last-Event-ID` when it comes back.
    pub last_id: Option<u64>,
}

impl Stream {
    pub fn new(response: Response) -> Self {
        Self { response, text: String::new(), last_id: None }
    }

    /// The next event; `None` where the stream has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let data = block.lines().find_map(|line| line.strip_prefix("data: "));
                if let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) {
                    self.last_id = Some(id.parse().unwrap());
                }
                if let Some(data) = data {
                    return Some(serde_json::from_str(data).unwrap());
                }
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// What comes before any event: how far a reader has come.
    pub async fn beginning(&mut self) -> Vec<u8> {
        while !self.text.contains("\n\n") {
            assert!(self.more().await, "it ended before it began");
        }
        let (beginning, rest) = self.text.split_once("\n\n").unwrap();
        let (beginning, rest) = (format!("{beginning}\n\n"), rest.to_owned());
        self.last_id = beginning.lines().find_map(|line| line.strip_prefix("id: ")).map(|id| id.parse().unwrap());
        self.text = rest;
        beginning.into_bytes()
    }

    async fn more(&mut self) -> bool {
        let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("nothing came");
        match chunk.unwrap() {
            Some(chunk) => self.text.push_str(std::str::from_utf8(&chunk).unwrap()),
            None => return false,
        }
        true
    }
}
