//! References that people say aloud: `NC-2026-0007`.

use serde::{Deserialize, Serialize};

/// The prefix of a reference, one per kind of record.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
pub enum Prefix {
    /// Nonconformity.
    #[strum(serialize = "NC")]
    Nonconformity,
    /// Member.
    #[strum(serialize = "MEM")]
    Member,
    /// API key.
    #[strum(serialize = "KEY")]
    ApiKey,
    /// Action.
    #[strum(serialize = "ACT")]
    Action,
    /// Indicator.
    #[strum(serialize = "IND")]
    Indicator,
    /// Signal.
    #[strum(serialize = "SIG")]
    Signal,
    /// Batch of measurements.
    #[strum(serialize = "BAT")]
    MeasurementBatch,
}

/// Prefix, UTC year and counter; gap-free per organisation, prefix and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// The kind of record.
    pub prefix: Prefix,
    /// The UTC year in which the record was made.
    pub year: i32,
    /// Starts at 1.
    pub number: i64,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let prefix: &'static str = self.prefix.into();
        write!(f, "{prefix}-{:04}-{:04}", self.year, self.number)
    }
}

/// What stands in a path where a record is meant: its id or its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locator {
    /// By id.
    Id(uuid::Uuid),
    /// By reference.
    Reference(Reference),
}

impl std::str::FromStr for Locator {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        match uuid::Uuid::try_parse(text) {
            // One spelling of an id: with hyphens.
            Ok(id) if text.len() == 36 => Ok(Self::Id(id)),
            Ok(_) => Err(NotAReference),
            Err(_) => text.parse().map(Self::Reference),
        }
    }
}

/// A text that is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reference looks like NC-2026-0007")]
pub struct NotAReference;

impl std::str::FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let mut parts = text.splitn(3, '-');
        let (Some(prefix), Some(year), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotAReference);
        };
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if year.len() != 4 || number.len() < 4 || !digits(year) || !digits(number) {
            return Err(NotAReference);
        }
        let reference = Self {
            prefix: prefix.parse().map_err(|_| NotAReference)?,
            year: year.parse().map_err(|_| NotAReference)?,
            number: number.parse().map_err(|_| NotAReference)?,
        };
        // One spelling only: `NC-2026-00007` would be a second name of the same record.
        if reference.to_string() == text { Ok(reference) } else { Err(NotAReference) }
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(year in 1970..9999i32, number in 1..10_000_000i64) {
            let reference = Reference { prefix: Prefix::Nonconformity, year, number };
            prop_assert_eq!(reference.to_string().parse(), Ok(reference));
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = text.parse::<Reference>();
        }
    }

    #[test]
    fn a_locator_is_an_id_or_a_reference() {
        let id = uuid::Uuid::from_u128(7);
        assert_eq!(id.to_string().parse(), Ok(Locator::Id(id)));
        assert!(matches!("NC-2026-0001".parse(), Ok(Locator::Reference(_))));
        for wrong in [id.simple().to_string(), id.urn().to_string(), format!("{{{id}}}"), "1".to_owned()] {
            assert_eq!(wrong.parse::<Locator>(), Err(NotAReference), "{wrong}");
        }
    }

    #[test]
    fn has_one_spelling() {
        for wrong in
            ["NC-2026-00007", "nc-2026-0007", "NC-26-0007", "NC-2026-7", "NC-2026-+007", "XX-2026-0007", "NC", ""]
        {
            assert_eq!(wrong.parse::<Reference>(), Err(NotAReference), "{wrong}");
        }
    }
}
