//! Evidence over HTTP: a file up as it is, and down again as it was.

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
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::annotations::Verb;
use ratchet_domain::change::Record;
use ratchet_domain::evidence::{Evidence, File};
use ratchet_domain::reference::{self, Reference};
use ratchet_persistence::evidence::{self, Filter};
use ratchet_persistence::files::Content;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A file that shows something about a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EvidenceView {
    #[serde(flatten)]
    pub annotation: AnnotationHead,
    /// As its sender called it.
    #[schema(example = "patch-report.pdf")]
    pub name: String,
    /// As its sender declared it.
    #[schema(example = "application/pdf")]
    pub media_type: String,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// What it shows.
    pub title: Option<String>,
    /// The redaction by which its content has gone: reading that answers 410.
    #[schema(example = "RED-2026-0001")]
    pub erased_by: Option<String>,
    /// Where to read its content.
    #[schema(example = "/v1/evidence/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d/content")]
    pub content_href: String,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

impl Resource for Evidence {
    type View = EvidenceView;
    type Query = AnnotationQuery;
    const PATH: &'static str = "evidence";

    fn view(&self, transitions: Option<Vec<Transition>>) -> EvidenceView {
        let File { name, media_type, size, sha256, title, erased_by } = self.body.clone();
        let erased_by = erased_by.map(|redaction| redaction.to_string());
        let content_href = format!("/v1/evidence/{}/content", self.head.id);
        EvidenceView {
            annotation: self.into(),
            name,
            media_type,
            size,
            sha256,
            title,
            erased_by,
            content_href,
            transitions,
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
        let change = Evidence::attach(target, file, by, birth)?;
        if !dry_run {
            transfer::keep(&files, by.organisation.0, incoming)?;
        }
        Ok(change)
    })
    .await
}

/// Read what is known of a file.
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

/// Read a file, after its hash was found to be the one that was received.
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
    let read = move |connection: &mut _| -> Result<Evidence, ApiError> {
        let (piece, _) = Evidence::find(by.organisation, locator, connection)?.ok_or(ApiError::NotFound)?;
        records::check_visible(&piece, &by, connection)?;
        if piece.body.erased_by.is_some() { Err(ApiError::Redacted) } else { Ok(piece) }
    };
    let piece = call.app.store.read(read).await?;
    let answer = Answer::empty(StatusCode::OK).with(&header::ETAG, transfer::tag_of(&piece));
    let answer = answer.unless_known(call.header("if-none-match")?);
    if answer.status == StatusCode::NOT_MODIFIED.as_u16() {
        return Ok(answer.into_response());
    }
    transfer::send(&call.app, piece).await
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
        .service(withdraw_evidence);
}
