//! One measurement: what arrives, and what of it is accepted.

use crate::id::IndicatorId;
use crate::indicators::{Indicator, MAGNITUDE, StageName, ValueKind};
use crate::reference::Locator;
use crate::refusal::Fault;
use crate::text;
use chrono::{DateTime, Duration, Timelike, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// At most so many dimensions.
pub const DIMENSIONS: usize = 8;
/// A dimension's name: at most so many characters out of letters, digits, `_`, `-` and `.`.
pub const DIMENSION_NAME: usize = 64;
/// A dimension's value: at most so many characters.
pub const DIMENSION_VALUE: usize = 128;
/// A note: at most so many characters.
pub const NOTE: usize = 1_000;

/// An indicator has at most so many series.
pub const SERIES: usize = 10_000;

/// A measurement as it arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct RawPoint {
    /// Of which indicator.
    pub indicator: Locator,
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// For a gauge.
    pub value: Option<f64>,
    /// For a ratio, with its denominator.
    pub numerator: Option<f64>,
    /// For a ratio; greater than zero.
    pub denominator: Option<f64>,
    /// What it is of: `{"site": "north"}`.
    pub dimensions: BTreeMap<String, String>,
    /// Whatever is to be remembered of it.
    pub note: Option<String>,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// One number.
    Gauge {
        /// The number.
        value: f64,
    },
    /// A quotient.
    Ratio {
        /// Of it.
        numerator: f64,
        /// Greater than zero.
        denominator: f64,
    },
}

impl Figure {
    /// Numerator and denominator, for a ratio.
    #[must_use]
    pub fn parts(self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Gauge { value: _ } => (None, None),
            Self::Ratio { numerator, denominator } => (Some(numerator), Some(denominator)),
        }
    }

    /// The value that is charted and evaluated.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::Gauge { value } => value,
            Self::Ratio { numerator, denominator } => numerator / denominator,
        }
    }
}

/// Whether a measurement counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Standing {
    /// It does.
    Live,
    /// A correction took its place.
    Superseded,
    /// Its batch was withdrawn.
    Withdrawn,
}

/// A measurement that can be stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Of which indicator.
    pub indicator: IndicatorId,
    /// When it was observed, to the microsecond.
    pub observed_at: DateTime<Utc>,
    /// Its dimensions as one text, by which series are told apart; empty without any.
    #[serde(rename = "dimensions")]
    pub series: String,
    /// What was measured.
    #[serde(flatten)]
    pub figure: Figure,
    /// Whatever is to be remembered of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The dimensions as one text: a JSON object with its names in order, and an empty text without any.
#[must_use]
pub fn series_of(dimensions: &BTreeMap<String, String>) -> String {
    if dimensions.is_empty() {
        return String::new();
    }
    serde_json::Value::Object(dimensions.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect())
        .to_string()
}

/// What [`series_of`] made a text of.
#[must_use]
pub fn dimensions_of(series: &str) -> BTreeMap<String, String> {
    // Nothing else than an object of texts is ever stored; without dimensions the text is empty.
    serde_json::from_str(series).unwrap_or_default()
}

/// What of `raw` can be stored for `indicator` at `now`.
///
/// # Errors
/// The first fault, with its pointer into the item.
pub fn check_point(raw: RawPoint, indicator: &Indicator, now: DateTime<Utc>) -> Result<Point, Fault> {
    let RawPoint { indicator: _, observed_at, value, numerator, denominator, dimensions, note } = raw;
    is_measured(indicator)?;
    let observed_at = moment(observed_at, now)?;
    if indicator.retained_from(now).is_some_and(|from| observed_at < from) {
        let days = indicator.retention_days.unwrap_or_default();
        let detail = format!("lies further back than the {days} days for which the indicator's measurements are kept");
        return Err(Fault::new("/observed_at", "not_retained", detail));
    }
    let figure = match indicator.value_kind {
        ValueKind::Gauge => gauge(value, numerator.or(denominator))?,
        ValueKind::Ratio => ratio(value, numerator, denominator)?,
    };
    check_dimensions(&dimensions)?;
    if let Some(note) = &note {
        text::narrative("/note", note)?;
        if note.chars().nth(NOTE).is_some() {
            return Err(Fault::new("/note", "too_long", format!("must have at most {NOTE} characters")));
        }
    }
    Ok(Point { indicator: indicator.id(), observed_at, series: series_of(&dimensions), figure, note })
}

