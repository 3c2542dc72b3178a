//! Measurements over HTTP: in by the batch, out by time.

pub(crate) mod intake;
mod rollups;

use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::cursor::Cursor;
use crate::error::ApiError;
use crate::parameters::{Query, Target, WriteParameters};
use crate::routing::Routes;
use crate::rows::{Read, Rows};
use crate::v1::indicators::dimensions_of;
use crate::v1::measurement_batches::CountsView;
use actix_web::http::StatusCode;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use intake::MeasurementItem;
use ratchet_domain::change::Record;
use ratchet_domain::id::MeasurementBatchId;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::measurements::{
    Counts, MeasurementBatch, Outcome, Point, RawPoint, Sifted, Standing, check_point, sift,
};
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::{Fault, Refusal};
use ratchet_persistence::error::Error as StoreError;
use ratchet_persistence::journal::Receipt as JournalReceipt;
use ratchet_persistence::measurements::{self, Stored, Window};
use ratchet_persistence::table::{SortValue, Table};
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Indicators per body at most.
const INDICATORS: usize = 100;
/// Measurements per page, unless asked otherwise.
const DEFAULT: i64 = 200;
/// Measurements per page at most.
const LIMIT: i64 = 10_000;

/// Parameters of sending measurements.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecordParameters {
    /// Run the same job and keep nothing: answers what would be, or the very problem.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// Of which indicator, by id or reference, where an item does not say.
    #[param(example = "IND-2026-0001")]
    indicator: Option<String>,
    /// Where the figures come from, in the sender's words; `api` without it.
    #[param(example = "Load balancer export", max_length = 200)]
    source: Option<String>,
}

/// What became of the items.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Receipt {
    /// The batch that was recorded; `null` when nothing was new.
    pub batch_id: Option<MeasurementBatchId>,
    /// Its reference.
    #[schema(example = "BAT-2026-0001")]
    pub batch_reference: Option<String>,
    /// How many of each.
    pub counts: CountsView,
    /// Which items were not kept, and why.
    pub refused: Vec<RefusedItem>,
    /// Which items had been known with the same value.
    pub duplicates: Vec<usize>,
    /// Which items had been known with another value, which is kept and superseded.
    pub corrections: Vec<usize>,
}

/// An item that was not kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RefusedItem {
    /// Its place among the items, from 0; header and blank lines are not counted.
    pub index: usize,
    /// The member at fault.
    #[schema(example = "/observed_at")]
    pub pointer: String,
    /// The fault for programs.
    #[schema(example = "in_the_future")]
    pub code: String,
    /// The fault for people.
    pub detail: String,
}

/// A measurement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MeasurementView {
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// The value; for a ratio the quotient.
    pub value: f64,
    /// For a ratio.
    pub numerator: Option<f64>,
    /// For a ratio.
    pub denominator: Option<f64>,
    /// What it is of.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub dimensions: serde_json::Value,
    /// Whatever is to be remembered of it.
    pub note: Option<String>,
    /// With which batch it came.
    pub batch_id: MeasurementBatchId,
    /// As which row of the batch, from 0.
    #[schema(example = 0)]
    pub row: i64,
    /// Whether it counts.
    pub standing: Standing,
}

/// Measurements of an indicator.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Measurements {
    /// From which moment on measurements are kept: earlier ones may be removed, and hours and days say what they said. `null` where all
    /// are kept.
    pub retained_from: Option<DateTime<Utc>>,
    /// In the order in which they were observed.
    pub items: Vec<MeasurementView>,
    /// Where the next page begins; `null` on the last one.
    pub next_cursor: Option<String>,
}

/// Which measurements are asked for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WindowParameters {
    /// Observed at or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<DateTime<Utc>>,
    /// Observed before this moment.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<DateTime<Utc>>,
    /// Superseded and withdrawn ones, too.
    #[serde(default)]
    #[param(required = false)]
    all: bool,
    /// What counted at this moment, by what had been recorded until then; not together with `all`.
    #[serde(default, deserialize_with = "bounded")]
    as_of: Option<DateTime<Utc>>,
    /// Only those with these dimensions, whatever others they have: a JSON object of texts.
    #[param(example = r#"{"site":"north"}"#)]
    dimensions: Option<String>,
    /// Measurements per page, 1 to 10000.
    #[param(minimum = 1, maximum = 10000, default = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before; opaque.
    cursor: Option<String>,
}

