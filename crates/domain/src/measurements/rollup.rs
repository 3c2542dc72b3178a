//! Rollups: what counts of a series within an hour, a day or longer, in the figures that charts and summaries need.

use super::Figure;
use chrono::{DateTime, Datelike, Days, Duration, DurationRound, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

/// How wide a rollup is. All begin in UTC; a week on Monday.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RollupStep))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Step {
    /// When the stretch began in which `at` lies.
    #[must_use]
    pub fn start_of(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let day = at.date_naive();
        let first = match self {
            Self::Hour => return at.duration_trunc(Duration::hours(1)).unwrap_or(at),
            Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
            Self::Quarter => NaiveDate::from_ymd_opt(day.year(), (day.month0() / 3) * 3 + 1, 1),
            Self::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        };
        first.map_or(at, |day| day.and_time(NaiveTime::MIN).and_utc())
    }

    /// When the stretch ends that began at `start`.
    #[must_use]
    pub fn end_of(self, start: DateTime<Utc>) -> DateTime<Utc> {
        let end = match self {
            Self::Hour => start.checked_add_signed(Duration::hours(1)),
            Self::Day => start.checked_add_days(Days::new(1)),
            Self::Week => start.checked_add_days(Days::new(7)),
            Self::Month => start.checked_add_months(Months::new(1)),
            Self::Quarter => start.checked_add_months(Months::new(3)),
            Self::Year => start.checked_add_months(Months::new(12)),
        };
        end.unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// When the stretch began that lies so many before the one that began at `start`; not before 1970.
    #[must_use]
    pub fn before(self, start: DateTime<Utc>, count: u32) -> DateTime<Utc> {
        let months = |each: u32| start.checked_sub_months(Months::new(count.saturating_mul(each)));
        let earlier = match self {
            Self::Hour => start.checked_sub_signed(Duration::hours(count.into())),
            Self::Day => start.checked_sub_days(Days::new(count.into())),
            Self::Week => start.checked_sub_days(Days::new(u64::from(count) * 7)),
            Self::Month => months(1),
            Self::Quarter => months(3),
            Self::Year => months(12),
        };
        let first = self.start_of(DateTime::UNIX_EPOCH);
        earlier.map_or(first, |earlier| earlier.max(first))
    }
}

/// Until when hours and days stay as they are once measurements up to a moment were removed, because they are not kept any
/// longer: to the end of that day. What is left of the rows says nothing of them, and nothing is added to them, so that nothing is
/// counted twice.
#[must_use]
pub fn settled_until(removed_until: DateTime<Utc>) -> DateTime<Utc> {
    Step::Day.end_of(Step::Day.start_of(removed_until))
}

/// What counts within a stretch of time. Made of single figures and of other rollups in any order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rollup {
    /// How many measurements; at least one.
    pub count: i64,
    /// The arithmetic mean of their values.
    pub mean: f64,
    /// The sum of the squared distances from the mean.
    pub deviations: f64,
    /// The lowest value.
    pub least: f64,
    /// The highest value.
    pub greatest: f64,
    /// The last one: when it was observed, and its value.
    pub newest: (DateTime<Utc>, f64),
    /// Of a ratio: the sums of the numerators and of the denominators.
    pub parts: Option<(f64, f64)>,
}

impl Rollup {
    /// Of one measurement.
    #[must_use]
    pub fn of(at: DateTime<Utc>, figure: Figure) -> Self {
        let value = figure.value();
        let parts = match figure {
            Figure::Gauge { value: _ } => None,
            Figure::Ratio { numerator, denominator } => Some((numerator, denominator)),
        };
        Self { count: 1, mean: value, deviations: 0.0, least: value, greatest: value, newest: (at, value), parts }
    }

    /// Both together. The means are weighed, and the squares joined, after Chan, Golub and LeVeque, "Updating formulae and a
    /// pairwise algorithm for computing sample variances" (1979): sums of squares would lose what little large figures differ by.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 measurements")]
    pub fn with(self, other: Self) -> Self {
        let (ours, theirs) = (self.count as f64, other.count as f64);
        let (all, distance) = (ours + theirs, other.mean - self.mean);
        Self {
            count: self.count + other.count,
            mean: self.mean + distance * (theirs / all),
            deviations: self.deviations + other.deviations + distance * distance * (ours * theirs / all),
            least: self.least.min(other.least),
            greatest: self.greatest.max(other.greatest),
            newest: if other.newest.0 >= self.newest.0 { other.newest } else { self.newest },
            parts: self
                .parts
                .zip(other.parts)
                .map(|((n, d), (numerator, denominator))| (n + numerator, d + denominator)),
        }
    }

    /// Whether it says the same, but for what is lost when figures are put together in another order.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let near = |one: f64, other: f64, size: f64| (one - other).abs() <= 1e-9 * size.abs().max(f64::MIN_POSITIVE);
        let size = self.least.abs().max(self.greatest.abs());
        let parts = match (self.parts, other.parts) {
            (None, None) => true,
            (Some((n, d)), Some((numerator, denominator))) => near(n, numerator, n) && near(d, denominator, d),
            (None, Some(_)) | (Some(_), None) => false,
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 measurements")]
        let squares = size * size * self.count as f64;
        (self.count, self.least, self.greatest, self.newest) == (other.count, other.least, other.greatest, other.newest)
            && near(self.mean, other.mean, size)
            && near(self.deviations, other.deviations, squares)
            && parts
    }

    /// What it says as one figure: the mean, and of a ratio the quotient of the sums, in which many weigh more than few.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.parts.map_or(self.mean, |(numerator, denominator)| numerator / denominator)
    }

    /// The standard deviation of the values as a sample; `None` of a single one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 measurements")]
    pub fn standard_deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.deviations.max(0.0) / (self.count - 1) as f64).sqrt())
    }
}
