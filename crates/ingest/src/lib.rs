//! What monitoring systems send, decoded: bytes in, series and samples out. No I/O, no clock, nothing of the product.
//!
//! Each decoder walks the bytes once and keeps what it reads as samples, without a tree in between, so that what is held is
//! bounded by [`SAMPLES`] and [`LABEL_BYTES`] and not by how often an empty message fits into a body. A point that cannot
//! become a sample is counted and told, never lost.

pub mod cloudevents;
pub mod histogram;
pub mod line_protocol;
pub mod otlp;
pub mod remote_write;
pub mod sarif;
pub mod wire;

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Samples of one body at most; a histogram is several.
pub const SAMPLES: usize = 50_000;
/// Bytes of all labels of one body at most, each series with its own: a table of symbols is small, what refers to it is not.
pub const LABEL_BYTES: usize = 32 << 20;
/// Labels of one series at most.
pub const LABELS: usize = 64;
/// Bytes of the name and labels of one series, at most: many points refer to them, and each rule looks at them. So many may
/// those of a resource have, too, and those that a series takes from a table.
pub const SHARED_BYTES: usize = 16 << 10;
/// Points of one body that are refused one by one, at most: beyond that the body is.
pub const REFUSED: usize = 4 * SAMPLES;
/// Points that were refused and are told, at most; all are counted.
pub const TOLD: usize = 20;

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// Why a body cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not what it is said to be.
    #[error("{0}")]
    Malformed(String),
    /// It holds more than is read at once.
    #[error("{0}")]
    TooMuch(String),
}

impl Unreadable {
    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed(what.into())
    }
}

/// A series: the name of a metric, and the labels by which it is told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The metric's name.
    pub metric: String,
    /// Its labels; those that are empty are left out, as they say the same.
    pub labels: Labels,
}

/// A figure of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Which series, by its place.
    pub series: usize,
    /// When it was observed.
    pub at: DateTime<Utc>,
    /// The figure: finite.
    pub value: f64,
    /// As a part of which point of the body: a histogram is one point and several samples.
    pub point: usize,
}

/// A point that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which point of the body, from 0; in line protocol which line, from 1.
    pub point: usize,
    /// Why.
    pub why: String,
}

/// What a body held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Intake {
    /// The series, in the order in which they came.
    pub series: Vec<Series>,
    /// The samples, in the order in which they came.
    pub samples: Vec<Sample>,
    /// Points of the body, whatever became of them.
    pub points: usize,
    /// Points that say that there is no figure: markers of an end, fields of text.
    pub passed_over: usize,
    /// How many points were refused.
    pub refused: usize,
    /// The first of them, at most [`TOLD`].
    pub told: Vec<Refused>,
    /// Which points are native histograms that were not refused.
    pub histograms: Vec<usize>,
}

/// Gathers what a decoder reads, within the limits.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    intake: Intake,
    label_bytes: usize,
    point: usize,
}

impl Gathering {
    /// The next point begins; it is known by its number, unless the format counts otherwise.
    pub(crate) fn begin(&mut self) {
        self.point = self.intake.points;
        self.intake.points += 1;
    }

    /// The next point begins, known by a number of the format's own.
    pub(crate) fn begin_at(&mut self, point: usize) {
        self.point = point;
        self.intake.points += 1;
    }

    /// The point at hand is refused. The reason is put into words only where it is told.
    pub(crate) fn refuse(&mut self, why: impl FnOnce() -> String) -> Result<(), Unreadable> {
        if self.intake.refused >= REFUSED {
            return Err(Unreadable::TooMuch(format!("more than {REFUSED} points of the body cannot be taken")));
        }
        self.intake.refused += 1;
        self.intake.histograms.pop_if(|point| *point == self.point);
        if self.intake.told.len() < TOLD {
            let why = why();
            let end = why.char_indices().nth(300).map_or(why.len(), |(end, _)| end);
            let why = why.get(..end).unwrap_or_default().to_owned();
            self.intake.told.push(Refused { point: self.point, why });
        }
        Ok(())
    }

    /// The point at hand holds no figure, and says so.
    pub(crate) fn pass_over(&mut self) {
        self.intake.passed_over += 1;
    }

