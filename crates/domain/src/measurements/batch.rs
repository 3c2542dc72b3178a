//! The batch: the record that stands in the journal for all its rows.

use super::{Outcome, Point, RowsDigest, Sifted, Standing};
use crate::access::{Actor, Permission, is_the_program};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::id::{IndicatorId, MeasurementBatchId, MemberId};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Measurements of a batch that can be withdrawn one by one; where more are wrong, the batch is.
pub const WITHDRAWN_ROWS: usize = 100;

/// What became of the items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New ones.
    pub accepted: i64,
    /// Those that were known with the same value.
    pub duplicates: i64,
    /// Those that were known with another value.
    pub corrections: i64,
    /// Those that were not kept.
    pub refused: i64,
}

impl Counts {
    /// Counts outcomes.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Accepted => counts.accepted += 1,
                Outcome::Duplicate => counts.duplicates += 1,
                Outcome::Correction => counts.corrections += 1,
                Outcome::Refused { .. } => counts.refused += 1,
            }
        }
        counts
    }
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It counts.
    Recorded,
    /// It is kept, out of charts and evaluation.
    Withdrawn {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// Who withdrew it; `None` for a machine, and where it was not kept yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<MemberId>,
    },
}

/// What a batch's digest was taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DigestForm {
    /// Lines of canonical JSON: see [`MeasurementBatch::digest_of_lines`]. So it was before rows had a form of their own.
    #[default]
    Lines,
    /// The rows' bytes: see [`RowsDigest`].
    Rows,
}

impl DigestForm {
    /// What was meant before it was said.
    fn is_lines(&self) -> bool {
        *self == Self::Lines
    }
}

/// A measurement of a batch that does not count, although the batch does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawnRow {
    /// Which row of the batch, from 0.
    pub row: i64,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who withdrew it; `None` for a machine.
    pub by: Option<MemberId>,
}

/// Measurements of a batch that are gone, because their indicators do not keep them any longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedRows {
    /// Of which indicators, in the order of their ids: every row that the batch had of them.
    pub indicators: Vec<IndicatorId>,
    /// How many rows.
    pub rows: i64,
    /// When the earliest of them was observed.
    pub observed_from: DateTime<Utc>,
    /// When the latest of them was observed.
    pub observed_until: DateTime<Utc>,
    /// The [`RowsDigest`] of them.
    pub digest: String,
    /// The [`RowsDigest`] of the batch's rows that are left.
    pub left: String,
    /// When they were removed.
    pub at: DateTime<Utc>,
}

/// A batch of measurements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasurementBatch {
    /// Identity and version.
    pub head: Head,
    /// Where it came from, in the sender's words.
    pub source: String,
    /// What became of its items.
    pub counts: Counts,
    /// The indicators it has measurements of, in the order of their ids.
    pub indicators: Vec<IndicatorId>,
    /// When its earliest measurement was observed.
    pub observed_from: DateTime<Utc>,
    /// When its latest measurement was observed.
    pub observed_until: DateTime<Utc>,
    /// SHA-256, hexadecimal, over its rows.
    pub digest: String,
    /// How that is taken.
    #[serde(default, skip_serializing_if = "DigestForm::is_lines")]
    pub digest_form: DigestForm,
    /// Its measurements that were withdrawn one by one, in that order; at most [`WITHDRAWN_ROWS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn_rows: Vec<WithdrawnRow>,
    /// Its measurements that are gone, step by step: each indicator's at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<RemovedRows>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to record one.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchDraft<'a> {
    /// Where it came from.
    pub source: String,
    /// Its items, sorted out; some are to be written.
    pub sifted: &'a Sifted,
}

/// A stage without its facts: what filters and columns name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MeasurementBatchState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Recorded,
    Withdrawn,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Recorded => StageName::Recorded,
            Self::Withdrawn { .. } => StageName::Withdrawn,
        }
    }
}

/// What can be done to a batch.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// Take it out of charts and evaluation.
    Withdraw,
    /// Take one of its measurements out of charts and evaluation.
    WithdrawMeasurement,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    match (verb, from) {
        (Verb::Withdraw, StageName::Recorded) => &[StageName::Withdrawn],
        (Verb::WithdrawMeasurement, StageName::Recorded) => &[StageName::Recorded],
        (Verb::Withdraw | Verb::WithdrawMeasurement, StageName::Withdrawn) => &[],
    }
}

impl Record for MeasurementBatch {
    const PREFIX: Prefix = Prefix::MeasurementBatch;
    const MAKING: Permission = Permission::RecordMeasurements;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }
}

impl Lifecycle for MeasurementBatch {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, (): &(), by: &Actor) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Withdraw | Verb::WithdrawMeasurement => Permission::WithdrawMeasurements,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if self.knows(verb) { Ok(()) } else { Err(Refusal::state("wrong_state", "the batch is withdrawn")) }
    }
}

impl MeasurementBatch {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> MeasurementBatchId {
        MeasurementBatchId(self.head.id)
    }

    /// Records a batch. Whether the actor measures each of the indicators is checked item by item.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], a faulty source, or no row to write.
    pub fn record(draft: BatchDraft<'_>, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let BatchDraft { source, sifted } = draft;
        let mut faults = Faults::default();
        faults.keep(text::title("/source", &source));
        faults.refuse()?;
        let points = || sifted.rows.iter().map(|row| &row.point);
        let times = points().map(|point| point.observed_at);
        let (Some(observed_from), Some(observed_until)) = (times.clone().min(), times.max()) else {
            return Err(Refusal::state("nothing_new", "no item of the batch is to be kept"));
        };
        let indicators: BTreeSet<IndicatorId> = points().map(|point| point.indicator).collect();
        let batch = Self {
            head: Head::born(by, birth),
            source,
            counts: Counts::of(&sifted.outcomes),
            indicators: indicators.into_iter().collect(),
            observed_from,
            observed_until,
            digest: Self::digest_of_rows((0..).zip(points())),
            digest_form: DigestForm::Rows,
            withdrawn_rows: Vec::new(),
            removed: Vec::new(),
            stage: Stage::Recorded,
        };
        Ok(Change::born(batch, "recorded"))
    }

