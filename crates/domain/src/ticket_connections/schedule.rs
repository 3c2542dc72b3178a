//! When something is tried again.

use chrono::TimeDelta;

/// After so many failures, one after the other, a connection fails.
pub const FAILS_AFTER: i64 = 3;

/// How long it is waited after the so-many-th failure, one after the other: longer each time, and half an hour at most. What
/// the other system asks for holds where it is longer, up to a day. `chance` lies between 0 and 1 and spreads what began
/// together.
#[must_use]
pub fn again_after(failures: i64, asked: Option<TimeDelta>, chance: f64) -> TimeDelta {
    const SECONDS: [i64; 6] = [5, 15, 60, 300, 900, 1_800];
    let at = usize::try_from(failures - 1).unwrap_or_default().min(SECONDS.len() - 1);
    let seconds = SECONDS[at];
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "at most half an hour")]
    let spread = TimeDelta::milliseconds((seconds as f64 * 100.0 * chance.clamp(0.0, 1.0)) as i64);
    let usual = TimeDelta::seconds(seconds) + spread;
    asked.map_or(usual, |asked| asked.min(TimeDelta::days(1)).max(usual))
}