    /// The point at hand is a native histogram.
    pub(crate) fn note_histogram(&mut self) {
        self.intake.histograms.push(self.point);
    }

    /// A series, of the parts of its name and its labels, of which the later win; its place. They are counted before they
    /// are copied.
    pub(crate) fn series<'a>(
        &mut self,
        metric: &[&str],
        labels: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Result<usize, Unreadable> {
        if self.intake.series.len() >= SAMPLES {
            return Err(too_many());
        }
        let bytes: usize = labels.clone().map(|(name, value)| name.len() + value.len()).sum();
        let of_metric: usize = metric.iter().map(|part| part.len()).sum();
        self.label_bytes = self.label_bytes.saturating_add(bytes).saturating_add(of_metric);
        if bytes.saturating_add(of_metric) > SHARED_BYTES {
            return Err(Unreadable::TooMuch(format!("name and labels of one series may have {SHARED_BYTES} bytes")));
        }
        if self.label_bytes > LABEL_BYTES {
            return Err(Unreadable::TooMuch(format!("labels of one body may have {LABEL_BYTES} bytes")));
        }
        let mut labels: Labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        labels.retain(|_, value| !value.is_empty());
        self.intake.series.push(Series { metric: metric.concat(), labels });
        Ok(self.intake.series.len() - 1)
    }

    /// A sample of the point at hand.
    pub(crate) fn sample(&mut self, series: usize, at: DateTime<Utc>, value: f64) -> Result<(), Unreadable> {
        if self.intake.samples.len() >= SAMPLES {
            return Err(too_many());
        }
        self.intake.samples.push(Sample { series, at, value, point: self.point });
        Ok(())
    }

    pub(crate) fn finish(self) -> Intake {
        self.intake
    }
}

fn too_many() -> Unreadable {
    Unreadable::TooMuch(format!("one body may hold {SAMPLES} samples; send smaller batches"))
}

/// The moment of so many nanoseconds since 1970; 0 says that it is not known.
pub(crate) fn moment(nanoseconds: u64) -> Option<DateTime<Utc>> {
    let nanoseconds = i64::try_from(nanoseconds).ok().filter(|nanoseconds| *nanoseconds > 0)?;
    Some(DateTime::from_timestamp_nanos(nanoseconds))
}

/// Labels, as a series is told apart by them.
pub(crate) fn borrowed(labels: &Labels) -> impl Iterator<Item = (&str, &str)> + Clone {
    labels.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_put_into_words_only_where_it_is_told() {
        let (mut gathering, mut made) = (Gathering::default(), 0);
        for _ in 0..REFUSED {
            gathering.begin();
            let why = || {
                made += 1;
                "é".repeat(400)
            };
            gathering.refuse(why).unwrap();
        }
        assert!(matches!(gathering.refuse(|| unreachable!()), Err(Unreadable::TooMuch(_))));
        let intake = gathering.finish();
        assert_eq!((intake.refused, intake.told.len(), made), (REFUSED, TOLD, TOLD));
        assert!(intake.told.iter().all(|refused| refused.why == "é".repeat(300)));
    }

    #[test]
    fn labels_are_counted_before_they_are_copied() {
        let wide = "x".repeat(LABEL_BYTES / 2);
        let mut gathering = Gathering::default();
        let looked_at = std::cell::Cell::new(0);
        let labels =
            [("a", wide.as_str()), ("b", wide.as_str())].into_iter().inspect(|_| looked_at.set(looked_at.get() + 1));
        assert!(matches!(gathering.series(&["m"], labels), Err(Unreadable::TooMuch(_))));
        assert_eq!((looked_at.get(), gathering.finish().series.len()), (2, 0), "looked at once: to be counted");
        let mut gathering = Gathering::default();
        assert_eq!(gathering.series(&["m", "_sum"], [("a", "1"), ("b", ""), ("a", "2")].into_iter()), Ok(0));
        let series = Series { metric: "m_sum".to_owned(), labels: [("a".to_owned(), "2".to_owned())].into() };
        assert_eq!(gathering.finish().series, [series]);
    }
}
