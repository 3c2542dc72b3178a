//! What changed between two moments: "since the last surveillance audit".

use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::journal::{as_seen, may_read};
use crate::v1::records::{self, RecordView};
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use ratchet_domain::journal::difference::{self, differences};
use ratchet_domain::reference::Prefix;
use ratchet_persistence::journal::reading::{self, Changed, StoredEntry};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Records per page, unless asked otherwise.
const DEFAULT: i64 = 50;
/// Records per page at most.
const LIMIT: i64 = 200;

/// Between which moments.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// What was written at this moment or before counts as known.
    #[param(example = "2026-01-01T00:00:00Z")]
    #[serde(deserialize_with = "bounded")]
    from: DateTime<Utc>,
    /// The later moment; now without it.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<DateTime<Utc>>,
    /// Only records of this kind.
    kind: Option<Prefix>,
    /// Behind the record of this id: `next_after` of the page before.
    after: Option<Uuid>,
    /// Records per page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// A page of changed records.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DiffPage {
    /// By id. Records that the caller may not see are left out, so that a page may be short.
    pub items: Vec<ChangedRecord>,
    /// Send it as `after` to go on; `null` when that is all.
    pub next_after: Option<Uuid>,
}

/// A record that is not what it was.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangedRecord {
    #[serde(flatten)]
    pub record: RecordView,
    /// Whether it was made in between.
    pub is_new: bool,
    /// Its version at the earlier moment; `null` when it was made in between.
    pub version_before: Option<i64>,
    /// Its version at the later moment.
    pub version_after: i64,
    /// What differs. Empty when a later change took an earlier one back; `null` when one of the states was redacted, or is
    /// not for this caller to read in the journal.
    pub differences: Option<Vec<DifferenceView>>,
}

/// A member of a record that is not as it was.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DifferenceView {
    /// Where: a JSON Pointer into the record as the journal keeps it.
    #[schema(example = "/stage/name")]
    pub pointer: String,
    /// What it was; `null` where there was nothing.
    #[schema(value_type = Value)]
    pub before: Option<Value>,
    /// What it is; `null` where there is nothing any more.
    #[schema(value_type = Value)]
    pub after: Option<Value>,
}

/// Read which records changed between two moments, and in what.
#[utoipa::path(tag = "journal", params(DiffQuery), responses((status = 200, body = DiffPage)))]
#[get("/diff")]
pub(crate) async fn get_diff(call: Call, query: Query<DiffQuery>) -> Result<Answer, ApiError> {
    may_read(&call)?;
    let DiffQuery { from, to, kind, after, limit } = query.0;
    let (limit, to) = (limit.unwrap_or(DEFAULT), to.unwrap_or(call.app.now()));
    if !(1..=LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {LIMIT}")));
    }
    if from > to {
        return Err(ApiError::parameter("from", "out_of_range", "must not lie behind `to`"));
    }
    let by = call.actor.clone();
    let read = move |connection: &mut _| -> Result<DiffPage, ApiError> {
        let kind = kind.map(Prefix::kind);
        let changed = reading::changed(by.organisation, (from, to), (kind, after), limit, connection)?;
        let full = i64::try_from(changed.len()) == Ok(limit);
        let next_after = changed.last().filter(|_| full).map(|last| last.object);
        let known = changed.iter().filter_map(|one| Prefix::of_kind(&one.kind).map(|kind| (kind, one.object)));
        let seen = records::seen_of(&known.collect::<Vec<_>>(), &by, connection)?;
        let mut seen: HashMap<Uuid, RecordView> = seen.into_iter().map(|view| (view.id, view)).collect();
        let wanted = changed.iter().flat_map(|one| [(one.object, one.before), (one.object, one.after)]);
        let entries = reading::versions(by.organisation, &wanted.collect::<Vec<_>>(), connection)?;
        let states: States = entries.into_iter().map(|entry| state_of(as_seen(entry, &by))).collect();
        let items = changed.iter().filter_map(|one| Some(ChangedRecord::of(one, seen.remove(&one.object)?, &states)));
        Ok(DiffPage { items: items.collect(), next_after })
    };
    let page = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &page)
}

/// Each version's state; `None` for one that was redacted.
type States = HashMap<(Uuid, i64), Option<Value>>;

fn state_of(entry: StoredEntry) -> ((Uuid, i64), Option<Value>) {
    let version = (entry.read.object.id, entry.read.object.version.cast_signed());
    (version, entry.detail.map(|(mut detail, _)| without_head(detail["state"].take())))
}

/// Versions and times differ in any case.
fn without_head(mut state: Value) -> Value {
    if let Value::Object(members) = &mut state {
        members.remove("head");
    }
    state
}

impl ChangedRecord {
    fn of(changed: &Changed, record: RecordView, states: &States) -> Self {
        let Changed { object, kind: _, before, after } = changed;
        let is_new = *before == 0;
        let nothing = Some(Value::Null);
        let earlier = if is_new { Some(&nothing) } else { states.get(&(*object, *before)) };
        let later = states.get(&(*object, *after));
        let both = earlier.and_then(Option::as_ref).zip(later.and_then(Option::as_ref));
        let differences = both.map(|(earlier, later)| match (earlier, is_new) {
            (_, true) => Vec::new(),
            (earlier, false) => differences(earlier, later).into_iter().map(Into::into).collect(),
        });
        Self { record, is_new, version_before: (!is_new).then_some(*before), version_after: *after, differences }
    }
}

impl From<difference::Difference> for DifferenceView {
    fn from(difference: difference::Difference) -> Self {
        let difference::Difference { pointer, before, after } = difference;
        Self { pointer, before, after }
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_diff);
}
