//! How ready Harbour Robotics was week by week of its two years: the line that shows whether it gets better.

use super::{Story, WORKER};
use ratchet_persistence::readiness;

/// The first evening, in days ago, and how many days pass until the next.
const FIRST: usize = 714;
const STEP: usize = 7;

pub(super) fn add(story: &mut Story) {
    for days_ago in (1..=FIRST).rev().step_by(STEP) {
        let days_ago = i64::try_from(days_ago).unwrap_or_default();
        story.step((days_ago, 23), WORKER, |tx, _| readiness::keep_today(tx));
    }
}
