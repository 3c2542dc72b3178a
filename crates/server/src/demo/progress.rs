//! How ready Harbour Robotics was: quarter by quarter of its two years, and week by week of the last one, so that it shows whether
//! it gets better.

use super::{Story, WORKER};
use ratchet_persistence::readiness;

/// The first evening of each, in days ago, and how many days pass until the next.
const QUARTERS: (usize, usize) = (714, 91);
const WEEKS: (usize, usize) = (84, 7);

pub(super) fn add(story: &mut Story) {
    let quarters = (WEEKS.0 + 1..=QUARTERS.0).rev().step_by(QUARTERS.1);
    for days_ago in quarters.chain((1..=WEEKS.0).rev().step_by(WEEKS.1)) {
        let days_ago = i64::try_from(days_ago).unwrap_or_default();
        story.step((days_ago, 23), WORKER, |tx, _| readiness::keep_today(tx));
    }
}
