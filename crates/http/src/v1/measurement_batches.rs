//! Batches of measurements over HTTP: what came in one body, and what became of it.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, listed};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::{IndicatorId, MemberId};
use ratchet_domain::measurements::{
    Counts, DigestForm, MeasurementBatch, RemovedRows, Stage, StageName, Verb, WithdrawnRow,
};
use ratchet_persistence::measurement_batches::Filter;
use ratchet_persistence::measurements;
use serde::{Deserialize, Serialize};

/// What came in one body.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MeasurementBatchView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// Where it came from, in the sender's words.
    #[schema(example = "Load balancer export")]
    pub source: String,
    /// What became of its items.
    pub counts: CountsView,
    /// The indicators it has measurements of.
    pub indicator_ids: Vec<IndicatorId>,
    /// When its earliest measurement was observed.
    pub observed_from: DateTime<Utc>,
    /// When its latest measurement was observed.
    pub observed_until: DateTime<Utc>,
    /// SHA-256 over its rows, hexadecimal.
    pub digest: String,
    /// How that is taken: `rows` over the rows' bytes, `lines` over lines of canonical JSON (earlier batches). See
    /// `docs/journal.md`.
    pub digest_form: DigestForm,
    /// Why it was withdrawn.
    pub withdrawn_because: Option<String>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Who withdrew it; `null` for a machine, and where it was not kept yet.
    pub withdrawn_by: Option<MemberId>,
    /// How many of its measurements were withdrawn one by one; at most 100.
    #[schema(minimum = 0, maximum = 100, example = 1)]
    pub withdrawn_row_count: usize,
    /// Its measurements that were withdrawn one by one; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_rows: Option<Vec<WithdrawnRowView>>,
    /// Its measurements that were removed because their indicators do not keep them any longer, step by step.
    pub removed: Vec<RemovedRowsView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// A measurement that does not count, although its batch does.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WithdrawnRowView {
    /// Which row of the batch, from 0.
    #[schema(example = 3)]
    pub row: i64,
    /// Why.
    #[schema(example = "The sensor was wet")]
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who withdrew it; `null` for a machine.
    pub by: Option<MemberId>,
}

impl From<WithdrawnRow> for WithdrawnRowView {
    fn from(withdrawn: WithdrawnRow) -> Self {
        let WithdrawnRow { row, reason, at, by } = withdrawn;
        Self { row, reason, at, by }
    }
}

/// Measurements of a batch that are gone: all that it had of some indicators.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RemovedMeasurements)]
pub(crate) struct RemovedRowsView {
    /// Of which indicators.
    pub indicator_ids: Vec<IndicatorId>,
    /// How many rows.
    #[schema(example = 1_440)]
    pub rows: i64,
    /// When the earliest of them was observed.
    pub observed_from: DateTime<Utc>,
    /// When the latest of them was observed.
    pub observed_until: DateTime<Utc>,
    /// SHA-256 over them, in the form `rows`.
    pub digest: String,
    /// SHA-256 over the batch's rows that are left, in the form `rows`.
    pub left: String,
    /// When they were removed.
    pub at: DateTime<Utc>,
}

impl From<RemovedRows> for RemovedRowsView {
    fn from(removed: RemovedRows) -> Self {
        let RemovedRows { indicators, rows, observed_from, observed_until, digest, left, at } = removed;
        Self { indicator_ids: indicators, rows, observed_from, observed_until, digest, left, at }
    }
}

/// What became of the items.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub(crate) struct CountsView {
    /// New ones.
    pub accepted: i64,
    /// Those that were known with the same value.
    pub duplicates: i64,
    /// Those that were known with another value, which is kept and superseded.
    pub corrections: i64,
    /// Those that were not kept.
    pub refused: i64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        let Counts { accepted, duplicates, corrections, refused } = counts;
        Self { accepted, duplicates, corrections, refused }
    }
}

/// What a list of batches can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MeasurementBatchQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "recorded")]
    state: Option<Vec<StageName>>,
}

