//! One attempt: the addresses that are dialled are those that were checked, and what comes back is bounded.

use super::signature::signatures;
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::text::without_forbidden;
use ratchet_domain::webhook_endpoints::{Destination, Found, Reach, retry_after};
use ratchet_http::webhooks::look_up;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, redirect};
use std::error::Error as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long an attempt may take, and how long a connection.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(5));
/// How long is listened to what is answered behind the status, and how many bytes of it are kept.
const LISTENED: (Duration, usize) = (Duration::from_secs(2), 1024);
/// How long a connection is kept for the next event: the address is not checked anew as long as it lasts.
const KEPT: Duration = Duration::from_secs(10);

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
pub(super) struct Clients {
    reach: Reach,
    /// Public addresses, and those that the operator allows.
    outwards: Client,
    /// The latter alone: without TLS, or at any port.
    inwards: Client,
}

impl Clients {
    pub(super) fn new(reach: Reach) -> Result<Self, String> {
        let client = |allowed_alone| {
            let (whole, connecting) = PATIENCE;
            Client::builder()
                .user_agent(concat!("Ratchet/", env!("CARGO_PKG_VERSION")))
                .no_proxy()
                .redirect(redirect::Policy::none())
                .timeout(whole)
                .connect_timeout(connecting)
                .pool_idle_timeout(KEPT)
                .pool_max_idle_per_host(1)
                .dns_resolver(Guarded { reach: reach.clone(), allowed_alone })
                .build()
                .map_err(|error| format!("webhooks cannot be sent: {error}"))
        };
        Ok(Self { outwards: client(false)?, inwards: client(true)?, reach: reach.clone() })
    }

    /// Sends it, and waits for the answer.
    pub(super) async fn post(&self, letter: &Letter, now: DateTime<Utc>) -> Outcome {
        let began = Instant::now();
        let outcome = self.try_to_post(letter, now).await;
        Outcome { took: began.elapsed(), ..outcome }
    }

    async fn try_to_post(&self, letter: &Letter, now: DateTime<Utc>) -> Outcome {
        let failed = |error: String| Outcome { error: Some(error), ..Outcome::default() };
        let destination = match Destination::parse(&letter.url) {
            Ok(destination) => destination,
            Err(fault) => return failed(format!("the address {}", fault.detail)),
        };
        // A literal address is dialled without asking the resolver; what the operator allows may have changed since.
        if destination.literal.is_some()
            && let Err(fault) = destination.check(&self.reach, &Found::Nothing)
        {
            return failed(format!("the address {}", fault.detail));
        }
        let client = if destination.is_unusual() { &self.inwards } else { &self.outwards };
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

/// What went wrong, without what an address inside would tell.
fn words_of(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut deepest = String::new();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<Unreachable>() {
            return refused.to_string();
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return "the connection was refused".to_owned();
        }
        deepest = cause.to_string();
        source = cause.source();
    }
    if error.is_timeout() {
        return "there was no answer in time".to_owned();
    }
    if deepest.contains("certificate") {
        return format!("the connection is not trusted: {deepest}");
    }
    if error.is_connect() { "no connection was made".to_owned() } else { "the connection broke".to_owned() }
}

/// Resolves names to addresses all of which may be dialled: these are then dialled, and nobody looks them up again.
struct Guarded {
    reach: Reach,
    allowed_alone: bool,
}

/// Why a name is not dialled.
#[derive(Debug)]
enum Unreachable {
    Unknown,
    Forbidden,
}

impl std::fmt::Display for Unreachable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unknown => "the address names a host that is not known",
            Self::Forbidden => "the address leads to where nothing may be sent",
        })
    }
}

impl std::error::Error for Unreachable {}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, allowed_alone) = (self.reach.clone(), self.allowed_alone);
        Box::pin(async move {
            let Found::Addresses(addresses) = look_up(name.as_str()).await else {
                return Err(Unreachable::Unknown.into());
            };
            if !addresses.iter().all(|address| reach.may_dial(*address, 443, allowed_alone)) {
                return Err(Unreachable::Forbidden.into());
            }
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(url: &str) -> Letter {
        Letter { url: url.to_owned(), id: Uuid::nil(), body: b"{}".to_vec(), secrets: vec![vec![1; 32]] }
    }

    /// Whoever is dialled here would answer, if only by refusing: nobody is.
    #[tokio::test]
    async fn what_leads_inside_is_not_dialled() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let clients = Clients::new(Reach::default()).unwrap();
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
        let clients = Clients::new(Reach { allowed }).unwrap();
        let free = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
        for host in ["127.0.0.1", "localhost"] {
            let outcome = clients.post(&letter(&format!("http://{host}:{free}/")), DateTime::UNIX_EPOCH).await;
            assert_eq!(outcome.error.as_deref(), Some("the connection was refused"), "{host}");
        }
        let unknown = clients.post(&letter("https://nowhere.invalid/"), DateTime::UNIX_EPOCH).await;
        assert_eq!(unknown.error.as_deref(), Some("the address names a host that is not known"));
    }
}
