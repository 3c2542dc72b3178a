//! Measurements: the journal binds each batch, and the batch its rows by their digest. They are read once, in the order of
//! time, whatever their number: beside the batches no more is held than where their digests stand. What is kept of hours and
//! days is held against them on the way.

use super::{PAGE, Verification};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::measurements::{self, Stored, Window};
use crate::table::Table;
use chrono::{DateTime, Utc};
use ratchet_domain::id::{IndicatorId, MeasurementBatchId};
use ratchet_domain::measurements::{
    DigestForm, MeasurementBatch, Point, Rollup, RowsDigest, Stage, Standing, Step, settled_until,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Measurements read at once.
const ROWS: i64 = 10_000;

/// A batch, and what was seen of its rows.
struct Watched {
    batch: MeasurementBatch,
    digest: RowsDigest,
    /// Of a batch whose digest is over lines.
    points: Vec<Point>,
}

impl Watched {
    fn see(&mut self, stored: &Stored) {
        match self.batch.expected_digest().0 {
            DigestForm::Rows => self.digest.add(stored.batch.1, &stored.point),
            DigestForm::Lines => self.points.push(stored.point.clone()),
        }
    }

    fn agrees(self) -> bool {
        let (form, expected) = self.batch.expected_digest();
        let found = match form {
            DigestForm::Rows => self.digest.finish(),
            DigestForm::Lines => MeasurementBatch::digest_of_lines(self.points.iter()),
        };
        found == expected
    }
}

type Batches = HashMap<MeasurementBatchId, Watched>;

/// What the hours and days of an indicator must say, day by day, as its measurements are read in the order of time.
struct Days {
    indicator: IndicatorId,
    day: Option<DateTime<Utc>>,
    /// By series, then by how wide and from when.
    expected: HashMap<String, BTreeMap<(Step, DateTime<Utc>), Rollup>>,
    /// Of how many it is known what they say.
    known: i64,
    /// Of hours and days that began before it the rows that are left say nothing: others were removed.
    settled_until: Option<DateTime<Utc>>,
}

impl Days {
    fn of(indicator: IndicatorId, settled_until: Option<DateTime<Utc>>) -> Self {
        Self { indicator, day: None, expected: HashMap::new(), known: 0, settled_until }
    }

    /// Whether all that was measured from this moment on is there.
    fn is_whole(&self, starts_at: DateTime<Utc>) -> bool {
        self.settled_until.is_none_or(|until| starts_at >= until)
    }

    fn see(&mut self, point: &Point) {
        let rollup = Rollup::of(point.observed_at, point.figure);
        let steps = [Step::Hour, Step::Day].map(|step| (step, step.start_of(point.observed_at)));
        let own = match self.expected.get_mut(&point.series) {
            Some(own) => own,
            None => self.expected.entry(point.series.clone()).or_default(),
        };
        for place in steps {
            own.entry(place).and_modify(|known| *known = known.with(rollup)).or_insert(rollup);
        }
    }
}

impl Verification<'_> {
    /// Each batch's rows are those that it was recorded with, and count as they should.
    pub(super) fn figures(&mut self, connection: &mut AnyConnection) -> Result<(), Error> {
        let mut batches = self.batches(connection)?;
        for indicator in measurements::measured_ones(self.organisation, connection)? {
            match self.figures_of(indicator, &mut batches, connection) {
                Err(Error::Corrupt { table, row, fault }) => self.found(table, row, None, fault),
                result => result?,
            }
        }
        let mut watched: Vec<Watched> = batches.into_values().collect();
        watched.sort_by_key(|watched| watched.batch.head.id);
        for watched in watched {
            let reference = watched.batch.head.reference.to_string();
            if !watched.agrees() {
                self.found("measurements", reference, None, "the batch's rows are not those that were recorded");
            }
        }
        Ok(())
    }

    fn batches(&mut self, connection: &mut AnyConnection) -> Result<Batches, Error> {
        let (mut batches, mut after) = (Batches::new(), None);
        loop {
            // What cannot be read was found with the other records.
            let Ok(page) = MeasurementBatch::walk(self.organisation, after, PAGE, connection) else {
                return Ok(batches);
            };
            let Some((last, _)) = page.last() else { return Ok(batches) };
            after = Some(last.head.id);
            for (batch, _) in page {
                let watched = Watched { batch, digest: RowsDigest::default(), points: Vec::new() };
                batches.insert(watched.batch.id(), watched);
            }
        }
    }

    fn figures_of(
        &mut self,
        indicator: IndicatorId,
        batches: &mut Batches,
        connection: &mut AnyConnection,
    ) -> Result<(), Error> {
        let strays = measurements::strays(self.organisation, indicator, connection)?;
        if strays > 0 {
            self.found("measurements", indicator.to_string(), None, format!("{strays} came with no batch"));
        }
        let mut window = Window { all: true, ..Window::default() };
        let removed = batches.values().flat_map(|watched| &watched.batch.removed);
        let removed_until = removed
            .filter(|removed| removed.indicators.contains(&indicator))
            .map(|removed| removed.observed_until)
            .max();
        if measurements::removed_until_of(self.organisation, indicator, connection)? != removed_until {
            let fault = "says otherwise until when measurements were removed than the batches do";
            self.found("measured_indicators", indicator.to_string(), None, fault);
        }
        let settled_until = removed_until.map(settled_until);
        let mut days = Days::of(indicator, settled_until);
        // All that were observed at the same moment: what took the place of one is among them.
        let mut moment: Vec<Stored> = Vec::new();
        loop {
            let page = measurements::list(self.organisation, indicator, &window, ROWS, connection)?;
            let Some(last) = page.last() else { break };
            window.after = Some((last.point.observed_at, last.batch.0, last.batch.1));
            for stored in page {
                if let Some(watched) = batches.get_mut(&stored.batch.0) {
                    watched.see(&stored);
                }
                let day = Step::Day.start_of(stored.point.observed_at);
                if days.day.is_some_and(|before| before != day) {
                    self.rollups(&mut days, connection)?;
                }
                days.day = Some(day);
                if stored.standing == Standing::Live {
                    days.see(&stored.point);
                }
                if moment.first().is_some_and(|first| first.point.observed_at != stored.point.observed_at) {
                    self.standings(&moment, &days, batches);
                    moment.clear();
                }
                moment.push(stored);
            }
        }
        self.standings(&moment, &days, batches);
        self.rollups(&mut days, connection)?;
        let others = measurements::count_rollups(self.organisation, indicator, settled_until, connection)? - days.known;
        if others != 0 {
            self.found("measurement_rollups", indicator.to_string(), None, format!("{others} are of no measurement"));
        }
        Ok(())
    }

    /// Whether the hours and days of the day that was read say what its measurements say.
    fn rollups(&mut self, days: &mut Days, connection: &mut AnyConnection) -> Result<(), Error> {
        let Some(day) = days.day else { return Ok(()) };
        let mut kept: HashMap<_, _> =
            measurements::kept_rollups(self.organisation, days.indicator, day, connection)?.into_iter().collect();
        kept.retain(|(_, _, starts_at), _| days.is_whole(*starts_at));
        days.known += i64::try_from(kept.len()).unwrap_or(i64::MAX);
        for (series, own) in std::mem::take(&mut days.expected) {
            for ((step, starts_at), rollup) in own.into_iter().filter(|((_, starts_at), _)| days.is_whole(*starts_at)) {
                let found = kept.remove(&(series.clone(), step, starts_at));
                if !found.is_some_and(|found| found.agrees_with(&rollup)) {
                    let row = format!("{} {series} {} {starts_at}", days.indicator, <&str>::from(step));
                    self.found("measurement_rollups", row, None, "does not say what its measurements say");
                }
            }
        }
        for ((series, step, starts_at), _) in kept {
            let row = format!("{} {series} {} {starts_at}", days.indicator, <&str>::from(step));
            self.found("measurement_rollups", row, None, "is of no measurement");
        }
        Ok(())
    }

    /// Whether measurements of one moment count as they should.
    fn standings(&mut self, moment: &[Stored], days: &Days, batches: &Batches) {
        let counts_or_did = |stored: &&Stored| stored.standing != Standing::Superseded;
        let successors: HashSet<&str> =
            moment.iter().filter(counts_or_did).map(|stored| stored.point.series.as_str()).collect();
        for stored in moment {
            let Some(Watched { batch, .. }) = batches.get(&stored.batch.0) else { continue };
            let is_struck = batch.withdrawn_rows.iter().any(|struck| struck.row == stored.batch.1);
            let counts = match (&batch.stage, stored.standing) {
                (Stage::Recorded, Standing::Live) if !is_struck => continue,
                (Stage::Recorded, Standing::Withdrawn) if is_struck => continue,
                (Stage::Withdrawn { .. }, Standing::Withdrawn) => continue,
                (Stage::Recorded, Standing::Live) => "counts although it was withdrawn",
                (Stage::Recorded | Stage::Withdrawn { .. }, Standing::Superseded) => {
                    // What took its place may be gone.
                    let is_told = days.is_whole(stored.point.observed_at);
                    if !is_told || successors.contains(stored.point.series.as_str()) {
                        continue;
                    }
                    "is superseded by nothing"
                }
                (Stage::Recorded, Standing::Withdrawn) => "is withdrawn, its batch is not",
                (Stage::Withdrawn { .. }, Standing::Live) => "counts although its batch is withdrawn",
            };
            let row = format!("{} row {}", batch.head.reference, stored.batch.1);
            self.found("measurements", row, None, counts);
        }
    }
}
