//! Packs: one ZIP, of one moment, written as it is sent.
//!
//! What is read from the database is read first, out of one snapshot on a connection of its own; the files of evidence
//! follow when that has ended, so that however long they take nobody else waits. The manifest comes last: it says what
//! there is, not what there was to be.

mod archive;
mod columns;
mod manifest;
mod pipe;
mod places;
mod registers;
mod single;

use crate::app::App;
use crate::caller::Call;
use crate::error::ApiError;
use crate::v1::journal::{Export, checkpoint_view};
use crate::v1::records;
use actix_web::HttpResponse;
use actix_web::http::header;
use archive::{Archive, Content};
use chrono::{DateTime, NaiveDate, Utc};
use manifest::{Absent, Log, Manifest, Named, Scripts};
use pipe::Pipe;
use places::Place;
use ratchet_domain::access::{Actor, Cell};
use ratchet_domain::audits::Audit;
use ratchet_domain::change::Record;
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::management_reviews::ManagementReview;
use ratchet_domain::of_kind;
use ratchet_domain::packs::{PackKind, Selection, Span};
use ratchet_domain::reference::Locator;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error as StoreError;
use ratchet_persistence::files::Content as Kept;
use ratchet_persistence::journal::reading;
use ratchet_persistence::store::Snapshot;
use ratchet_persistence::{evidence, members, organisations, restrictions, settings};
use registers::{Piece, Register, Which};
use std::collections::HashSet;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

pub(crate) use places::Places;

/// How long a pack may hold on to one moment of the database. A client that takes it too slowly for that is told so by an
/// end that comes early.
const MOMENT: Duration = Duration::from_secs(600);
/// How long its files may take after that: whoever takes them slowly has one of few places.
const FILES: Duration = Duration::from_secs(3600);
/// What is said where there are too many.
const WRITTEN: &str = "As many packs as can be are written at this moment, one for an organisation";
/// How long the sequencer is waited for.
const SEQUENCING: Duration = Duration::from_secs(1);
/// Bytes of a file that are read at once.
const CHUNK: usize = 64 << 10;

/// Why a pack is not whole.
#[derive(Debug, thiserror::Error)]
enum Broken {
    /// The store's failure, or a record's.
    #[error(transparent)]
    Failed(#[from] ApiError),
    /// The disk's failure, or nobody takes it any more.
    #[error(transparent)]
    Lost(#[from] io::Error),
    /// It held on to its moment or its place for too long.
    #[error("it took too long")]
    Slow,
    /// A file had to go by law while it was written.
    #[error("a file was erased meanwhile")]
    Erased,
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Which pack is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// One of the kinds, and the days to which it is narrowed.
    Kind(PackKind, Option<NaiveDate>, Option<NaiveDate>),
    /// That of one management review.
    Review(Locator),
    /// That of one audit.
    Audit(Locator),
}

impl Asked {
    /// What the file is called, and what the manifest says it is.
    fn name(self) -> &'static str {
        match self {
            Self::Kind(kind, _, _) => kind.into(),
            Self::Review(_) => "management-review",
            Self::Audit(_) => "audit-report",
        }
    }
}

/// What is put into it.
enum Subject {
    Kind(PackKind, Span),
    Review(Box<ManagementReview>),
    Audit(Box<Audit>),
}

/// A pack that can be written.
struct Opened {
    /// Kept until it is written, whoever waits for that.
    place: Place,
    snapshot: Snapshot,
    asked: Asked,
    by: Actor,
    subject: Subject,
    taken_at: DateTime<Utc>,
    taken_by: Named,
    organisation: Named,
    log: Option<Log>,
}

/// What reads records out of the snapshot, and what it came across.
struct Reader<'a> {
    connection: &'a mut AnyConnection,
    by: Actor,
    selection: Selection,
    until: Instant,
    pieces: Vec<Piece>,
    registers: Vec<Register>,
    concealed: Vec<String>,
}

