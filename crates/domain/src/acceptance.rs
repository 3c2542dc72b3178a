//! Acceptance: top management takes a weakness or a risk as it is, until a day [6.1.3 f]. Then it returns by itself, and
//! is thought over.

use crate::access::Actor;
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use crate::work::Wake;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// It is thought over at least once a year.
const LONGEST: Days = Days::new(366);

/// That it is taken as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// Up to which level: 1 to 25.
    pub level: i64,
    /// The last day on which it holds, in the organisation's time zone.
    pub until: NaiveDate,
    /// When it was accepted.
    pub at: DateTime<Utc>,
    /// Who of the management did.
    pub by: MemberId,
}

/// What accepting needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept {
    /// Why.
    pub reason: String,
    /// The last day on which it holds; at most a year ahead.
    pub until: NaiveDate,
}

impl Acceptance {
    /// Accepts something of this level. `today` is the organisation's.
    pub(crate) fn given(
        input: Accept,
        level: i64,
        today: NaiveDate,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let Some(by) = by.member() else {
            return Err(Refusal::State(vec![Reason::new("person_needed", "a person of the management accepts it")]));
        };
        let Accept { reason, until } = input;
        let last = today.checked_add_days(LONGEST).unwrap_or(NaiveDate::MAX);
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", &reason));
        if until < today || until > last {
            faults.push(Fault::new("/until", "out_of_range", format!("must lie between {today} and {last}")));
        }
        faults.refuse()?;
        Ok(Self { reason, level, until, at, by })
    }

    /// The day on which it does not hold any more.
    #[must_use]
    pub fn ends_on(&self) -> Option<NaiveDate> {
        self.until.succ_opt()
    }

    /// When it ends by itself.
    #[must_use]
    pub fn wakes(&self) -> Option<Wake> {
        self.ends_on().map(Wake::On)
    }
}