fn is_measured(indicator: &Indicator) -> Result<(), Fault> {
    if let Some(fault) = indicator.takes_no_figures("/indicator") {
        return Err(fault);
    }
    match indicator.stage.name() {
        StageName::Active => Ok(()),
        StageName::Draft => Err(Fault::new("/indicator", "not_active", "the indicator is not active yet")),
        StageName::Retired => Err(Fault::new("/indicator", "not_active", "the indicator is retired")),
        StageName::Void => Err(Fault::new("/indicator", "not_active", "the indicator is void")),
    }
}

/// From 1970 to one day ahead, to the microsecond, as both databases keep it.
fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    // Such a second is kept as the next one: two moments would be one.
    if at.nanosecond() >= 1_000_000_000 {
        return Err(Fault::new("/observed_at", "leap_second", "must not be a leap second"));
    }
    if at < DateTime::UNIX_EPOCH {
        return Err(Fault::new("/observed_at", "before_1970", "must not lie before 1970"));
    }
    if now.checked_add_signed(Duration::days(1)).is_some_and(|limit| at > limit) {
        return Err(Fault::new("/observed_at", "in_the_future", "must not lie more than one day ahead"));
    }
    DateTime::from_timestamp_micros(at.timestamp_micros())
        .ok_or_else(|| Fault::new("/observed_at", "in_the_future", "must not lie more than one day ahead"))
}

/// Zero has one sign.
fn number(pointer: &str, figure: f64) -> Result<f64, Fault> {
    if figure.is_finite() && figure.abs() <= MAGNITUDE {
        return Ok(figure + 0.0);
    }
    Err(Fault::new(pointer, "not_finite", "must be a number between -1e100 and 1e100"))
}

fn gauge(value: Option<f64>, part: Option<f64>) -> Result<Figure, Fault> {
    match (value, part) {
        (Some(value), None) => Ok(Figure::Gauge { value: number("/value", value)? }),
        (None, _) | (Some(_), Some(_)) => {
            Err(Fault::new("/value", "value_kind", "the indicator is a gauge: give value, and nothing else"))
        }
    }
}

fn ratio(value: Option<f64>, numerator: Option<f64>, denominator: Option<f64>) -> Result<Figure, Fault> {
    let (None, Some(numerator), Some(denominator)) = (value, numerator, denominator) else {
        let detail = "the indicator is a ratio: give numerator and denominator, and nothing else";
        return Err(Fault::new("/numerator", "value_kind", detail));
    };
    let (numerator, denominator) = (number("/numerator", numerator)?, number("/denominator", denominator)?);
    if denominator <= 0.0 {
        return Err(Fault::new("/denominator", "not_positive", "must be greater than zero"));
    }
    number("/denominator", numerator / denominator)?;
    Ok(Figure::Ratio { numerator, denominator })
}

fn check_dimensions(dimensions: &BTreeMap<String, String>) -> Result<(), Fault> {
    if dimensions.len() > DIMENSIONS {
        return Err(Fault::new("/dimensions", "length", format!("must have at most {DIMENSIONS}")));
    }
    for (name, value) in dimensions {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || name.len() > DIMENSION_NAME || !name.chars().all(plain) {
            let detail = format!("names have 1 to {DIMENSION_NAME} letters, digits, _, - or .");
            return Err(Fault::new("/dimensions", "name", detail));
        }
        text::title(&format!("/dimensions/{name}"), value)?;
        if value.chars().nth(DIMENSION_VALUE).is_some() {
            let detail = format!("must have at most {DIMENSION_VALUE} characters");
            return Err(Fault::new(format!("/dimensions/{name}"), "too_long", detail));
        }
    }
    Ok(())
}
