//! How often something is done.

use chrono::{Days, Duration, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// How often something is done.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Frequency {
    /// Every hour.
    Hourly,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every year.
    Yearly,
}

impl Frequency {
    /// The longest time between two measurements in step; a month may have 31 days, and a year 366.
    #[must_use]
    pub fn period(self) -> Duration {
        match self {
            Self::Hourly => Duration::hours(1),
            Self::Daily => Duration::days(1),
            Self::Weekly => Duration::days(7),
            Self::Monthly => Duration::days(31),
            Self::Quarterly => Duration::days(92),
            Self::Yearly => Duration::days(366),
        }
    }

    /// The day once more after this one; what is done each hour is done within a day.
    #[must_use]
    pub fn after(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Hourly | Self::Daily => day.succ_opt(),
            Self::Weekly => day.checked_add_days(Days::new(7)),
            Self::Monthly => day.checked_add_months(Months::new(1)),
            Self::Quarterly => day.checked_add_months(Months::new(3)),
            Self::Yearly => day.checked_add_months(Months::new(12)),
        }
    }
}
