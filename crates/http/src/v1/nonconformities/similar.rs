//! Nonconformities that are like one, for whoever looks for its cause [10.2 b].

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::scope_of;
use crate::parameters::{Query, Target, within};
use crate::record::discredit::{self, DiscreditView};
use crate::v1::records;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use ratchet_domain::change::Record;
use ratchet_domain::id::NonconformityId;
use ratchet_domain::nonconformities::similar::{Likeness, Trait};
use ratchet_domain::nonconformities::{Grade, Nonconformity, StageName, Verdict};
use ratchet_persistence::nonconformities::similar::{self, Similar};
use serde::{Deserialize, Serialize};

/// Nonconformities per answer, unless asked otherwise.
const DEFAULT: i64 = 20;

/// How many are asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SimilarQuery {
    /// Nonconformities per answer, 1 to 50.
    #[serde(default, deserialize_with = "within::<1, 50, _>")]
    #[param(minimum = 1, maximum = 50, default = 20)]
    limit: Option<i64>,
}

/// What is like a nonconformity.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SimilarNonconformities {
    /// That of which most speaks for it first, the newest among equals. One that was just written is found by its words a
    /// moment later.
    pub items: Vec<SimilarNonconformity>,
    /// Whether there is nothing more to be found: of the same requirement the newest 100 are looked at, and the 100 that have
    /// most of the words.
    pub complete: bool,
}

/// A nonconformity that is like another, why, and what became of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SimilarNonconformity {
    /// Its id.
    pub id: NonconformityId,
    /// Its reference.
    #[schema(example = "NC-2026-0003")]
    pub reference: String,
    /// One line.
    #[schema(example = "Patches late on the shop floor's terminals")]
    pub title: String,
    /// When it was raised.
    pub created_at: DateTime<Utc>,
    /// The clause or control breached.
    #[schema(example = "A.8.8")]
    pub requirement: Option<String>,
    /// How grave it is.
    pub grade: Option<Grade>,
    /// Where it stands.
    pub state: StageName,
    /// What speaks for it, at least one.
    pub because: Vec<Trait>,
    /// How much speaks for it, from 0 to 1: a half for the words of the cause, a quarter for the requirement, a quarter for
    /// the words of title and statement; of words the share that it has in common, rare ones counting more.
    #[schema(example = 0.61)]
    pub weight: f64,
    /// The words that the causes share.
    #[schema(example = json!(["agent", "image"]))]
    pub shared_cause_words: Vec<String>,
    /// The words that titles and statements share.
    #[schema(example = json!(["critical", "patches"]))]
    pub shared_statement_words: Vec<String>,
    /// Why it happened, as far as that is known.
    pub root_causes: Vec<String>,
    /// Whether what was done about it has worked, as it was judged last; `null` when it was not.
    pub effective: Option<bool>,
    /// When that was judged.
    pub judged_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    pub discredit: DiscreditView,
    /// How often it came back after it had been closed.
    #[schema(example = 0)]
    pub recurrences: i64,
}

impl SimilarNonconformity {
    fn of(case: Nonconformity, likeness: Likeness) -> Self {
        let Likeness { traits, cause, statement, weight } = likeness;
        let verdict = case.last_verdict();
        Self {
            id: NonconformityId(case.head.id),
            reference: case.head.reference.to_string(),
            created_at: case.head.created_at,
            grade: case.grade,
            state: case.stage.name(),
            because: traits,
            weight,
            shared_cause_words: cause,
            shared_statement_words: statement,
            root_causes: case.root_causes().to_vec(),
            effective: verdict.map(|Verdict { effective, .. }| *effective),
            judged_at: verdict.map(|Verdict { at, .. }| *at),
            discredit: DiscreditView::default(),
            recurrences: case.recurrences,
            title: case.title,
            requirement: case.requirement,
        }
    }
}

/// Read which nonconformities are like one, why, and what became of them [10.2 b].
///
/// Alike is what breaches the same clause or control, of which the causes share words, or of which titles and statements
/// do: two words at least, and a quarter of what this one says. Those that are void or repeat another are left out. What was
/// concluded of them `analyse` keeps, in `considered`.
#[utoipa::path(
    tag = "nonconformities",
    params(("id" = String, Path), SimilarQuery),
    responses((status = 200, body = SimilarNonconformities))
)]
#[get("/nonconformities/{id}/similar")]
pub(crate) async fn get_similar_nonconformities(
    call: Call,
    Target(locator): Target,
    query: Query<SimilarQuery>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let limit = usize::try_from(query.0.limit.unwrap_or(DEFAULT)).unwrap_or_default();
    let read = move |connection: &mut _| -> Result<SimilarNonconformities, ApiError> {
        let case: Nonconformity = records::get(locator, &by, connection)?;
        let Similar { mut cases, is_complete } = similar::of(&case, scope_of::<Nonconformity>(&by)?, connection)?;
        cases.retain(|(other, _)| other.is_visible(&by));
        let complete = is_complete && cases.len() <= limit;
        cases.truncate(limit);
        let items = cases.into_iter().map(|(other, likeness)| SimilarNonconformity::of(other, likeness));
        let mut items: Vec<SimilarNonconformity> = items.collect();
        let judged = items.iter_mut().map(|item| {
            let is_effective = item.effective == Some(true);
            (is_effective.then_some((item.id, None)), &mut item.discredit)
        });
        discredit::say(judged, &by, connection)?;
        Ok(SimilarNonconformities { items, complete })
    };
    let found = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &found)
}
