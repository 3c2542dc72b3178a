//! Publishing and retiring: a version, the one before it and the policy change together.

use super::commands::wrong_state;
use super::{Facts, PolicyVersion, Publication, Stage, Submission, Verb};
use crate::access::{Actor, Identity};
use crate::approval::Approval;
use crate::change::{Change, Lifecycle};
use crate::id::{MemberId, PolicyVersionId};
use crate::policies::{InForce, Policy};
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};

/// What publishing leads to.
#[derive(Debug)]
pub enum Publish {
    /// Its day has not come.
    Later(Box<Change<PolicyVersion>>),
    /// It holds.
    Now(Box<Published>),
}

/// What changes when a version comes into force; to be stored together and in this order, so that two never hold.
#[derive(Debug)]
pub struct Published {
    /// The version that held until now.
    pub former: Option<Change<PolicyVersion>>,
    /// The policy.
    pub policy: Change<Policy>,
    /// The version that holds from now on.
    pub version: Change<PolicyVersion>,
}

/// What changes when a policy ends; to be stored together.
#[derive(Debug)]
pub struct Retired {
    /// The policy.
    pub policy: Change<Policy>,
    /// The version that held last.
    pub version: Change<PolicyVersion>,
}

impl PolicyVersion {
    /// Brings it into force: at once, or by itself when a later day begins. `former` is the version that holds now, if
    /// one does. Everybody in the policy's audience is asked to acknowledge it from then on.
    ///
    /// # Errors
    /// The guard's refusal, or a day that is past or too far ahead.
    pub fn publish(
        self,
        effective_on: Option<NaiveDate>,
        former: Option<Self>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Publish, Refusal> {
        self.may(Verb::Publish, facts, by)?;
        let Stage::Approved { submission, approval } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Publish));
        };
        let effective_on = effective_on.unwrap_or(facts.today);
        text::day_to_come("/effective_on", effective_on, facts.today).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        if effective_on > facts.today {
            let after = Self { stage: Stage::Scheduled { submission, approval, effective_on }, ..self.clone() };
            return Ok(Publish::Later(Box::new(Change::of(self, after, "scheduled", at))));
        }
        self.into_force((submission, approval), former, facts, (by.member(), at)).map(|now| Publish::Now(Box::new(now)))
    }

    /// Its effective day has come. What cannot be published any more goes back to those who publish.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not scheduled, or its day has not come.
    pub fn take_effect(
        self,
        former: Option<Self>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Publish, Refusal> {
        if !matches!(by.identity, Identity::System { .. }) {
            return Err(Refusal::Forbidden);
        }
        let Stage::Scheduled { submission, approval, effective_on } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Publish));
        };
        if facts.today < effective_on {
            return Err(Refusal::state("too_early", format!("it takes effect on {effective_on}")));
        }
        let approved = Self {
            stage: Stage::Approved { submission: submission.clone(), approval: approval.clone() },
            ..self.clone()
        };
        if let Err(refusal) = approved.may(Verb::Publish, facts, by) {
            let why = reasons(&refusal);
            return Ok(Publish::Later(Box::new(Change::of(self, approved, "held_back", at).because(why))));
        }
        self.into_force((submission, approval), former, facts, (None, at)).map(|now| Publish::Now(Box::new(now)))
    }

    fn into_force(
        self,
        (submission, approval): (Submission, Approval),
        former: Option<Self>,
        facts: &Facts,
        (by, at): (Option<MemberId>, DateTime<Utc>),
    ) -> Result<Published, Refusal> {
        let publication = Publication { effective_on: facts.today, at, by };
        if former.as_ref().map(Self::id) != facts.policy.in_force().map(|current| current.version) {
            return Err(Refusal::state("another_in_force", "another version of the policy has come into force"));
        }
        let current = InForce {
            version: self.id(),
            number: self.number,
            authors: self.authors.clone(),
            published_on: facts.today,
            reviewed_on: facts.today,
            review_fell_due_on: None,
            outstanding: None,
        };
        let policy = facts.policy.clone().in_force_with(current, at);
        let id = self.id();
        let stage = Stage::Published { submission, approval, publication };
        let after = Self { stage, former: former.as_ref().map(Self::id), ..self.clone() };
        let version = Change::of(self, after, "published", at);
        let former = former.map(|former| former.superseded_by(id, at)).transpose()?;
        Ok(Published { former, policy, version })
    }

    fn superseded_by(self, by: PolicyVersionId, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let Stage::Published { submission, approval, publication } = self.stage.clone() else {
            return Err(Refusal::state("wrong_state", "only a published version is superseded"));
        };
        let after = Self { stage: Stage::Superseded { submission, approval, publication, by, at }, ..self.clone() };
        Ok(Change::of(self, after, "superseded", at))
    }

    /// Ends it, and the policy with it; nobody is asked to acknowledge it any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Retired, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        let Stage::Published { submission, approval, publication } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Retire));
        };
        text::reason(&reason)?;
        let policy = facts.policy.clone().out_of_force(reason.clone(), at)?;
        let stage = Stage::Retired { submission, approval, publication, reason: reason.clone(), at };
        let after = Self { stage, ..self.clone() };
        Ok(Retired { policy, version: Change::of(self, after, "retired", at).because(reason) })
    }
}

/// Why not, in one line.
fn reasons(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Forbidden => "the caller may not publish".to_owned(),
        Refusal::State(reasons) => reasons.iter().map(|reason| reason.detail.as_str()).collect::<Vec<_>>().join("; "),
        Refusal::Invalid(faults) => faults.iter().map(|fault| fault.detail.as_str()).collect::<Vec<_>>().join("; "),
    }
}
