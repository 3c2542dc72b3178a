//! What every door does with what it has decoded: rules, measurements, one batch, and a list of what no rule matched.

use super::report::{IngestReport, MeasuredView, RefusedPointView, SeriesView};
use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::WriteParameters;
use crate::v1::measurements::intake::ITEMS;
use crate::v1::measurements::{locked, not_theirs, recorded};
use actix_web::http::StatusCode;
use actix_web::web;
use ratchet_domain::change::Record;
use ratchet_domain::ingest_rules::{Arrival, Assembled, Door, Reading, Ruleset, Series, assemble};
use ratchet_domain::measurements::{Counts, MeasurementBatch, Outcome, Point, check_point};
use ratchet_domain::refusal::Fault;
use ratchet_ingest::{Intake, Labels, TOLD};
use ratchet_persistence::ingest_unmatched::{self, LISTED};
use ratchet_persistence::journal::Receipt;
use ratchet_persistence::{ingest_rules, tx::Tx};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Measurements and series that a report shows, at most.
const SHOWN: usize = 100;

/// What became of a body.
pub(super) struct Taken {
    /// As a dry run tells it.
    pub report: IngestReport,
    /// Where the journal says so, when a batch was recorded.
    pub receipt: Option<Receipt>,
    /// Native histograms that were taken: they are among the points, too.
    pub histograms: usize,
}

impl Taken {
    /// Why points were refused, in one text; empty when none was.
    pub(super) fn why(&self, called: &str) -> String {
        let IngestReport { refused, refused_points, .. } = &self.report;
        if *refused == 0 {
            return String::new();
        }
        let told =
            refused_points.iter().map(|RefusedPointView { point, reason }| format!("{called} {point}: {reason}"));
        let told: Vec<String> = told.collect();
        let more = if *refused > told.len() { "; and more" } else { "" };
        format!("{refused} refused: {}{more}", told.join("; "))
    }

    /// The answer, with where the journal says so.
    pub(super) fn answer(self, answer: Answer) -> Answer {
        self.receipt.into_iter().fold(answer, Answer::with_receipt)
    }
}

/// How a door calls itself as the source of a batch.
fn source(door: Door) -> &'static str {
    match door {
        Door::Otlp => "OpenTelemetry",
        Door::Prometheus => "Prometheus remote write",
        Door::Influx => "InfluxDB line protocol",
        Door::Cloudevents => "CloudEvents",
    }
}

impl Call {
    /// Takes a body in, in one transaction, and answers as the door has it; a dry run is answered by a report. Nothing is
    /// decoded for whoever may not send it, nor where others wait for it.
    pub(super) async fn ingest(
        self,
        door: Door,
        dry_run: bool,
        digest: [u8; 32],
        decode: impl FnOnce() -> Result<Intake, ApiError> + Send + 'static,
        answer: impl FnOnce(Taken) -> Result<Answer, ApiError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        let by = self.actor.clone();
        let intake = match MeasurementBatch::may_make(&by) {
            Ok(()) => web::block(decode).await.map_err(|error| ApiError::Internal(error.to_string()))?,
            Err(refusal) => Err(refusal.into()),
        };
        self.write(&WriteParameters { dry_run }, &digest, move |tx| {
            let intake = intake?;
            let rules = Ruleset::of(ingest_rules::feeding(by.organisation, tx.connection())?);
            let taken = take(door, &intake, &rules, tx)?;
            if dry_run { Answer::json(StatusCode::OK, &taken.report) } else { answer(taken) }
        })
        .await
    }
}

/// Takes in what a door has decoded, as these rules read it.
pub(super) fn take(door: Door, intake: &Intake, rules: &Ruleset, tx: &mut Tx<'_>) -> Result<Taken, ApiError> {
    let (readings, unmatched) = read(door, intake, rules)?;
    let assembled = assemble(readings);
    let (checked, items) = checked(assembled, tx)?;
    let shown: Vec<Option<Point>> = checked.iter().take(SHOWN).map(|item| item.as_ref().ok().cloned()).collect();
    let (sifted, batch) = recorded(source(door).to_owned(), checked, tx)?;
    let Intake { series: _, samples: _, points, passed_over, refused, told, histograms } = intake;
    let mut report = IngestReport {
        points: *points,
        passed_over: *passed_over,
        refused: *refused,
        refused_points: told.iter().map(RefusedPointView::from).collect(),
        unmatched: unmatched.figures,
        unmatched_series: unmatched.series.iter().take(SHOWN).map(SeriesView::from).collect(),
        batch_id: batch.as_ref().map(|(batch, _)| batch.id()),
        batch_reference: batch.as_ref().map(|(batch, _)| batch.head.reference.to_string()),
        counts: Counts::of(&sifted.outcomes).into(),
        measurements: shown.into_iter().zip(&sifted.outcomes).filter_map(MeasuredView::of).collect(),
    };
    let refused = note_refused(&items, &sifted.outcomes, intake, &mut report);
    ingest_unmatched::note(unmatched.series, tx)?;
    let histograms = histograms.iter().filter(|point| !refused.contains(point)).count();
    Ok(Taken { report, receipt: batch.map(|(_, receipt)| receipt), histograms })
}

