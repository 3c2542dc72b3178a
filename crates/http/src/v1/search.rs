//! Search over records of every kind.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::records::{self, RecordView};
use actix_web::get;
use actix_web::http::StatusCode;
use ratchet_domain::reference::Prefix;
use ratchet_domain::search;
use ratchet_persistence::search::{Question, find};
use serde::{Deserialize, Serialize};

/// Records per answer, unless asked otherwise.
const DEFAULT: usize = 20;
/// Records per answer at most.
const LIMIT: usize = 100;
/// Records that are looked at for those that the caller may see.
const FOUND: usize = 1_000;

/// What is asked.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// 1 to 8 beginnings of words, all of which a record must have: letters and digits, whatever their case or accents.
    #[param(example = "laptop patch")]
    q: String,
    /// Only of this kind.
    kind: Option<Prefix>,
    /// Records per answer, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<usize>,
}

/// What was found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Found {
    /// Those first that say most about the words, the newest first among equals. A record is found a moment after it
    /// was written.
    pub items: Vec<RecordView>,
    /// Whether there is nothing more to be found.
    pub complete: bool,
}

/// Find records by words.
#[utoipa::path(tag = "records", params(SearchQuery), responses((status = 200, body = Found)))]
#[get("/search")]
pub(crate) async fn search_records(call: Call, query: Query<SearchQuery>) -> Result<Answer, ApiError> {
    let SearchQuery { q, kind, limit } = query.0;
    let words = search::asked(&q).map_err(|fault| ApiError::Parameters(vec![fault]))?;
    let limit = limit.unwrap_or(DEFAULT);
    if !(1..=LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {LIMIT}")));
    }
    let by = call.actor.clone();
    let read = move |connection: &mut _| -> Result<Found, ApiError> {
        let found = find(by.organisation, &Question { words, kind }, FOUND, connection)?;
        let mut items = records::seen_of(&found.records, &by, connection)?;
        let complete = found.is_complete && items.len() <= limit;
        items.truncate(limit);
        Ok(Found { items, complete })
    };
    let found = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &found)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(search_records);
}
