//! Evidence that lies elsewhere: an address, and what was seen there. The server never asks for it.

use super::EvidenceView;
use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters};
use crate::v1::records;
use actix_web::post;
use chrono::{DateTime, Utc};
use ratchet_domain::evidence::{Evidence, Source};
use serde::Deserialize;

/// What lies elsewhere and shows something about a record.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateEvidenceLink {
    /// The record that it is about, by reference.
    #[schema(example = "NC-2026-0007")]
    record: String,
    /// Where it lies: `https://` or `http://`, in ASCII (what else there is escaped), without a name or a password before
    /// the host. It is shown as it is, and never asked for by the server.
    #[schema(example = "https://tickets.example.org/browse/OPS-7", max_length = 2_000)]
    url: String,
    /// What it shows.
    #[schema(example = "The change was approved in the ticket", max_length = 200)]
    title: String,
    /// When it was looked at; not in the future.
    #[serde(deserialize_with = "bounded")]
    seen_at: DateTime<Utc>,
    /// SHA-256 of what was seen, hexadecimal in lower case, where somebody took it.
    #[serde(default)]
    #[schema(
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        min_length = 64,
        max_length = 64
    )]
    seen_sha256: Option<String>,
}

/// Attach to a record what lies elsewhere, by its address. Like a file it never changes; it can be withdrawn.
#[utoipa::path(
    tag = "evidence",
    params(WriteParameters),
    request_body = CreateEvidenceLink,
    responses((status = 201, body = EvidenceView))
)]
#[post("/evidence-links")]
pub(crate) async fn create_evidence_link(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateEvidenceLink>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateEvidenceLink, by, birth, tx| {
        let CreateEvidenceLink { record, url, title, seen_at, seen_sha256 } = input;
        let target = records::named("/record", &record, by, tx.connection())?;
        let source = Source { url, title, seen_at, seen_sha256 };
        Ok(Evidence::attach(target, source.into(), by, birth)?)
    })
    .await
}