/// Answers with a pack. Refusals are the caller's to make before.
pub(crate) async fn send(call: &Call, asked: Asked) -> Result<HttpResponse, ApiError> {
    let place = call.app.packs.take(call.actor.organisation.0).ok_or(ApiError::Occupied(WRITTEN))?;
    let (app, by) = (call.app.clone().into_inner(), call.actor.clone());
    let opening = {
        let app = app.clone();
        tokio::task::spawn_blocking(move || open(&app, by, asked, place))
    };
    let opened = opening.await.map_err(|error| ApiError::Internal(error.to_string()))??;
    let (day, name) = (opened.taken_at.date_naive(), asked.name());
    let (pipe, parts) = Pipe::new(Handle::current(), app.settings.body_patience);
    tokio::task::spawn_blocking(move || match write(&app, opened, pipe) {
        Ok(()) => {}
        Err(Broken::Lost(error)) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::TimedOut) => {
            tracing::info!("a pack was not taken to its end");
        }
        Err(error) => tracing::error!(%error, "a pack broke off"),
    });
    Ok(HttpResponse::Ok()
        .insert_header(header::ContentEncoding::Identity)
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}-{day}.zip\"")))
        .insert_header(("content-security-policy", "sandbox; default-src 'none'"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .streaming(pipe::taken(parts)))
}

/// Takes the moment, and says who takes it.
fn open(app: &App, by: Actor, asked: Asked, place: Place) -> Result<Opened, ApiError> {
    if let Asked::Kind(kind, _, _) = asked
        && kind.holds_journal()
    {
        wait_for_sequencer(app, by.organisation)?;
    }
    let mut snapshot = app.store.snapshot()?;
    let connection = snapshot.connection();
    let (organisation, member) = (by.organisation, by.member());
    let note = reading::checkpoint(organisation, None, connection)?;
    // Not before the moment: nothing in the pack is younger than it says it is.
    let taken_at = app.now();
    // What was restricted since the caller was looked up is kept, too.
    let by = by.without(restrictions::withheld(organisation, member, connection)?);
    let subject = match asked {
        Asked::Kind(kind, from, until) => {
            // The checkpoint comes a moment after the first entry.
            if kind.holds_journal() && note.is_none() {
                return Err(ApiError::Busy);
            }
            let rules = settings::rules(organisation, connection)?;
            let behind = until.and_then(|day| day.succ_opt());
            let span = Span { from: from.map(|day| rules.start_of(day)), until: behind.map(|day| rules.start_of(day)) };
            Subject::Kind(kind, span)
        }
        Asked::Review(locator) => Subject::Review(Box::new(records::get(locator, &by, connection)?)),
        Asked::Audit(locator) => Subject::Audit(Box::new(records::get(locator, &by, connection)?)),
    };
    let log = note.map(|note| checkpoint_view(app, note)).transpose()?.map(Log::from);
    let organisation = Named::organisation(organisation, organisations::name(organisation, connection)?);
    let taken_by = taker(&by, member, connection)?;
    Ok(Opened { place, snapshot, asked, by, subject, taken_at, taken_by, organisation, log })
}

/// A journal proves what has a position: most often all of it a moment later. Where something is always just being written
/// the pack is taken all the same, and its verifier names what the journal in it does not prove yet.
fn wait_for_sequencer(app: &App, organisation: OrganisationId) -> Result<(), ApiError> {
    let until = Instant::now() + SEQUENCING;
    let is_settled = move |connection: &mut _| Ok::<_, ApiError>(reading::is_settled(organisation, connection)?);
    while !Handle::current().block_on(app.store.read(is_settled))? && Instant::now() < until {
        std::thread::sleep(SEQUENCING / 10);
    }
    Ok(())
}

fn taker(by: &Actor, member: Option<MemberId>, connection: &mut AnyConnection) -> Result<Named, ApiError> {
    let ids: Vec<MemberId> = member.into_iter().collect();
    let found = members::names(by.organisation, &ids, connection)?.into_iter().next();
    let (id, reference, name) = found.ok_or(ApiError::NotFound)?;
    Ok(Named { id: id.0, reference: Some(reference), name })
}

