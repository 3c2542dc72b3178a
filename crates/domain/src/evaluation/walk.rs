//! The walk itself.

use super::{Episode, Observation, Open, Seen, State};
use crate::indicators::{Goal, Judgement};
use crate::signals::{Kind, Sighting};
use chrono::{DateTime, Utc};
use std::cmp::Ordering;

/// What a walk leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Walked {
    /// The newest measurement of each series, now.
    pub state: State,
    /// What is to be raised, repeated or cleared: per kind at most the open signal and one new, in this order.
    pub episodes: Vec<Episode>,
    /// How many measurements came too late to say anything.
    pub late: usize,
}

/// Which signal of a kind is open at this step of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Current {
    Neither,
    Stored,
    New,
}

/// The signals of one kind during a walk.
struct Track {
    current: Current,
    /// The last breach counted in the current one.
    last: DateTime<Utc>,
    stored: Episode,
    new: Episode,
}

impl Track {
    fn of(kind: Kind, open: &[Open]) -> Self {
        let open = open.iter().find(|open| open.kind == kind);
        let blank =
            Episode { kind, new: false, occurrences: 0, first: None, last: None, rules: Vec::new(), cleared: None };
        Self {
            current: if open.is_some() { Current::Stored } else { Current::Neither },
            last: open.map_or(DateTime::<Utc>::MIN_UTC, |open| open.last_observed_at),
            new: Episode { new: true, ..blank.clone() },
            stored: blank,
        }
    }

    fn is_open(&self) -> bool {
        match self.current {
            Current::Neither => false,
            Current::Stored | Current::New => true,
        }
    }

    fn breach(&mut self, at: Sighting) {
        let episode = match self.current {
            Current::Stored => &mut self.stored,
            Current::Neither | Current::New => {
                self.current = Current::New;
                &mut self.new
            }
        };
        episode.occurrences += 1;
        episode.cleared = None;
        episode.first.get_or_insert(at);
        if episode.last.is_none_or(|last| last.observed_at <= at.observed_at) {
            episode.last = Some(at);
        }
        self.last = self.last.max(at.observed_at);
    }

    fn clear(&mut self, at: Sighting) {
        let episode = match self.current {
            Current::Neither => return,
            Current::Stored => &mut self.stored,
            Current::New => &mut self.new,
        };
        if at.observed_at > self.last {
            episode.cleared = Some(at);
            self.current = Current::Neither;
        }
    }

    /// The stored one when something happened to it, and the new one when there is one.
    fn into_episodes(self) -> impl Iterator<Item = Episode> {
        [self.stored, self.new].into_iter().filter(|episode| episode.occurrences > 0 || episode.cleared.is_some())
    }
}

/// How many series are in breach, kept while walking so that no step looks at all of them.
#[derive(Default)]
struct Breaches {
    warning: usize,
    critical: usize,
}

impl Breaches {
    fn of(&mut self, judgement: Judgement) -> Option<&mut usize> {
        match judgement {
            Judgement::OnTarget => None,
            Judgement::Warning => Some(&mut self.warning),
            Judgement::Critical => Some(&mut self.critical),
        }
    }

    fn enter(&mut self, judgement: Judgement) {
        if let Some(count) = self.of(judgement) {
            *count += 1;
        }
    }

    fn leave(&mut self, judgement: Judgement) {
        if let Some(count) = self.of(judgement) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Walks new measurements in the order in which they were observed, whatever the order in which they came.
#[must_use]
pub fn walk(goal: &Goal, mut state: State, open: &[Open], mut new: Vec<Observation>) -> Walked {
    new.sort_by(|a, b| a.observed_at.cmp(&b.observed_at).then_with(|| a.series.cmp(&b.series)));
    let (mut warning, mut critical) = (Track::of(Kind::Warning, open), Track::of(Kind::Critical, open));
    let mut breaches = Breaches::default();
    for seen in state.series.values() {
        breaches.enter(seen.judgement);
    }
    let mut late = 0;
    for Observation { series, observed_at, value } in new {
        let judgement = goal.judge(value);
        let seen = Seen { observed_at, value, judgement };
        let before = state.series.get(&series);
        match before.map(|before| observed_at.cmp(&before.observed_at)) {
            Some(Ordering::Less) => {
                late += 1;
                continue;
            }
            Some(Ordering::Equal | Ordering::Greater) | None => {}
        }
        if let Some(before) = before {
            breaches.leave(before.judgement);
        }
        breaches.enter(judgement);
        state.series.insert(series, seen);
        let at = Sighting { value: Some(value), observed_at };
        match judgement {
            Judgement::Critical => {
                critical.breach(at);
                if warning.is_open() {
                    warning.breach(at);
                }
            }
            Judgement::Warning => warning.breach(at),
            Judgement::OnTarget => {}
        }
        if breaches.critical == 0 {
            critical.clear(at);
            if breaches.warning == 0 {
                warning.clear(at);
            }
        }
    }
    Walked { state, episodes: critical.into_episodes().chain(warning.into_episodes()).collect(), late }
}
