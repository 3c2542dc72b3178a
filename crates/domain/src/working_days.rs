//! Working days: on which days of the week an organisation works, and its holidays. Deadlines of a few days are counted
//! in them.

use crate::refusal::{Fault, Faults};
use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many holidays: some thirty a year, for a dozen years.
pub const HOLIDAYS: usize = 400;

/// A day of the week.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<chrono::Weekday> for Weekday {
    fn from(day: chrono::Weekday) -> Self {
        match day {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

/// When an organisation works. Unless it says otherwise: Monday to Friday, without holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The days of the week on which it works, at least one.
    pub weekdays: BTreeSet<Weekday>,
    /// The days on which it does not work nevertheless.
    pub holidays: BTreeSet<NaiveDate>,
}

impl Default for Calendar {
    fn default() -> Self {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        let weekdays = BTreeSet::from([Monday, Tuesday, Wednesday, Thursday, Friday]);
        Self { weekdays, holidays: BTreeSet::new() }
    }
}

impl Calendar {
    /// Whether nothing was said otherwise.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the organisation works on that day.
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        self.weekdays.contains(&day.weekday().into()) && !self.holidays.contains(&day)
    }

    /// The `count`-th working day after `day`, which is not counted itself.
    #[must_use]
    pub fn working_day_after(&self, day: NaiveDate, count: usize) -> NaiveDate {
        // Each step passes a working day, a holiday or one of six days off: no calendar makes it endless.
        let farthest = (count + self.holidays.len() + 1) * 7;
        let days = day.iter_days().skip(1).take(farthest);
        let fallback = day.checked_add_days(Days::new(7)).unwrap_or(day);
        days.filter(|day| self.is_working_day(*day)).nth(count.saturating_sub(1)).unwrap_or(fallback)
    }

    pub(crate) fn note_faults(&self, faults: &mut Faults) {
        if self.weekdays.is_empty() {
            faults.push(Fault::new("/weekdays", "length", "must name at least one day of the week"));
        }
        if self.holidays.len() > HOLIDAYS {
            faults.push(Fault::new("/holidays", "length", format!("must name at most {HOLIDAYS} days")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn working_days_are_counted_over_weekends_and_holidays() {
        let plain = Calendar::default();
        // The 29th of May 2026 is a Friday.
        for (from, count, expected) in [
            ("2026-05-25", 3, "2026-05-28"),
            ("2026-05-29", 1, "2026-06-01"),
            ("2026-05-29", 3, "2026-06-03"),
            ("2026-05-30", 3, "2026-06-03"),
            ("2026-05-31", 3, "2026-06-03"),
        ] {
            assert_eq!(plain.working_day_after(day(from), count), day(expected), "{from}");
        }
        let holidays = ["2026-06-01", "2026-06-03", "2026-06-06"].map(day).into();
        let with_holidays = Calendar { holidays, ..Calendar::default() };
        assert_eq!(with_holidays.working_day_after(day("2026-05-29"), 3), day("2026-06-05"));
        assert!(!with_holidays.is_working_day(day("2026-06-01")));
        let sundays = Calendar { weekdays: [Weekday::Sunday].into(), holidays: [day("2026-05-31")].into() };
        assert_eq!(sundays.working_day_after(day("2026-05-29"), 3), day("2026-06-21"));
    }

    #[test]
    fn every_day_of_the_week_has_its_name() {
        let monday = day("2026-06-01");
        let week: Vec<Weekday> = monday.iter_days().take(7).map(|day| day.weekday().into()).collect();
        assert_eq!(week, Weekday::VARIANTS);
    }
}