/// Writes it, on a thread that may wait.
fn write(app: &Arc<App>, opened: Opened, pipe: Pipe) -> Result<(), Broken> {
    let Opened { place, mut snapshot, asked, by, subject, taken_at, taken_by, organisation, log } = opened;
    let mut archive = Archive::begin(pipe, taken_at);
    let mut manifest = Manifest::new(asked, taken_at, taken_by, organisation, log);
    archive.text("README.txt", &manifest.read_me())?;
    for (name, text) in Scripts::ALL {
        archive.text(name, text)?;
    }
    let (kind, span) = match &subject {
        Subject::Kind(kind, span) => (*kind, *span),
        Subject::Review(_) | Subject::Audit(_) => (PackKind::Audit, Span::default()),
    };
    let mut reader = Reader {
        connection: snapshot.connection(),
        by,
        selection: Selection::new(kind, span),
        until: Instant::now() + MOMENT,
        pieces: Vec::new(),
        registers: Vec::new(),
        concealed: Vec::new(),
    };
    match &subject {
        Subject::Kind(kind, _) => write_kind(*kind, &mut reader, &mut archive, manifest.log.as_ref())?,
        Subject::Review(review) => single::write_review(review, &mut reader, &mut archive)?,
        Subject::Audit(audit) => single::write_audit(audit, &mut reader, &mut archive)?,
    }
    let Reader { connection: _, by, pieces, registers, concealed, .. } = reader;
    drop(snapshot);
    manifest.record = subject.record();
    (manifest.registers, manifest.concealed) = (registers, concealed);
    manifest.absent = write_files(app, &by, pieces, &mut archive)?;
    manifest.members = archive.members().to_vec();
    let text = serde_json::to_string_pretty(&manifest).map_err(|error| ApiError::Internal(error.to_string()))?;
    archive.text("manifest.json", &format!("{text}\n"))?;
    // Free before whoever takes it sees its end, and asks for the next.
    drop(place);
    archive.end()
}

impl Subject {
    /// The record that it is about, where it is about one.
    fn record(&self) -> Option<manifest::About> {
        let head = match self {
            Self::Kind(..) => return None,
            Self::Review(review) => review.head(),
            Self::Audit(audit) => audit.head(),
        };
        Some(manifest::About { kind: head.reference.prefix, id: head.id, reference: head.reference.to_string() })
    }
}

fn write_kind(kind: PackKind, reader: &mut Reader<'_>, archive: &mut Archive, log: Option<&Log>) -> Result<(), Broken> {
    for register in kind.registers() {
        // A register of which the caller may read nothing is not told to be empty.
        if of_kind!(*register, T => reader.by.cell(T::READING)) != Cell::No {
            registers::write(*register, Which::Selected, reader, archive)?;
        }
    }
    if let Some(log) = log.filter(|_| kind.holds_journal()) {
        archive.member("journal.ndjson", Content::Text, |sink| {
            let (export, first) = Export::begin(reader.by.organisation, &log.checkpoint);
            sink.write_all(first.as_bytes())?;
            let mut export = Some(export);
            while let Some(next) = export {
                reader.check_time()?;
                let (lines, go_on) = next.next(&reader.by, reader.connection)?;
                sink.write_all(lines.as_bytes())?;
                export = go_on;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Writes each file once, however many pieces of evidence show it; those of which the file is not as it was received.
fn write_files(app: &Arc<App>, by: &Actor, pieces: Vec<Piece>, archive: &mut Archive) -> Result<Vec<Absent>, Broken> {
    let (mut absent, mut written, until) = (Vec::new(), HashSet::new(), Instant::now() + FILES);
    for piece in pieces {
        if !written.insert(piece.sha256.clone()) {
            continue;
        }
        let Piece { id, reference, sha256, size } = piece;
        let kept = Kept { sha256: sha256.clone(), size };
        // A redaction first says that it has to go, and then takes it: what is still there may not go out any more.
        check_erased(app, by, &sha256)?;
        match app.files.open(by.organisation.0, &kept) {
            Ok(file) => {
                archive.member(format!("evidence/{sha256}"), Content::File(size), |sink| copy(file, until, sink))?;
                check_erased(app, by, &sha256)?;
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => {
                check_erased(app, by, &sha256)?;
                let because = if error.kind() == ErrorKind::NotFound { "missing" } else { "damaged" };
                tracing::error!(%reference, because, "a pack is without a file of evidence");
                absent.push(Absent { id, reference, sha256, because });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(absent)
}

fn copy(mut file: impl Read, until: Instant, sink: &mut impl Write) -> Result<(), Broken> {
    let mut buffer = vec![0; CHUNK];
    loop {
        if Instant::now() > until {
            return Err(Broken::Slow);
        }
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            read => sink.write_all(&buffer[..read])?,
        }
    }
}

/// Breaks off where the content had to go by law since the moment of the pack.
fn check_erased(app: &Arc<App>, by: &Actor, sha256: &str) -> Result<(), Broken> {
    let (organisation, sha256) = (by.organisation.0, sha256.to_owned());
    let read = move |connection: &mut _| Ok::<_, ApiError>(evidence::has_content(organisation, &sha256, connection)?);
    if Handle::current().block_on(app.store.read(read))? { Ok(()) } else { Err(Broken::Erased) }
}