impl Resource for MeasurementBatch {
    type View = MeasurementBatchView;
    type Query = MeasurementBatchQuery;
    const PATH: &'static str = "measurement-batches";

    fn view(&self, transitions: Option<Vec<Transition>>) -> MeasurementBatchView {
        let Self {
            head,
            source,
            counts,
            indicators,
            observed_from,
            observed_until,
            digest,
            digest_form,
            withdrawn_rows,
            removed,
            stage,
        } = self.clone();
        let name = stage.name();
        let (withdrawn_because, withdrawn_at, withdrawn_by) = match stage {
            Stage::Recorded => (None, None, None),
            Stage::Withdrawn { reason, at, by } => (Some(reason), Some(at), by),
        };
        MeasurementBatchView {
            head: (&head).into(),
            state: name,
            source,
            counts: counts.into(),
            indicator_ids: indicators,
            observed_from,
            observed_until,
            digest,
            digest_form,
            withdrawn_because,
            withdrawn_at,
            withdrawn_by,
            withdrawn_row_count: withdrawn_rows.len(),
            withdrawn_rows: Some(withdrawn_rows.into_iter().map(Into::into).collect()),
            removed: removed.into_iter().map(Into::into).collect(),
            transitions,
        }
    }

    fn listed(&self) -> MeasurementBatchView {
        MeasurementBatchView { withdrawn_rows: None, ..self.view(None) }
    }

    fn filter(query: MeasurementBatchQuery, _: &Actor, _: NaiveDate) -> Filter {
        let MeasurementBatchQuery { state } = query;
        Filter { stage: state }
    }
}

/// Why it does not count.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawMeasurementBatch {
    /// Kept in the journal.
    #[schema(example = "The sensor was broken", max_length = 10_000)]
    reason: String,
}

/// Which measurement does not count, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawMeasurement {
    /// Which row of the batch, from 0, as the measurement says.
    #[schema(example = 0, minimum = 0)]
    row: i64,
    /// Kept in the journal.
    #[schema(example = "The sensor was wet", max_length = 10_000)]
    reason: String,
}

/// List batches of measurements.
#[utoipa::path(
    tag = "measurements",
    params(PageParameters, MeasurementBatchQuery),
    responses((status = 200, body = Page<MeasurementBatchView>))
)]
#[get("/measurement-batches")]
pub(crate) async fn list_measurement_batches(
    call: Call,
    list: List<MeasurementBatchQuery>,
) -> Result<Answer, ApiError> {
    call.list::<MeasurementBatch>(list).await
}

/// Read a batch of measurements.
#[utoipa::path(
    tag = "measurements",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = MeasurementBatchView))
)]
#[get("/measurement-batches/{id}")]
pub(crate) async fn get_measurement_batch(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<MeasurementBatch>(target, parameters).await
}

verbs! {
    tag "measurements", record MeasurementBatch, view MeasurementBatchView;

    /// Take a batch out of charts and evaluation; its rows are kept.
    ///
    /// The indicators are judged by what is left, and no signal follows from that. Where a row was a correction, the value that
    /// it had superseded does not come back: send it again, and it is taken as new.
    withdraw_measurement_batch "/measurement-batches/{id}/withdraw" Withdraw WithdrawMeasurementBatch
    |batch, input, _facts, _by, tx| measurements::withdraw(batch, input.reason, tx);

    /// Take one measurement of a batch out of charts and evaluation; it is kept.
    ///
    /// The indicator is judged by what is left, and no signal follows from that. Where the measurement was a correction, the value
    /// that it had superseded does not come back: send it again, and it is taken as new. At most 100 measurements of a batch
    /// can be withdrawn one by one (409 `too_many_withdrawn`): withdraw the batch, and send again what of it is right.
    withdraw_measurement_measurement_batch
    "/measurement-batches/{id}/withdraw-measurement" WithdrawMeasurement WithdrawMeasurement
    |batch, input, _facts, _by, tx| measurements::withdraw_one(batch, input.row, input.reason, tx);
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_measurement_batches)
        .service(get_measurement_batch)
        .service(withdraw_measurement_batch)
        .service(withdraw_measurement_measurement_batch);
}
