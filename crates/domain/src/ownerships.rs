//! Who answers for what. It is kept from the first day: an auditor's impartiality looks a year back [9.2.2].

use crate::change::Record;
use crate::id::MemberId;
use chrono::{DateTime, Months, Utc};
use std::collections::BTreeSet;

/// Somebody answers for a record, or for a clause or control by way of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ownership {
    /// Who.
    pub member: MemberId,
    /// The clause or control; `None` for the record itself.
    pub requirement: Option<String>,
}

/// Everything that a record's owners answer for.
pub fn of<T: Record>(record: &T) -> BTreeSet<Ownership> {
    let requirements: Vec<&str> = record.answers_for();
    let each = |member: MemberId| {
        let named = requirements.iter().map(|number| Some((*number).to_owned()));
        std::iter::once(None).chain(named).map(move |requirement| Ownership { member, requirement })
    };
    record.owners().into_iter().flat_map(each).collect()
}

/// The moment until which a former owner is still taken for partial: twelve months ago [9.2.2].
#[must_use]
pub fn partial_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_sub_months(Months::new(12)).unwrap_or(now)
}
