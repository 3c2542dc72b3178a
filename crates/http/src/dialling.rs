//! Whoever is dialled from here: webhook endpoints, ticketing systems and identity providers. The addresses that are dialled are those that were
//! checked, redirects are not followed, and what comes back is bounded.

use crate::app::Fetch;
use crate::webhooks::look_up;
use ratchet_domain::ticket_connections::RequestMethod;
use ratchet_domain::webhook_endpoints::{Destination, Found, Reach};
use ratchet_tickets::{Dial, Doing, Failure, Request, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Method, redirect};
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a request may take, and how long a connection.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(5));
/// How long a connection is kept for the next request: the address is not checked anew as long as it lasts.
const KEPT: Duration = Duration::from_secs(10);
/// Bytes of an answer of a ticketing system that are read, at most.
const ANSWER: usize = 4 << 20;
/// Bytes of a document, at most.
const DOCUMENT: usize = 512 << 10;

/// Whoever dials.
#[derive(Clone)]
pub struct Dialler {
    reach: Arc<Reach>,
    /// Public addresses, and those that the operator allows.
    outwards: Client,
    /// The latter alone: without TLS, or at any port.
    inwards: Client,
}

impl Dialler {
    /// Dials what is within reach.
    ///
    /// # Errors
    /// When no TLS is there.
    pub fn new(reach: Reach) -> Result<Self, String> {
        let reach = Arc::new(reach);
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
                .map_err(|error| format!("nobody can be dialled: {error}"))
        };
        Ok(Self { outwards: client(false)?, inwards: client(true)?, reach })
    }

    /// Whoever dials this address.
    ///
    /// # Errors
    /// Why it is not dialled, in words.
    pub fn client_for(&self, url: &str) -> Result<&Client, String> {
        let destination = Destination::parse(url).map_err(|fault| format!("the address {}", fault.detail))?;
        // A literal address is dialled without asking the resolver; what the operator allows may have changed since.
        if destination.literal.is_some() {
            let checked = destination.check(&self.reach, &Found::Nothing);
            checked.map_err(|fault| format!("the address {}", fault.detail))?;
        }
        Ok(if destination.is_unusual() { &self.inwards } else { &self.outwards })
    }

    /// Reads documents, such as what an issuer publishes of itself.
    pub(crate) fn into_fetch(self) -> Fetch {
        Arc::new(move |url| {
            let dialler = self.clone();
            Box::pin(async move { dialler.read(url).await })
        })
    }

    async fn read(&self, url: String) -> Result<Vec<u8>, String> {
        let headers = vec![("accept".to_owned(), "application/json".to_owned())];
        let request = Request { method: RequestMethod::Get, url, headers, body: None };
        match self.ask(request, DOCUMENT).await {
            Ok(Response { status: 200, headers: _, body }) => Ok(body),
            Ok(Response { status, headers: _, body: _ }) => Err(format!("{status} was answered")),
            Err(failure) => Err(failure.words()),
        }
    }

    async fn ask(&self, request: Request, most: usize) -> Result<Response, Failure> {
        let Request { method, url, headers, body } = request;
        let client = self.client_for(&url).map_err(Failure::Unreachable)?;
        let method = match method {
            RequestMethod::Get => Method::GET,
            RequestMethod::Post => Method::POST,
            RequestMethod::Put => Method::PUT,
            RequestMethod::Patch => Method::PATCH,
        };
        let mut asked =
            headers.iter().fold(client.request(method, &url), |asked, (name, value)| asked.header(name, value));
        if let Some(body) = body {
            asked = asked.body(body);
        }
        let broken = |error: reqwest::Error| Failure::Unreachable(words_of(&error));
        let mut answer = asked.send().await.map_err(broken)?;
        let status = answer.status().as_u16();
        if (300..400).contains(&status) {
            return Err(Failure::Unreachable(format!("it answered {status}: redirects are not followed")));
        }
        let said = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = answer.headers().iter().filter_map(said).collect();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(broken)? {
            if body.len() + part.len() > most {
                return Err(Failure::Unreachable(format!("the answer is longer than {most} bytes")));
            }
            body.extend_from_slice(&part);
        }
        Ok(Response { status, headers, body })
    }
}

impl Dial for Dialler {
    fn dial<'a>(&'a self, request: Request) -> Doing<'a, Result<Response, Failure>> {
        Box::pin(self.ask(request, ANSWER))
    }
}

/// What went wrong, without what an address inside would tell.
#[must_use]
pub fn words_of(error: &reqwest::Error) -> String {
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
    reach: Arc<Reach>,
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