/// Send measurements: each item is kept or refused by itself.
///
/// At most 10,000 items of at most 100 indicators in at most 8 MiB after decompression. As CSV with a header, out of
/// `indicator`, `observed_at`, `value`, `numerator`, `denominator`, `note` and `dim.<name>`; as JSON lines; or as a
/// JSON array. Answers 200 when every good item was known already, and 422 when no item is good.
#[utoipa::path(
    tag = "measurements",
    params(RecordParameters),
    request_body(content(
        (Vec<MeasurementItem> = "application/json"),
        (String = "application/x-ndjson"),
        (String = "text/csv")
    )),
    responses((status = 201, body = Receipt), (status = 200, body = Receipt))
)]
#[post("/measurements")]
pub(crate) async fn record_measurements(
    call: Call,
    Query(parameters): Query<RecordParameters>,
    Rows { items, digest }: Rows<MeasurementItem>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let RecordParameters { dry_run, indicator, source } = parameters;
    call.write(&WriteParameters { dry_run }, &digest, move |tx| {
        MeasurementBatch::may_make(&by)?;
        let source = source.unwrap_or_else(|| "api".to_owned());
        let points = checked(items?, indicator.as_deref(), tx)?;
        let (sifted, recorded) = recorded(source, points, tx)?;
        if let Some(faults) = all_refused(&sifted) {
            return Err(Refusal::Invalid(faults).into());
        }
        let Some((batch, written)) = recorded else {
            return Answer::json(StatusCode::OK, &receipt(&sifted, None));
        };
        let receipt = receipt(&sifted, Some(&batch));
        if dry_run {
            return Answer::json(StatusCode::OK, &receipt);
        }
        Ok(Answer::json(StatusCode::CREATED, &receipt)?.with_receipt(written))
    })
    .await
}

/// Finds each indicator once, in one order for all writers, and checks each item against its own.
fn checked(
    items: Vec<Read<MeasurementItem>>,
    default: Option<&str>,
    tx: &mut Tx<'_>,
) -> Result<Vec<Result<Point, Fault>>, ApiError> {
    let now = tx.now();
    let named = items.iter().flatten().filter_map(|item| item.indicator.as_deref()).chain(default);
    let found = indicators(named, tx)?;
    let check = |item: MeasurementItem| -> Result<Point, Fault> {
        let MeasurementItem { indicator, observed_at, value, numerator, denominator, dimensions, note } = item;
        let name = indicator.as_deref().or(default);
        let name = name.ok_or_else(|| Fault::new("/indicator", "required", "name an indicator"))?;
        let observed_at = observed_at.ok_or_else(|| Fault::new("/observed_at", "required", "must be given"))?;
        let indicator = match found.get(name) {
            Some(Ok(indicator)) => indicator,
            Some(Err(fault)) => return Err(fault.clone()),
            None => return Err(Fault::new("/indicator", "unknown_record", "names no indicator")),
        };
        let indicator_id = Locator::Id(indicator.head.id);
        let raw = RawPoint { indicator: indicator_id, observed_at, value, numerator, denominator, dimensions, note };
        check_point(raw, indicator, now)
    };
    Ok(items.into_iter().map(|item| item.and_then(check)).collect())
}

pub(crate) fn not_theirs() -> Fault {
    Fault::new("/indicator", "forbidden", "neither owned nor measured by this caller")
}