/// What no rule has read.
#[derive(Default)]
struct Unmatched {
    /// How many figures.
    figures: usize,
    /// Of which series, how many figures each, and the last one.
    series: BTreeMap<Series, (i64, f64)>,
}

/// Holds each series against the rules, once; its figures follow.
fn read<'a>(door: Door, intake: &'a Intake, rules: &'a Ruleset) -> Result<(Vec<Reading<'a>>, Unmatched), ApiError> {
    let arrivals = intake.series.iter().map(|series| Arrival { door, metric: &series.metric, labels: &series.labels });
    let feeding: Vec<_> = arrivals.map(|series| (series, rules.feeding(&series))).collect();
    // Of formats in which each point says of which series it is, the first that says the same.
    let mut first: HashMap<(&str, &Labels), usize> = HashMap::new();
    let (mut readings, mut figures, mut lost) = (Vec::new(), 0, HashMap::<usize, (i64, f64)>::new());
    for sample in &intake.samples {
        let Some((series, rules)) = feeding.get(sample.series) else { continue };
        if rules.is_empty() {
            figures += 1;
            let (seen, last) = lost.entry(sample.series).or_default();
            (*seen, *last) = (*seen + 1, sample.value);
            continue;
        }
        let place = *first.entry((series.metric, series.labels)).or_insert(sample.series);
        readings.extend(rules.iter().map(|rule| Reading {
            terms: &rule.terms,
            series: place,
            point: sample.point,
            labels: series.labels,
            at: sample.at,
            value: sample.value,
        }));
        if readings.len() > ITEMS {
            let detail = format!("one body may make {ITEMS} measurements: send smaller batches");
            return Err(ApiError::TooMuch(detail));
        }
    }
    let mut series: BTreeMap<Series, (i64, f64)> = BTreeMap::new();
    let mut lost: Vec<(usize, (i64, f64))> = lost.into_iter().collect();
    lost.sort_by_key(|(place, _)| *place);
    // Places that say the same are one series: a full list goes on counting those that are on it.
    for (place, (seen, last)) in lost {
        let Some((arrival, _)) = feeding.get(place) else { continue };
        let is_full = series.len() >= LISTED;
        match series.entry(Series::listed(arrival)) {
            Entry::Occupied(mut known) => {
                let (total, newest) = known.get_mut();
                (*total, *newest) = (*total + seen, last);
            }
            Entry::Vacant(_) if is_full => {}
            Entry::Vacant(room) => {
                room.insert((seen, last));
            }
        }
    }
    Ok((readings, Unmatched { figures, series }))
}

/// A measurement that can be recorded, or why it cannot.
type Checked = Result<Point, Fault>;

/// An item of the batch: of which points it was made, and how its indicator is called.
struct Item {
    points: Vec<usize>,
    indicator: Option<String>,
}

/// Checks each measurement against its indicator, which is locked.
fn checked(assembled: Vec<Assembled>, tx: &mut Tx<'_>) -> Result<(Vec<Checked>, Vec<Item>), ApiError> {
    let named: BTreeSet<Uuid> = assembled.iter().map(|one| one.indicator.0).collect();
    let indicators = locked(named.into_iter().collect(), tx)?;
    let now = tx.now();
    let check = |Assembled { points, indicator, made }: Assembled| {
        let found = indicators.get(&indicator.0);
        let item = Item { points, indicator: found.map(|indicator| indicator.head.reference.to_string()) };
        let checked = match found {
            Some(indicator) => made.and_then(|raw| check_point(raw, indicator, now)),
            None => Err(not_theirs()),
        };
        (checked, item)
    };
    Ok(assembled.into_iter().map(check).unzip())
}

/// Counts points of which nothing, or not all, could be measured, each once; which they are.
fn note_refused(items: &[Item], outcomes: &[Outcome], intake: &Intake, report: &mut IngestReport) -> BTreeSet<usize> {
    let mut refused = BTreeSet::new();
    for (item, outcome) in items.iter().zip(outcomes) {
        let Outcome::Refused { fault } = outcome else { continue };
        for point in &item.points {
            if refused.insert(*point) && report.refused_points.len() < TOLD {
                let sample = intake.samples.iter().find(|sample| sample.point == *point);
                let metric = sample.and_then(|sample| Some(intake.series.get(sample.series)?.metric.as_str()));
                let indicator = item.indicator.as_deref().unwrap_or("an indicator");
                let metric = metric.unwrap_or_default();
                let reason = format!("{metric}: {indicator}: {} {}", fault.pointer, fault.detail);
                report.refused_points.push(RefusedPointView { point: *point, reason });
            }
        }
    }
    report.refused += refused.len();
    refused
}
