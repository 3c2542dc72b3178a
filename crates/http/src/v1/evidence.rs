//! Evidence over HTTP: a file up as it is, and down again as it was; or what lies elsewhere, by its address.

mod custody;
mod elsewhere;
mod transfer;

pub(crate) use transfer::HARMLESS;

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::annotations::{AnnotationHead, AnnotationQuery, Withdraw};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use custody::CustodyView;
use ratchet_domain::access::Actor;
use ratchet_domain::change::Record;
use ratchet_domain::evidence::{self as domain, Evidence, Exhibit, File, Source, Verb};
use ratchet_domain::reference::{self, Reference};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::evidence::{self, Filter};
use ratchet_persistence::files::Content;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a piece of evidence lies.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EvidenceKind {
    /// Here, as a file.
    File,
    /// Elsewhere, at an address.
    Link,
}

/// What shows something about a record: a file, or what lies elsewhere.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EvidenceView {
    #[serde(flatten)]
    pub annotation: AnnotationHead,
    /// Where it lies.
    pub kind: EvidenceKind,
    /// Of a file: as its sender called it.
    #[schema(example = "patch-report.pdf")]
    pub name: Option<String>,
    /// Of a file: as its sender declared it.
    #[schema(example = "application/pdf")]
    pub media_type: Option<String>,
    /// Of a file: in bytes.
    pub size: Option<u64>,
    /// Of a file: SHA-256 of its content, hexadecimal.
    pub sha256: Option<String>,
    /// What it shows.
    pub title: Option<String>,
    /// Of a file: the redaction by which its content has gone; reading that answers 410.
    #[schema(example = "RED-2026-0001")]
    pub erased_by: Option<String>,
    /// Of a file: where to read its content.
    #[schema(example = "/v1/evidence/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d/content")]
    pub content_href: Option<String>,
    /// Of a link: where it lies, as it was written. The server has not asked for it.
    #[schema(example = "https://tickets.example.org/browse/OPS-7")]
    pub url: Option<String>,
    /// Of a link: when it was looked at.
    pub seen_at: Option<DateTime<Utc>>,
    /// Of a link: SHA-256 of what was seen, where somebody took it.
    pub seen_sha256: Option<String>,
    /// Who collected it, and each hand through which it went, in order; empty where nobody keeps that.
    pub custody: Vec<CustodyView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

impl Resource for Evidence {
    type View = EvidenceView;
    type Query = AnnotationQuery;
    const PATH: &'static str = "evidence";

    fn view(&self, transitions: Option<Vec<Transition>>) -> EvidenceView {
        let Exhibit { content, custody } = self.body.clone();
        let nothing = EvidenceView {
            annotation: self.into(),
            kind: EvidenceKind::File,
            name: None,
            media_type: None,
            size: None,
            sha256: None,
            title: None,
            erased_by: None,
            content_href: None,
            url: None,
            seen_at: None,
            seen_sha256: None,
            custody: custody.iter().map(Into::into).collect(),
            transitions,
        };
        match content {
            domain::Content::File(File { name, media_type, size, sha256, title, erased_by }) => EvidenceView {
                name: Some(name),
                media_type: Some(media_type),
                size: Some(size),
                sha256: Some(sha256),
                title,
                erased_by: erased_by.map(|redaction| redaction.to_string()),
                content_href: Some(format!("/v1/evidence/{}/content", self.head.id)),
                ..nothing
            },
            domain::Content::Source(Source { url, title, seen_at, seen_sha256 }) => EvidenceView {
                kind: EvidenceKind::Link,
                title: Some(title),
                url: Some(url),
                seen_at: Some(seen_at),
                seen_sha256,
                ..nothing
            },
        }
    }

    fn target(&self) -> Option<reference::Target> {
        Some(self.target)
    }

    fn about(query: &AnnotationQuery) -> Option<Reference> {
        query.record
    }

    fn narrow(filter: &mut Filter, target: Uuid) {
        filter.target = Some(target);
    }

    fn filter(query: AnnotationQuery, by: &Actor, _: NaiveDate) -> Filter {
        query.into_filter(by, ())
    }
}

/// Parameters of sending a file.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AttachParameters {
    /// Run the same job and keep nothing: answers what would be, or the very problem.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// The record that it is about, by reference.
    #[param(example = "NC-2026-0007")]
    record: String,
    /// The file's name: a label, never a path.
    #[param(example = "patch-report.pdf", max_length = 200)]
    name: String,
    /// What it shows.
    #[param(example = "Patch state of all laptops on 1 March", max_length = 200)]
    title: Option<String>,
}

