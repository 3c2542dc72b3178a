//! Who has SQLite's one writer next: clients before what nobody waits for, which gets its share all the same.

use super::Job;
use flume::{Receiver, Selector};
use std::time::Duration;

/// How much longer than the background clients have the writer, while both want it.
const PRECEDENCE: u32 = 3;

/// On whose behalf a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// A client waits for its answer.
    Client,
    /// Nobody does: a worker's.
    Background,
}

/// What waits for the writer.
pub(super) struct Turns {
    clients: Receiver<Job>,
    background: Receiver<Job>,
    /// What clients may take of the writer's time before the background has its next turn.
    owed: Duration,
}

impl Turns {
    pub(super) fn new(clients: Receiver<Job>, background: Receiver<Job>) -> Self {
        Self { clients, background, owed: Duration::ZERO }
    }

    pub(super) fn queue(&self, whose: Whose) -> &Receiver<Job> {
        match whose {
            Whose::Client => &self.clients,
            Whose::Background => &self.background,
        }
    }

    /// The next job, waited for; none once the store is gone.
    pub(super) fn next(&self) -> Option<(Whose, Job)> {
        self.waiting().or_else(|| {
            let arrived = Selector::new()
                .recv(&self.clients, |job| job.ok().map(|job| (Whose::Client, job)))
                .recv(&self.background, |job| job.ok().map(|job| (Whose::Background, job)))
                .wait();
            // Nobody can add to either; what is in the other still counts.
            arrived.or_else(|| self.waiting())
        })
    }

    fn waiting(&self) -> Option<(Whose, Job)> {
        let order =
            if self.owed.is_zero() { [Whose::Background, Whose::Client] } else { [Whose::Client, Whose::Background] };
        order.into_iter().find_map(|whose| Some((whose, self.queue(whose).try_recv().ok()?)))
    }

    /// Whoever had the writer, had it for so long.
    pub(super) fn took(&mut self, whose: Whose, time: Duration) {
        self.owed = match whose {
            Whose::Client => self.owed.saturating_sub(time),
            // Turns that it had while no client wanted any are not held against it.
            Whose::Background => time * PRECEDENCE,
        };
    }
}
