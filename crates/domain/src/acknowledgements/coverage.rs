//! How far policies are acknowledged: derived from audience, membership and publication, never stored.

use crate::access::Role;
use crate::id::{MemberId, PolicyId, PolicyVersionId};
use crate::policies::Policy;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// An active member, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: MemberId,
    /// The roles held now.
    pub roles: Vec<Role>,
    /// When the person joined.
    pub joined_on: NaiveDate,
}

/// Somebody who has not acknowledged yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// Who.
    pub member: MemberId,
    /// The last day on which it is in time.
    pub due_on: NaiveDate,
    /// Whether that day has passed.
    pub is_overdue: bool,
}

/// How far the version of a policy that holds is acknowledged by those whom it asks today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The policy.
    pub policy: PolicyId,
    /// The version that holds.
    pub version: PolicyVersionId,
    /// Its number.
    pub number: i64,
    /// How many are asked.
    pub asked: usize,
    /// How many of them have acknowledged.
    pub acknowledged: usize,
    /// Who has not, by due date.
    pub pending: Vec<Pending>,
}

/// The same over several policies: each acknowledgement that is asked for counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overall {
    /// How many are asked for.
    pub asked: usize,
    /// How many of them were given.
    pub acknowledged: usize,
    /// How many are overdue.
    pub overdue: usize,
}

/// How far a policy is acknowledged; `None` of one that is not published. `given` is who has acknowledged the version
/// that holds.
#[must_use]
pub fn coverage(policy: &Policy, people: &[Person], given: &BTreeSet<MemberId>, today: NaiveDate) -> Option<Coverage> {
    let current = policy.in_force()?;
    let asked: Vec<(MemberId, NaiveDate)> = people
        .iter()
        .filter_map(|person| Some((person.id, policy.asks(person.id, &person.roles, person.joined_on)?.due_on)))
        .collect();
    let mut pending: Vec<Pending> = asked
        .iter()
        .filter(|(member, _)| !given.contains(member))
        .map(|(member, due_on)| Pending { member: *member, due_on: *due_on, is_overdue: *due_on < today })
        .collect();
    pending.sort_by_key(|pending| (pending.due_on, pending.member));
    Some(Coverage {
        policy: policy.id(),
        version: current.version,
        number: current.number,
        asked: asked.len(),
        acknowledged: asked.len() - pending.len(),
        pending,
    })
}

impl Coverage {
    /// How many are overdue.
    #[must_use]
    pub fn overdue(&self) -> usize {
        self.pending.iter().filter(|pending| pending.is_overdue).count()
    }

    /// How many in a hundred have acknowledged; `None` where nobody is asked.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        percent(self.acknowledged, self.asked)
    }
}

impl Overall {
    /// The sum.
    #[must_use]
    pub fn of(policies: &[Coverage]) -> Self {
        policies.iter().fold(Self::default(), |sum, coverage| Self {
            asked: sum.asked + coverage.asked,
            acknowledged: sum.acknowledged + coverage.acknowledged,
            overdue: sum.overdue + coverage.overdue(),
        })
    }

    /// How many in a hundred were given; `None` where none is asked for.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        percent(self.acknowledged, self.asked)
    }
}

/// To one decimal, rounded down: 100 means all.
fn percent(part: usize, whole: usize) -> Option<f64> {
    let thousandths = part.checked_mul(1_000)?.checked_div(whole)?;
    u32::try_from(thousandths).ok().map(|thousandths| f64::from(thousandths) / 10.0)
}
