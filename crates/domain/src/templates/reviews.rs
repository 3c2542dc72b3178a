//! The first management review, and its agenda.

use crate::id::MemberId;
use crate::management_reviews::{Period, ReviewDraft};
use chrono::{Days, NaiveDate};

/// The id of the template.
pub(super) const REVIEW: &str = "management-review-first";
/// One line.
pub(super) const TITLE: &str = "The first management review";
/// What it is there for.
pub(super) const SUMMARY: &str =
    "Top management looks at what the first three months have shown, and decides what follows";
/// What is talked about, to be said of the review in a comment.
pub(super) const AGENDA: &str = include_str!("reviews/agenda.md");
/// In so many days it is held.
const IN_DAYS: u64 = 90;

/// In three months, about the time until then.
#[must_use]
pub fn draft(chair: MemberId, attendee: Option<MemberId>, today: NaiveDate) -> ReviewDraft {
    let day = today.checked_add_days(Days::new(IN_DAYS)).unwrap_or(today);
    ReviewDraft {
        title: TITLE.to_owned(),
        scheduled_on: day,
        period: Period { from: today, until: day },
        chair,
        attendees: attendee.filter(|attendee| *attendee != chair).into_iter().collect(),
    }
}
