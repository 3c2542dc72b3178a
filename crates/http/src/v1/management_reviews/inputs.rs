//! The inputs of a management review: what people say to them, and how they were frozen.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target};
use crate::v1::records;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::{ManagementReviewId, MemberId};
use ratchet_domain::management_reviews::inputs::Inputs;
use ratchet_domain::management_reviews::{ManagementReview, SnapshotSeal, Statement};
use ratchet_persistence::management_reviews;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What people say to an input.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub(crate) enum StatementBody {
    /// This.
    Text {
        /// In the words of whoever prepares the review.
        #[schema(example = "A law on the security of machines comes into force in December", max_length = 10_000)]
        text: String,
    },
    /// That there is nothing.
    NothingToReport {},
}

impl From<StatementBody> for Statement {
    fn from(body: StatementBody) -> Self {
        match body {
            StatementBody::Text { text } => Self::Text { text },
            StatementBody::NothingToReport {} => Self::NothingToReport,
        }
    }
}

/// Inputs as they were frozen: what binds them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SealView {
    /// Counted from 1 within the review.
    pub number: i64,
    /// SHA-256, hexadecimal, over the inputs as canonical JSON (RFC 8785).
    pub digest: String,
    /// The first day of the time they speak of.
    pub period_from: NaiveDate,
    /// The last day of it.
    pub period_until: NaiveDate,
    /// The day on which they were frozen, in the organisation's time zone.
    pub taken_on: NaiveDate,
    /// When.
    pub taken_at: DateTime<Utc>,
    /// By whom.
    pub taken_by: Option<MemberId>,
}

impl From<&SnapshotSeal> for SealView {
    fn from(seal: &SnapshotSeal) -> Self {
        let SnapshotSeal { number, digest, period, taken_on, taken_at, taken_by } = seal.clone();
        Self { number, digest, period_from: period.from, period_until: period.until, taken_on, taken_at, taken_by }
    }
}

/// Frozen inputs with what binds them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SnapshotView {
    /// Which review they belong to.
    pub review_id: ManagementReviewId,
    /// What binds them.
    pub seal: SealView,
    /// The inputs, byte for byte as they were frozen: canonical JSON, whose SHA-256 is the digest.
    #[schema(value_type = Inputs)]
    pub inputs: Box<RawValue>,
}

/// Which snapshot is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SnapshotQuery {
    /// Its number; the newest without it.
    #[param(minimum = 1, example = 1)]
    snapshot: Option<i64>,
}

/// Read the inputs of a management review as they were frozen.
#[utoipa::path(
    tag = "management-reviews",
    params(("id" = String, Path), SnapshotQuery),
    responses((status = 200, body = SnapshotView))
)]
#[get("/management-reviews/{id}/inputs")]
pub(crate) async fn get_inputs(
    call: Call,
    Target(locator): Target,
    Query(query): Query<SnapshotQuery>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let known = call.header("if-none-match")?.map(str::to_owned);
    let read = move |connection: &mut _| -> Result<Answer, ApiError> {
        let review: ManagementReview = records::get(locator, &by, connection)?;
        let asked = |seal: &&SnapshotSeal| query.snapshot.is_none_or(|number| seal.number == number);
        let seal = review.snapshots.iter().rev().find(asked).ok_or(ApiError::NotFound)?;
        let text = management_reviews::snapshot(by.organisation, review.id(), seal.number, connection)?;
        let text = text.ok_or_else(|| ApiError::Internal(format!("{}: a snapshot is gone", review.head.reference)))?;
        let inputs = RawValue::from_string(text).map_err(|error| ApiError::Internal(error.to_string()))?;
        let view = SnapshotView { review_id: review.id(), seal: seal.into(), inputs };
        Ok(Answer::json(StatusCode::OK, &view)?.with_etag(seal.number))
    };
    let answer: Answer = call.app.store.read(read).await?;
    Ok(answer.unless_known(known.as_deref()))
}
