//! What every request shares: the store, the keys, and where time, ids and randomness come from.

use crate::caller::Callers;
use crate::cursor::hash_under;
use crate::dialling::Dialler;
use crate::issuers::Issuers;
use crate::key_uses::KeyUses;
use crate::limits::Limits;
use crate::listeners::Listeners;
use crate::observe::{DigestFigures, Metrics, WebhookFigures, WorkerFigures};
use crate::packs::Places;
use crate::sealing::Seal;
use crate::tokens::Tokens;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use ed25519_dalek::{SigningKey, VerifyingKey};
use ratchet_domain::access::Actor;
use ratchet_domain::webhook_endpoints::Reach;
use ratchet_persistence::files::Files;
use ratchet_persistence::store::Store;
use ratchet_persistence::tx::Context;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use uuid::Uuid;

/// Time, ids and randomness, passed in by the program; tests pass fixed ones.
#[derive(Clone)]
pub struct Source {
    /// The clock.
    pub now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// Time-ordered ids (UUID v7).
    pub id: Arc<dyn Fn() -> Uuid + Send + Sync>,
    /// Bytes that nobody can guess.
    pub random: Arc<dyn Fn() -> [u8; 32] + Send + Sync>,
}

/// What lies at an address outside, or why it cannot be had. Where it may lead, how long it may take and how much it may be is
/// for the program to bound.
pub type Fetch = Arc<dyn Fn(String) -> Fetching + Send + Sync>;
/// One such question.
pub type Fetching = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>;

/// What is set from outside.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address under which clients see the server; the tokens' issuer and audience.
    pub public_url: String,
    /// Origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// The largest JSON body, in bytes after decompression.
    pub body_limit: usize,
    /// The largest file of evidence, in bytes.
    pub evidence_limit: u64,
    /// Where files of evidence lie.
    pub evidence_directory: PathBuf,
    /// How long a body may take to arrive; for a file, how long its next part may take.
    pub body_patience: std::time::Duration,
    /// Requests per minute and caller.
    pub requests_per_minute: u32,
    /// Logins per minute and address; the bound against guessing one password is a third of it.
    pub logins_per_minute: u32,
    /// Requests per minute and address that come through the public report link.
    pub reports_per_minute: u32,
    /// Requests per minute and address for calendars.
    pub calendars_per_minute: u32,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// To whom weaknesses of the server are told, as URIs; nobody where it is empty.
    pub security_contacts: Vec<String>,
    /// Where events may be sent, and where ticketing systems may be.
    pub webhook_reach: Reach,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            cors_origins: Vec::new(),
            body_limit: 1 << 20,
            evidence_limit: 100 << 20,
            evidence_directory: "evidence".into(),
            body_patience: std::time::Duration::from_secs(30),
            requests_per_minute: 6_000,
            logins_per_minute: 30,
            reports_per_minute: 10,
            calendars_per_minute: 120,
            trusted_proxies: Vec::new(),
            security_contacts: Vec::new(),
            webhook_reach: Reach::default(),
        }
    }
}

/// A key that signed access tokens until it was replaced: what it has signed by then is accepted for as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerTokenKey {
    /// Its public half.
    pub key: VerifyingKey,
    /// When another took its place.
    pub replaced_at: DateTime<Utc>,
}

/// The keys of one instance; a file of mode 0600 or the environment holds them, never the database.
pub struct Keys {
    /// Signs access tokens.
    pub token: SigningKey,
    /// Signed them before.
    pub former_token: Option<FormerTokenKey>,
    /// Verifies checkpoints of the journal; the sequencer alone signs.
    pub journal: VerifyingKey,
    /// Signs cursors and derives refresh tokens' successors.
    pub secret: [u8; 32],
}

/// What every request shares.
pub struct App {
    pub(crate) store: Store,
    pub(crate) files: Files,
    pub(crate) source: Source,
    pub(crate) settings: Settings,
    pub(crate) tokens: Tokens,
    pub(crate) journal_key: VerifyingKey,
    pub(crate) secret: [u8; 32],
    pub(crate) callers: Callers,
    pub(crate) key_uses: KeyUses,
    pub(crate) limits: Limits,
    pub(crate) listeners: Listeners,
    pub(crate) metrics: Metrics,
    pub(crate) hashing: tokio::sync::Semaphore,
    pub(crate) packs: Places,
    pub(crate) webhook_seal: Seal,
    pub(crate) ticket_seal: Seal,
    pub(crate) dialler: Dialler,
    pub(crate) fetch: Fetch,
    pub(crate) issuers: Issuers,
}

/// Passwords that are hashed at the same time: each takes 19 MiB and a core.
const HASHING: usize = 2;

impl App {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When a key cannot be used.
    pub fn new(store: Store, source: Source, settings: Settings, keys: &Keys) -> Result<Self, String> {
        let metrics = Metrics::default();
        let dialler = Dialler::new(settings.webhook_reach.clone())?;
        Ok(Self {
            tokens: Tokens::new(&keys.token, keys.former_token.clone(), &settings.public_url)?,
            journal_key: keys.journal,
            secret: keys.secret,
            files: Files::new(&settings.evidence_directory),
            callers: Callers::default(),
            key_uses: KeyUses::default(),
            limits: Limits::new(&settings),
            listeners: Listeners::new(metrics.listeners.clone()),
            metrics,
            hashing: tokio::sync::Semaphore::new(HASHING),
            packs: Places::default(),
            webhook_seal: Seal::new(&hash_under(&keys.secret, "webhook secrets", &[]))?,
            ticket_seal: Seal::new(&hash_under(&keys.secret, "ticket secrets", &[]))?,
            fetch: dialler.clone().into_fetch(),
            dialler,
            issuers: Issuers::default(),
            store,
            source,
            settings,
        })
    }

    /// The same, asking outside in this way.
    #[must_use]
    pub fn asking(self, fetch: Fetch) -> Self {
        Self { fetch, ..self }
    }

    /// Where the worker that sends the daily digests counts them.
    #[must_use]
    pub fn digest_figures(&self) -> DigestFigures {
        self.metrics.digests.clone()
    }

    /// Where the worker that sends events counts them.
    #[must_use]
    pub fn webhook_figures(&self) -> WebhookFigures {
        self.metrics.webhooks.clone()
    }

    /// Whoever dials webhook endpoints and ticketing systems.
    #[must_use]
    pub fn dialler(&self) -> Dialler {
        self.dialler.clone()
    }

    /// When API keys were used last, for the worker that writes it down.
    #[must_use]
    pub fn key_uses(&self) -> KeyUses {
        self.key_uses.clone()
    }

    /// Where workers say how they get on.
    #[must_use]
    pub fn worker_figures(&self) -> WorkerFigures {
        self.metrics.workers.clone()
    }

    /// Now, in microseconds: what both databases keep.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        in_microseconds((self.source.now)())
    }

    pub(crate) fn context(&self, actor: Actor, request: Option<String>, dry_run: bool) -> Context {
        let Source { now, id, random } = self.source.clone();
        Context {
            actor,
            now: Box::new(move || in_microseconds(now())),
            request,
            dry_run,
            next_id: Box::new(move || id()),
            next_salt: Box::new(move || first(&random())),
        }
    }
}

fn in_microseconds(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}

/// So many random bytes as are needed, at most 32.
pub(crate) fn first<const N: usize>(random: &[u8; 32]) -> [u8; N] {
    let mut first = [0; N];
    first.iter_mut().zip(random).for_each(|(byte, drawn)| *byte = *drawn);
    first
}