    /// The digest that the rows have which are there now, and how it is taken.
    #[must_use]
    pub fn expected_digest(&self) -> (DigestForm, &str) {
        self.removed.last().map_or((self.digest_form, &self.digest), |removed| (DigestForm::Rows, &removed.left))
    }

    /// The digest of rows in any order, each with its number, in the form in which that of the rows is taken that are there.
    #[must_use]
    pub fn digest_in_form<'a>(&self, rows: impl Iterator<Item = (i64, &'a Point)>) -> String {
        match self.expected_digest().0 {
            DigestForm::Rows => Self::digest_of_rows(rows),
            DigestForm::Lines => Self::digest_of_lines(rows.map(|(_, point)| point)),
        }
    }

    /// Notes that rows are gone because their indicators do not keep them any longer: all that it had of these indicators. What is
    /// left of its rows is bound by the record from here on.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; nothing is gone.
    pub fn remove_rows(
        self,
        gone: &[(i64, &Point)],
        left: &[(i64, &Point)],
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        let times = gone.iter().map(|(_, point)| point.observed_at);
        let (Some(observed_from), Some(observed_until)) = (times.clone().min(), times.max()) else {
            return Err(Refusal::state("nothing_removed", "no row of the batch is removed"));
        };
        let indicators: BTreeSet<IndicatorId> = gone.iter().map(|(_, point)| point.indicator).collect();
        let mut after = self.clone();
        after.removed.push(RemovedRows {
            indicators: indicators.into_iter().collect(),
            rows: i64::try_from(gone.len()).unwrap_or(i64::MAX),
            observed_from,
            observed_until,
            digest: Self::digest_of_rows(gone.iter().copied()),
            left: Self::digest_of_rows(left.iter().copied()),
            at,
        });
        Ok(Change::of(self, after, "rows_removed", at))
    }

    /// The [`RowsDigest`] of rows in any order, each with its number.
    #[must_use]
    pub fn digest_of_rows<'a>(rows: impl Iterator<Item = (i64, &'a Point)>) -> String {
        let mut rows: Vec<(i64, &Point)> = rows.collect();
        rows.sort_unstable_by_key(|(number, point)| (point.indicator, point.observed_at, *number));
        let mut digest = RowsDigest::default();
        for (number, point) in rows {
            digest.add(number, point);
        }
        digest.finish()
    }

    /// SHA-256, hexadecimal, over the points as lines of canonical JSON (RFC 8785), each ended by a line feed, in
    /// the order of the lines' bytes. It depends on what is stored alone, so that it can be computed again from there.
    #[must_use]
    pub fn digest_of_lines<'a>(points: impl Iterator<Item = &'a Point>) -> String {
        // A point always has a canonical form: its numbers are finite.
        let mut lines: Vec<Vec<u8>> =
            points.map(|point| serde_json_canonicalizer::to_vec(point).unwrap_or_default()).collect();
        lines.sort_unstable();
        let mut hash = Sha256::new();
        for line in lines {
            hash.update(&line);
            hash.update(b"\n");
        }
        hex::encode(hash.finalize())
    }

    /// Takes the batch out of charts and evaluation, and keeps it. What it had superseded stays superseded; sent again
    /// it is taken as new.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn withdraw(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Withdraw, &(), by)?;
        text::narrative("/reason", &reason).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let after = Self { stage: Stage::Withdrawn { reason: reason.clone(), at, by: by.member() }, ..self.clone() };
        Ok(Change::of(self, after, "withdrawn", at).because(reason))
    }

    /// Takes one of its measurements out of charts and evaluation, and keeps it: `standing` is that of the row, `None` where
    /// the batch has no such row. What it had superseded stays superseded; sent again the measurement is taken as new.
    ///
    /// # Errors
    /// The guard's refusal, a blank reason, no such row, the measurement does not count any more, or [`WITHDRAWN_ROWS`]
    /// others do not.
    pub fn withdraw_measurement(
        self,
        (row, standing): (i64, Option<Standing>),
        reason: String,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::WithdrawMeasurement, &(), by)?;
        let mut faults = Faults::default();
        if standing.is_none() {
            faults.push(Fault::new("/row", "unknown_row", "must be the number of one of the batch's rows"));
        }
        faults.keep(text::narrative("/reason", &reason));
        faults.refuse()?;
        match standing {
            Some(Standing::Live) | None => {}
            Some(Standing::Superseded) => {
                return Err(Refusal::state("does_not_count", "a correction has taken the measurement's place"));
            }
            Some(Standing::Withdrawn) => return Err(Refusal::state("does_not_count", "the measurement is withdrawn")),
        }
        if self.withdrawn_rows.len() >= WITHDRAWN_ROWS {
            let detail = format!(
                "{WITHDRAWN_ROWS} of the batch's measurements are withdrawn: withdraw the batch, and send what is right again"
            );
            return Err(Refusal::state("too_many_withdrawn", detail));
        }
        let mut after = self.clone();
        after.withdrawn_rows.push(WithdrawnRow { row, reason: reason.clone(), at, by: by.member() });
        Ok(Change::of(self, after, "measurement_withdrawn", at).because(reason))
    }
}
