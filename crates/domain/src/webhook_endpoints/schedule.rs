//! When an event is sent again, and when no more.

use super::DisabledBecause;
use chrono::{DateTime, TimeDelta, Utc};

/// How long after the one before each attempt is made.
pub const SCHEDULE: [TimeDelta; 8] = [
    TimeDelta::zero(),
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(10),
];
/// Each but the first comes up to this share earlier or later, so that those who failed together do not come together.
const JITTER: f64 = 0.2;
/// The longest time for which a receiver can put an attempt off.
pub const LONGEST_RETRY_AFTER: TimeDelta = TimeDelta::hours(1);
/// An endpoint that has taken nothing for so long is disabled.
pub const FAILING_FOR: TimeDelta = TimeDelta::days(5);
/// What waits for an endpoint that failed for so long and takes events again is sent at once.
pub const RECOVERED_AFTER: TimeDelta = TimeDelta::minutes(5);

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The status that was answered; none where nothing was.
    pub status: Option<u16>,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<TimeDelta>,
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Delivered,
    /// It is tried again at this moment.
    Again(DateTime<Utc>),
    /// It is given up.
    GivenUp,
    /// Nothing more is wanted there.
    Gone,
}

/// What becomes of a delivery whose attempt ended so. `tried` counts the attempts, this one included, since its time came
/// first; `chance` lies between 0 and 1.
#[must_use]
pub fn verdict(answered: Answered, tried: usize, chance: f64, now: DateTime<Utc>) -> Verdict {
    match answered.status {
        Some(200..=299) => return Verdict::Delivered,
        Some(410) => return Verdict::Gone,
        Some(_) | None => {}
    }
    let Some(pause) = SCHEDULE.get(tried) else { return Verdict::GivenUp };
    let factor = 1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "hours in milliseconds")]
    let pause = TimeDelta::milliseconds((pause.num_milliseconds() as f64 * factor) as i64);
    let asked = answered.retry_after.map_or(TimeDelta::zero(), |asked| asked.min(LONGEST_RETRY_AFTER));
    Verdict::Again(now + pause.max(asked))
}

/// How long `Retry-After` asks for: seconds, or a moment (RFC 9110, section 10.2.3).
#[must_use]
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = value.parse::<u32>().ok()?;
        return Some(TimeDelta::seconds(i64::from(seconds)));
    }
    let moment = DateTime::parse_from_rfc2822(value).ok()?;
    Some((moment.to_utc() - now).max(TimeDelta::zero()))
}

impl DisabledBecause {
    /// Whether an endpoint is to be disabled whose delivery came to this, and which fails since then.
    #[must_use]
    pub fn after(verdict: Verdict, failing_since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Self> {
        match verdict {
            Verdict::Gone => Some(Self::Gone),
            Verdict::Again(_) | Verdict::GivenUp if failing_since.is_some_and(|since| now - since >= FAILING_FOR) => {
                Some(Self::Failing)
            }
            Verdict::Delivered | Verdict::Again(_) | Verdict::GivenUp => None,
        }
    }
}
