//! What only many repetitions show: whether time tells what answers do not. `scripts/trials.sh` runs them; they measure
//! and take minutes, so they are no part of the suite.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a trial fails by panicking")]

#[expect(dead_code, reason = "the suite needs more of it")]
mod databases;
#[expect(dead_code, reason = "the suite needs more of it")]
mod harness;
mod trials {
    mod existence;
    mod hashing;
    mod ranks;
}