/// List evidence.
#[utoipa::path(
    tag = "evidence",
    params(PageParameters, AnnotationQuery),
    responses((status = 200, body = Page<EvidenceView>))
)]
#[get("/evidence")]
pub(crate) async fn list_evidence(call: Call, list: List<AnnotationQuery>) -> Result<Answer, ApiError> {
    call.list::<Evidence>(list).await
}

/// Attach a file to a record: the body is the file itself, of any type.
///
/// At most 100 MiB, unless the server is set otherwise. The content is kept under its SHA-256 and never changed.
#[utoipa::path(
    tag = "evidence",
    params(AttachParameters),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = EvidenceView))
)]
#[post("/evidence")]
pub(crate) async fn create_evidence(
    call: Call,
    Query(parameters): Query<AttachParameters>,
    payload: web::Payload,
) -> Result<Answer, ApiError> {
    let AttachParameters { dry_run, record, name, title } = parameters;
    Evidence::may_make(&call.actor)?;
    // Asked before the file is read; asked again when it is written.
    let (by, named) = (call.actor.clone(), record.clone());
    call.app.store.read(move |connection| records::named("record", &named, &by, connection)).await?;
    let media_type = transfer::declared_type(&call)?;
    let (Content { sha256, size }, incoming) = transfer::receive(&call, payload).await?;
    let digest = transfer::digest_of(&sha256);
    let input = File { name, media_type, size, sha256, title, erased_by: None };
    let body = crate::body::Body { parsed: Ok(input), digest };
    let files = call.app.files.clone();
    // Until its record is committed nobody removes the file because others of the same content had to go.
    let hold = |file: &File, by: &Actor, tx: &mut Tx<'_>| -> Result<(), ApiError> {
        Ok(evidence::hold_content(by.organisation.0, &file.sha256, tx.connection())?)
    };
    call.create_in(Query(WriteParameters { dry_run }), body, hold, move |file: File, (), by, birth, tx| {
        let target = records::named("record", &record, by, tx.connection())?;
        let change = Evidence::attach(target, file.into(), by, birth)?;
        if !dry_run {
            transfer::keep(&files, by.organisation.0, incoming)?;
        }
        Ok(change)
    })
    .await
}

/// Read what is known of a piece of evidence.
#[utoipa::path(
    tag = "evidence",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = EvidenceView))
)]
#[get("/evidence/{id}")]
pub(crate) async fn get_evidence(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Evidence>(target, parameters).await
}

/// Read a file, after its hash was found to be the one that was received. What lies elsewhere has none: 409, and no redirect.
#[utoipa::path(
    tag = "evidence",
    params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/octet-stream"))
)]
#[get("/evidence/{id}/content")]
pub(crate) async fn get_content(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<HttpResponse, ApiError> {
    let by = call.actor.clone();
    let read = move |connection: &mut _| -> Result<(Reference, File), ApiError> {
        let piece: Evidence = records::get(locator, &by, connection)?;
        match piece.body.content {
            domain::Content::File(file) if file.erased_by.is_some() => Err(ApiError::Redacted),
            domain::Content::File(file) => Ok((piece.head.reference, file)),
            domain::Content::Source(_) => {
                Err(Refusal::state("not_a_file", "it lies elsewhere: `url` says where, and nothing of it is kept here")
                    .into())
            }
        }
    };
    let organisation = call.actor.organisation;
    let (reference, file) = call.app.store.read(read).await?;
    let answer = Answer::empty(StatusCode::OK).with(&header::ETAG, transfer::tag_of(&file));
    let answer = answer.unless_known(call.header("if-none-match")?);
    if answer.status == StatusCode::NOT_MODIFIED.as_u16() {
        return Ok(answer.into_response());
    }
    transfer::send(&call.app, (organisation, reference), file).await
}

verbs! {
    tag "evidence", record Evidence, view EvidenceView;

    /// Withdraw a piece of evidence; it is kept.
    withdraw_evidence "/evidence/{id}/withdraw" Withdraw Withdraw
    |piece, input, _facts, by, tx| piece.withdraw(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_evidence)
        .service(create_evidence)
        .service(get_evidence)
        .service(get_content)
        .service(elsewhere::create_evidence_link)
        .service(custody::record_collection_evidence)
        .service(custody::record_transfer_evidence)
        .service(withdraw_evidence);
}
