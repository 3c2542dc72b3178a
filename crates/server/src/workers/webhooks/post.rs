//! One attempt, and what came of it.

use super::signature::signatures;
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::text::without_forbidden;
use ratchet_domain::webhook_endpoints::retry_after;
use ratchet_http::dialling::{Dialler, words_of};
use reqwest::Response;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long is listened to what is answered behind the status, and how many bytes of it are kept.
const LISTENED: (Duration, usize) = (Duration::from_secs(2), 1024);

/// What is sent.
pub(super) struct Letter {
    pub(super) url: String,
    /// The same whenever the event is sent.
    pub(super) id: Uuid,
    pub(super) body: Vec<u8>,
    pub(super) secrets: Vec<Vec<u8>>,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) status: Option<u16>,
    pub(super) retry_after: Option<TimeDelta>,
    pub(super) took: Duration,
    pub(super) answer: Option<String>,
    pub(super) error: Option<String>,
}

/// Whoever dials.
pub(super) struct Clients(Dialler);

impl Clients {
    pub(super) fn new(dialler: Dialler) -> Self {
        Self(dialler)
    }

    /// Sends it, and waits for the answer.
    pub(super) async fn post(&self, letter: &Letter, now: DateTime<Utc>) -> Outcome {
        let began = Instant::now();
        let outcome = self.try_to_post(letter, now).await;
        Outcome { took: began.elapsed(), ..outcome }
    }

    async fn try_to_post(&self, letter: &Letter, now: DateTime<Utc>) -> Outcome {
        let failed = |error: String| Outcome { error: Some(error), ..Outcome::default() };
        let client = match self.0.client_for(&letter.url) {
            Ok(client) => client,
            Err(error) => return failed(error),
        };
        let Letter { url, id, body, secrets } = letter;
        let timestamp = now.timestamp();
        let request = client
            .post(url)
            .header("content-type", "application/cloudevents+json; charset=utf-8")
            .header("webhook-id", id.to_string())
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures(secrets, *id, timestamp, body))
            .body(body.clone());
        match request.send().await {
            Ok(response) => heard(response, now).await,
            Err(error) => failed(words_of(&error)),
        }
    }
}

async fn heard(response: Response, now: DateTime<Utc>) -> Outcome {
    let status = response.status();
    let asked = response.headers().get("retry-after").and_then(|value| retry_after(value.to_str().ok()?, now));
    let error = match status.as_u16() {
        200..=299 => None,
        code @ 300..=399 => Some(format!("the receiver answered {code}: redirects are not followed")),
        code => Some(format!("the receiver answered {code}")),
    };
    Outcome {
        status: Some(status.as_u16()),
        retry_after: asked,
        answer: beginning(response).await,
        error,
        ..Outcome::default()
    }
}

/// The beginning of the answer, as text.
async fn beginning(mut response: Response) -> Option<String> {
    let ((patience, most), mut bytes) = (LISTENED, Vec::new());
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            bytes.extend_from_slice(chunk.get(..most - bytes.len()).unwrap_or(&chunk));
            if bytes.len() >= most {
                break;
            }
        }
    };
    // What came in time is kept.
    let _ = tokio::time::timeout(patience, read).await;
    (!bytes.is_empty()).then(|| without_forbidden(&String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratchet_domain::webhook_endpoints::Reach;

    fn letter(url: &str) -> Letter {
        Letter { url: url.to_owned(), id: Uuid::nil(), body: b"{}".to_vec(), secrets: vec![vec![1; 32]] }
    }

    /// Whoever is dialled here would answer, if only by refusing: nobody is.
    #[tokio::test]
    async fn what_leads_inside_is_not_dialled() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let clients = Clients::new(Dialler::new(Reach::default()).unwrap());
        for (url, expected) in [
            (format!("http://127.0.0.1:{port}/"), "the address must begin with https://"),
            (format!("https://127.0.0.1:{port}/"), "the address must be at port 443 or 8443"),
            ("https://127.0.0.1/".to_owned(), "the address must lead to a public address"),
            ("https://[::1]/".to_owned(), "the address must lead to a public address"),
            (format!("http://localhost:{port}/"), "the address leads to where nothing may be sent"),
            ("https://localhost/".to_owned(), "the address leads to where nothing may be sent"),
        ] {
            let outcome = clients.post(&letter(&url), DateTime::UNIX_EPOCH).await;
            let told = outcome.error.unwrap();
            assert!(told.starts_with(expected) && outcome.status.is_none(), "{url}: {told}");
        }
        assert!(listener.accept().is_err(), "somebody was dialled");
        // Where the operator allows it, the same address is dialled, by name and by number.
        let allowed = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap()).to_vec();
        let clients = Clients::new(Dialler::new(Reach { allowed }).unwrap());
        let free = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
        for host in ["127.0.0.1", "localhost"] {
            let outcome = clients.post(&letter(&format!("http://{host}:{free}/")), DateTime::UNIX_EPOCH).await;
            assert_eq!(outcome.error.as_deref(), Some("the connection was refused"), "{host}");
        }
        let unknown = clients.post(&letter("https://nowhere.invalid/"), DateTime::UNIX_EPOCH).await;
        assert_eq!(unknown.error.as_deref(), Some("the address names a host that is not known"));
    }
}
