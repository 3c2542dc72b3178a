//! Moments and days that bodies and parameters may name: from 1970 to 2199, as both databases keep them.
//!
//! `#[serde(deserialize_with = "bounded")]` on a field, with `default` where it may be absent, and
//! `bounded_given` on a merge patch's.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use serde::{Deserialize, Deserializer, de::Error};

/// How a fault about a moment or a day out of bounds begins.
pub(crate) const OUTSIDE: &str = "must lie between 1970 and 2199, not ";
/// The years that may be named.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2199;
/// A leap second is kept as a second with more than so many nanoseconds.
const SECOND: u32 = 1_000_000_000;

/// What is read out of a text, and can be out of bounds.
pub(crate) trait Bounded: Sized {
    /// Reads the one spelling that is documented.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// A moment or a day as its text says it.
pub(crate) trait Spelt: Sized {
    fn parse(text: &str) -> Result<Self, String>;
}

fn outside(text: &str) -> String {
    format!("{OUTSIDE}`{text}`")
}

impl Spelt for NaiveDate {
    fn parse(text: &str) -> Result<Self, String> {
        let spelt = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
        let day = text.parse::<Self>().ok().filter(|_| spelt);
        let day = day.ok_or_else(|| format!("must be a day such as 2026-03-01, not `{text}`"))?;
        if YEARS.contains(&day.year()) { Ok(day) } else { Err(outside(text)) }
    }
}

impl Spelt for DateTime<Utc> {
    /// To the microsecond, so that what is read back is what the journal binds.
    fn parse(text: &str) -> Result<Self, String> {
        let moment = DateTime::parse_from_rfc3339(text);
        let moment =
            moment.map_err(|_| format!("must be a moment such as 2026-03-01T08:00:00Z, not `{text}`"))?.to_utc();
        if !YEARS.contains(&moment.year()) {
            return Err(outside(text));
        }
        if moment.nanosecond() >= SECOND {
            return Err(format!("must not be a leap second, as `{text}` is"));
        }
        Self::from_timestamp_micros(moment.timestamp_micros()).ok_or_else(|| outside(text))
    }
}

impl<T: Spelt> Bounded for T {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<T: Spelt> Bounded for Option<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| T::parse(&text)).transpose().map_err(D::Error::custom)
    }
}

impl<T: Spelt> Bounded for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| T::parse(text)).collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

/// Reads moments or days within bounds, or none where the type says so.
pub(crate) fn bounded<'de, T: Bounded, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// The same in a merge patch, as [`crate::body::given`] reads others.
pub(crate) fn bounded_given<'de, T: Bounded, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::read(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Input {
        #[serde(default, deserialize_with = "bounded")]
        day: Option<NaiveDate>,
        #[serde(default, deserialize_with = "bounded")]
        at: Option<DateTime<Utc>>,
        #[serde(default, deserialize_with = "bounded_given")]
        patch: Option<Option<NaiveDate>>,
        #[serde(default, deserialize_with = "bounded")]
        days: Vec<NaiveDate>,
    }

    fn read(json: &str) -> Result<Input, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn days_and_moments_of_our_time_are_kept_to_the_microsecond() {
        let input = read(r#"{"day":"2024-02-29","at":"2199-12-31T23:59:59.123456789+00:00","patch":null}"#).unwrap();
        assert_eq!(input.day.unwrap().to_string(), "2024-02-29");
        assert_eq!(input.at.unwrap().to_rfc3339(), "2199-12-31T23:59:59.123456+00:00");
        assert_eq!(input.patch, Some(None));
        let input = read("{}").unwrap();
        assert_eq!((input.day, input.at, input.patch), (None, None, None));
        assert_eq!(read(r#"{"days":["2024-02-29"]}"#).unwrap().days.len(), 1);
        assert!(read(r#"{"at":"2200-01-01T00:30:00+01:00"}"#).is_ok(), "in UTC it is 2199");
    }

    #[test]
    fn all_others_are_refused() {
        for day in ["0000-01-01", "1969-12-31", "2200-01-01", "9999-12-31"] {
            for json in [
                format!(r#"{{"day":"{day}"}}"#),
                format!(r#"{{"patch":"{day}"}}"#),
                format!(r#"{{"days":["2024-02-29","{day}"]}}"#),
                format!(r#"{{"at":"{day}T00:00:00Z"}}"#),
            ] {
                let fault = read(&json).unwrap_err();
                assert!(fault.starts_with(OUTSIDE), "{json}: {fault}");
            }
        }
        for json in [
            r#"{"day":"2024-02-30"}"#,
            r#"{"day":"2024-2-3"}"#,
            r#"{"day":"+262142-12-31"}"#,
            r#"{"day":7}"#,
            r#"{"at":"-262143-01-01T00:00:00Z"}"#,
            r#"{"at":"2024-01-01T24:00:00Z"}"#,
            r#"{"at":"2024-01-01T23:59:60Z"}"#,
            r#"{"at":"2024-01-01T00:00:61Z"}"#,
            r#"{"at":"2024-01-01T00:00:00"}"#,
            r#"{"at":"2024-01-01T00:00:00+25:00"}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