/// The indicators of these names, each locked against other writers of its measurements.
fn indicators<'a>(
    named: impl Iterator<Item = &'a str>,
    tx: &mut Tx<'_>,
) -> Result<HashMap<String, Result<Indicator, Fault>>, ApiError> {
    let by = tx.actor().clone();
    let mut found: HashMap<String, Result<Indicator, Fault>> = HashMap::new();
    for name in named {
        if found.contains_key(name) {
            continue;
        }
        if found.len() >= INDICATORS {
            return Err(Refusal::invalid("", "length", format!("must name at most {INDICATORS} indicators")).into());
        }
        let unknown = || Fault::new("/indicator", "unknown_record", "must be an indicator's reference or id");
        let indicator = match name.parse() {
            Err(_) => Err(unknown()),
            // Whoever measures one need not be able to read it.
            Ok(locator) => match tx.load::<Indicator>(locator) {
                Err(StoreError::NotFound) => Err(unknown()),
                Err(error) => return Err(error.into()),
                Ok(indicator) if indicator.is_withheld(&by) => Err(unknown()),
                Ok(indicator) if indicator.is_measured_by(&by) => Ok(indicator),
                Ok(indicator) if indicator.is_visible(&by) => Err(not_theirs()),
                Ok(_) => Err(unknown()),
            },
        };
        found.insert(name.to_owned(), indicator);
    }
    let now = locked(found.values().flatten().map(|indicator| indicator.head.id).collect(), tx)?;
    for indicator in found.values_mut() {
        if let Ok(before) = indicator {
            let now = now.get(&before.head.id).filter(|now| !now.is_withheld(&by));
            *indicator = now.cloned().ok_or_else(not_theirs);
        }
    }
    Ok(found)
}

/// Those of these indicators that the caller measures, each locked against other writers of its measurements, in one order
/// for all writers: as they are when nobody else can retire one, or take it from whoever measures it. Whoever measures one
/// need not be able to read it.
pub(crate) fn locked(mut circles: Vec<Uuid>, tx: &mut Tx<'_>) -> Result<HashMap<Uuid, Indicator>, ApiError> {
    let by = tx.actor().clone();
    circles.sort_unstable();
    circles.dedup();
    for circle in &circles {
        tx.enter(*circle)?;
    }
    let now = Indicator::many(by.organisation, &circles, tx.connection())?.into_iter();
    let now = now.filter(|now| now.is_measured_by(&by));
    Ok(now.map(|indicator| (indicator.head.id, indicator)).collect())
}

/// What became of the measurements of a body, and the batch with its entry where something was new.
pub(crate) type Recorded = (Sifted, Option<(MeasurementBatch, JournalReceipt)>);

/// Sorts out what was checked and records what is new of it. The indicators are locked.
pub(crate) fn recorded(
    source: String,
    points: Vec<Result<Point, Fault>>,
    tx: &mut Tx<'_>,
) -> Result<Recorded, ApiError> {
    let organisation = tx.actor().organisation;
    let points = measurements::within_series(organisation, points, tx.connection())?;
    let known = measurements::known(organisation, points.iter().flatten(), tx.connection())?;
    let sifted = sift(points, &known);
    if sifted.rows.is_empty() {
        return Ok((sifted, None));
    }
    let batch = measurements::record(source, &sifted, tx)?;
    Ok((sifted, Some(batch)))
}

/// The faults with their places, when there is nothing else.
fn all_refused(sifted: &Sifted) -> Option<Vec<Fault>> {
    let fault = |(index, outcome): (usize, &Outcome)| match outcome {
        Outcome::Refused { fault: Fault { pointer, code, detail } } => {
            Some(Fault { pointer: format!("/{index}{pointer}"), code: code.clone(), detail: detail.clone() })
        }
        Outcome::Accepted | Outcome::Duplicate | Outcome::Correction => None,
    };
    sifted.outcomes.iter().enumerate().map(fault).collect()
}

fn receipt(sifted: &Sifted, batch: Option<&MeasurementBatch>) -> Receipt {
    let mut receipt = Receipt {
        batch_id: batch.map(MeasurementBatch::id),
        batch_reference: batch.map(|batch| batch.head.reference.to_string()),
        counts: Counts::of(&sifted.outcomes).into(),
        refused: Vec::new(),
        duplicates: Vec::new(),
        corrections: Vec::new(),
    };
    for (index, outcome) in sifted.outcomes.iter().enumerate() {
        match outcome {
            Outcome::Accepted => {}
            Outcome::Duplicate => receipt.duplicates.push(index),
            Outcome::Correction => receipt.corrections.push(index),
            Outcome::Refused { fault } => {
                let Fault { pointer, code, detail } = fault.clone();
                receipt.refused.push(RefusedItem { index, pointer, code: code.to_string(), detail });
            }
        }
    }
    receipt
}

