//! Serve until told to stop.

use super::database::{Opened, open_migrated};
use super::people::{CHANGE_IT, found};
use crate::keys::Keys;
use crate::mail::Mail;
use crate::settings::{Fault, Settings};
use crate::source::source;
use crate::workers::{Tools, digests, tickets, webhooks};
use crate::{telemetry, workers};
use ratchet_domain::access::Role;
use ratchet_domain::webhook_endpoints::Reach;
use ratchet_http::app::{self, App};
use ratchet_persistence::connection::{Address, AnyConnection};
use ratchet_persistence::files::Files;
use ratchet_persistence::journal::rotation;
use ratchet_persistence::journal::sequencer::Signer;
use ratchet_persistence::store::Store;
use ratchet_persistence::{evidence, organisations};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What a database without an organisation begins with.
#[derive(Debug, Clone, Copy)]
pub(super) enum First {
    /// One that is empty, with one member.
    Empty,
    /// The sample.
    Sample,
}

pub(crate) fn serve(settings: &Settings) -> Result<ExitCode, Fault> {
    serve_with(settings, First::Empty)
}

pub(super) fn serve_with(settings: &Settings, first: First) -> Result<ExitCode, Fault> {
    telemetry::start(settings)?;
    let mut opened = open_migrated(settings)?;
    opened.attend()?;
    let newest = rotation::newest(&mut opened.connection).map_err(|error| error.to_string())?;
    let keys = if newest.is_some() { Keys::existing(settings)? } else { Keys::load(settings)? };
    sweep(settings, &mut opened)?;
    let is_first = organisations::count(&mut opened.connection).map_err(|error| error.to_string())? == 0;
    let listener = listen(settings)?;
    let url = format!("http://{}", listener.local_addr().map_err(|error| error.to_string())?);
    let app_settings = app_settings(settings, &url);
    let store = Store::open(&opened.address, settings.connections).map_err(|error| error.to_string())?;
    let app_keys = keys.of_the_api();
    let public_url = app_settings.public_url.clone();
    let files = Files::new(settings.evidence_directory());
    let app = App::new(store.clone(), source(), app_settings, &app_keys)?;
    let (sent, figures, key_uses) = (app.digest_figures(), app.worker_figures(), app.key_uses());
    let webhooks = webhooks::Sender::new(app.dialler(), app.webhook_seal(), app.webhook_figures());
    let comparer = tickets::Comparer::new(app.dialler(), app.ticket_seal());
    let signer = signer(&keys, &public_url, &mut opened.connection)?;
    opened.stay();
    actix_web::rt::System::new().block_on(async move {
        match (is_first, first) {
            (true, First::Empty) => welcome(&store, &url).await?,
            (true, First::Sample) => super::demo::welcome(&store, files, &url).await?,
            (false, First::Sample) => super::demo::welcome_back(&store, &url).await?,
            (false, First::Empty) => {}
        }
        let tools = Tools { store: store.in_background(), source: source(), figures };
        tokio::spawn(workers::sequence(tools.clone(), signer));
        tokio::spawn(workers::evaluate(tools.clone()));
        tokio::spawn(workers::wake(tools.clone()));
        tokio::spawn(workers::take_in_reports(tools.clone()));
        tokio::spawn(workers::keep_readiness(tools.clone()));
        tokio::spawn(workers::measure_built_in(tools.clone()));
        tokio::spawn(workers::remove_measurements(tools.clone()));
        // The people of the sample have no mailboxes.
        let mail = Mail::of(settings)?.filter(|_| matches!(first, First::Empty));
        if let Some(mail) = mail {
            let sender = digests::Sender::new(mail, &public_url, sent);
            tokio::spawn(workers::send_digests(tools.clone(), sender));
        }
        tokio::spawn(workers::send_webhooks(tools.clone(), webhooks.clone()));
        tokio::spawn(workers::keep_webhooks(tools.clone(), webhooks));
        tokio::spawn(workers::compare_tickets(tools.clone(), comparer));
        tokio::spawn(workers::note_key_uses(tools.clone(), key_uses.clone()));
        tokio::spawn(workers::follow(tools.clone()));
        println!("Serving on {url}");
        let server = ratchet_http::serve(Arc::new(app), listener, settings.workers);
        server.map_err(|error| error.to_string())?.await.map_err(|error| error.to_string())?;
        workers::note_key_uses_once(&tools, &key_uses).await;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
}

/// Another replica on the same database may be about to write the record of a file as old as this.
const GRACE: Duration = Duration::from_secs(3600);

/// Removes files of evidence that no record names: their upload never came to its end.
fn sweep(settings: &Settings, opened: &mut Opened) -> Result<(), Fault> {
    let now = SystemTime::from((source().now)());
    let limit = match opened.address {
        Address::Sqlite(_) => now,
        Address::Postgres(_) => now - GRACE,
    };
    let connection = &mut opened.connection;
    let known = |organisation, sha256: &str| {
        evidence::has_content(organisation, sha256, connection).map_err(std::io::Error::other)
    };
    let removed = Files::new(settings.evidence_directory()).sweep(limit, known).map_err(|error| error.to_string())?;
    if removed > 0 {
        tracing::info!(files = removed, "uploads that never came to their end were removed");
    }
    Ok(())
}

fn listen(settings: &Settings) -> Result<TcpListener, Fault> {
    let (host, port) = (settings.host, settings.port);
    TcpListener::bind((host, port)).map_err(|error| format!("{host}:{port}: {error}"))
}

fn app_settings(settings: &Settings, url: &str) -> app::Settings {
    app::Settings {
        public_url: settings.public_url.clone().unwrap_or_else(|| url.to_owned()),
        cors_origins: settings.cors_origins.clone(),
        body_limit: settings.body_limit,
        evidence_limit: settings.evidence_limit,
        evidence_directory: settings.evidence_directory(),
        requests_per_minute: settings.requests_per_minute,
        logins_per_minute: settings.logins_per_minute,
        reports_per_minute: settings.reports_per_minute,
        calendars_per_minute: settings.calendars_per_minute,
        trusted_proxies: settings.trusted_proxies.clone(),
        security_contacts: settings.security_contacts.clone(),
        webhook_reach: Reach { allowed: settings.webhook_allow.clone() },
        ..app::Settings::default()
    }
}

/// Who signs the journals: under the name that they have, and only with a key that has signed them, or one that it vouches
/// for. Two keys in turns, or a new one by mistake, would leave a journal that nobody can verify.
fn signer(keys: &Keys, public_url: &str, connection: &mut AnyConnection) -> Result<Signer, Fault> {
    let mut signer = keys.signer(origin_of(public_url));
    let failed = |error: ratchet_persistence::error::Error| error.to_string();
    rotation::countersign(&signer, connection).map_err(failed)?;
    if let Some(newest) = rotation::newest(connection).map_err(failed)? {
        if !signer.has_signed(&newest) {
            return Err(
                "the journals in this database were signed with another key: start with the `keys` that belong to \
                        them, or, where these are lost for good, see `ratchet journal replace-lost-key --help`"
                    .to_owned(),
            );
        }
        signer.keep_name(&newest);
    }
    Ok(signer)
}

/// What checkpoints call this instance: its address without the scheme (C2SP tlog-checkpoint).
pub(crate) fn origin_of(public_url: &str) -> String {
    public_url.split_once("://").map_or(public_url, |(_, rest)| rest).trim_end_matches('/').to_owned()
}

/// The first start: an organisation, somebody who may do everything in it, and how to log in. Shown once.
async fn welcome(store: &Store, url: &str) -> Result<(), Fault> {
    const EMAIL: &str = "admin@localhost";
    let roles = &[Role::Admin, Role::IsmsManager];
    let (_, password) = found(store, &source(), "My organisation", EMAIL, roles).await?;
    println!("This is the first start. An organisation was made, with one member: admin and ISMS manager.");
    println!("  e-mail    {EMAIL}");
    println!("  password  {}   (shown only now; {CHANGE_IT})", password);
    println!("  curl -s {url}/v1/auth/login -H 'Content-Type: application/json' \\");
    println!("    -d '{{\"email\":\"{EMAIL}\",\"password\":\"...\"}}'");
    Ok(())
}

/// Asks `/readyz` of a server with the same settings.
pub(crate) fn health(settings: &Settings) -> Result<ExitCode, Fault> {
    let host = if settings.host.is_unspecified() { "127.0.0.1".to_owned() } else { settings.host.to_string() };
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect((host.as_str(), settings.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().map_err(|error| error.to_string())?;
    if answer.starts_with("HTTP/1.1 200") {
        return Ok(ExitCode::SUCCESS);
    }
    Err(answer.lines().next().unwrap_or("no answer").to_owned())
}