impl From<Stored> for MeasurementView {
    fn from(stored: Stored) -> Self {
        let Stored { point, batch: (batch_id, row), standing } = stored;
        let Point { indicator: _, observed_at, series, figure, note } = point;
        let (numerator, denominator) = figure.parts();
        let (dimensions, value) = (dimensions_of(&series), figure.value());
        Self { observed_at, value, numerator, denominator, dimensions, note, batch_id, row, standing }
    }
}

/// Read an indicator's measurements in the order in which they were observed.
#[utoipa::path(
    tag = "measurements",
    params(("id" = String, Path), WindowParameters),
    responses((status = 200, body = Measurements))
)]
#[get("/indicators/{id}/measurements")]
pub(crate) async fn list_measurements(
    call: Call,
    Target(locator): Target,
    Query(parameters): Query<WindowParameters>,
) -> Result<Answer, ApiError> {
    let WindowParameters { from, to, all, as_of, dimensions, limit, cursor } = parameters;
    let limit = limit.unwrap_or(DEFAULT);
    if !(1..=LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {LIMIT}")));
    }
    if all && as_of.is_some() {
        let detail = "what counted at a moment is asked for, or what does not count: not both";
        return Err(ApiError::parameter("as_of", "excluded", detail));
    }
    let dimensions = dimensions.as_deref().map(named_dimensions).transpose()?.unwrap_or_default();
    let (by, app, now) = (call.actor.clone(), call.app.clone(), call.app.now());
    let asked = format!("{}?{from:?}&{to:?}&{all}&{as_of:?}&{dimensions:?}", call.request.path());
    let after = cursor.map(|text| position(&app, &text, &call, &asked)).transpose()?;
    let window = Window { from, to, all, as_of, dimensions, after };
    let read = move |connection: &mut _| -> Result<Answer, ApiError> {
        let found = Indicator::find(by.organisation, locator, connection)?;
        let (indicator, _) = found.filter(|(record, _)| record.is_visible(&by)).ok_or(ApiError::NotFound)?;
        let mut stored = measurements::list(by.organisation, indicator.id(), &window, limit + 1, connection)?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = stored.len() > page;
        stored.truncate(page);
        let next_cursor = stored.last().filter(|_| more).map(|last| {
            let (MeasurementBatchId(id), number) = last.batch;
            let values = vec![SortValue::Instant(last.point.observed_at), SortValue::Number(number)];
            app.seal(&Cursor { values, id }, by.organisation, &asked)
        });
        let items = stored.into_iter().map(Into::into).collect();
        Answer::json(StatusCode::OK, &Measurements { retained_from: indicator.retained_from(now), items, next_cursor })
    };
    call.app.store.read(read).await
}

/// The dimensions that a parameter names.
fn named_dimensions(text: &str) -> Result<Vec<(String, String)>, ApiError> {
    let wrong =
        |_| ApiError::parameter("dimensions", "malformed", "must be a JSON object of texts: {\"site\":\"north\"}");
    let named: BTreeMap<String, String> = serde_json::from_str(text).map_err(wrong)?;
    Ok(named.into_iter().collect())
}

type Position = (DateTime<Utc>, MeasurementBatchId, i64);

fn position(app: &crate::app::App, text: &str, call: &Call, asked: &str) -> Result<Position, ApiError> {
    let foreign = || ApiError::parameter("cursor", "malformed", "must be a next_cursor of this very list");
    let Cursor { values, id } = app.unseal(text, call.actor.organisation, asked).ok_or_else(foreign)?;
    match values.as_slice() {
        [SortValue::Instant(at), SortValue::Number(number)] => Ok((*at, MeasurementBatchId(id), *number)),
        _ => Err(foreign()),
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(record_measurements).service(list_measurements).service(rollups::list_rollups);
}
