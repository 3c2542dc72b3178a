//! The table stage x verb: at once the enforcement, the `transitions` of every answer and the published diagram.

use super::{PolicyVersion, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::policies::{self, Policy};
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::separation::{Duty, Rule, Separation};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// As a reason names it.
pub(super) const ARTICLED: &str = "a version";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PolicyVersionState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Draft,
    InReview,
    Approved,
    Scheduled,
    Published,
    Superseded,
    Retired,
    Withdrawn,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::InReview { .. } => StageName::InReview,
            Self::Approved { .. } => StageName::Approved,
            Self::Scheduled { .. } => StageName::Scheduled,
            Self::Published { .. } => StageName::Published,
            Self::Superseded { .. } => StageName::Superseded,
            Self::Retired { .. } => StageName::Retired,
            Self::Withdrawn { .. } => StageName::Withdrawn,
        }
    }
}

/// What can be done to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Submit,
    Approve,
    Reject,
    Publish,
    Withdraw,
    Retire,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Submit, S::Draft | S::Approved) => &[S::InReview],
        (Verb::Approve, S::InReview) => &[S::Approved],
        (Verb::Reject, S::InReview) => &[S::Draft],
        (Verb::Publish, S::Approved) => &[S::Published, S::Scheduled],
        (Verb::Withdraw, S::Draft | S::InReview | S::Approved | S::Scheduled) => &[S::Withdrawn],
        (Verb::Retire, S::Published) => &[S::Retired],
        (
            Verb::Submit | Verb::Approve | Verb::Reject | Verb::Publish | Verb::Withdraw | Verb::Retire,
            S::Draft
            | S::InReview
            | S::Approved
            | S::Scheduled
            | S::Published
            | S::Superseded
            | S::Retired
            | S::Withdrawn,
        ) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The policy, as it is now: part of what it says is approved with its versions.
    pub policy: Policy,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// Which duties the organisation keeps apart, and which exceptions it documents.
    pub separation: Separation,
}

/// Nothing comes after a policy's end.
pub(super) fn policy_is_retired() -> Refusal {
    Refusal::State(vec![retired()])
}

/// Nothing becomes of what was established by mistake.
pub(super) fn policy_is_void() -> Refusal {
    Refusal::State(vec![void()])
}

fn void() -> Reason {
    Reason::new("policy_void", "the policy was established by mistake: establish another one")
}

fn retired() -> Reason {
    Reason::new("policy_retired", "the policy is retired: establish another one")
}

impl Lifecycle for PolicyVersion {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        self.may_excepted(verb, facts, by, None)
    }

    /// While it is a draft; and while it is approved, which makes the approval stale.
    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::WritePolicy, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if by.member().is_none() {
            return Err(Refusal::state("person_needed", "a policy is written by a person, not by a machine"));
        }
        match self.stage.name() {
            StageName::Draft | StageName::Approved => Ok(()),
            stage @ (StageName::InReview
            | StageName::Scheduled
            | StageName::Published
            | StageName::Superseded
            | StageName::Retired
            | StageName::Withdrawn) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("a version that is {stage} is not amended")))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        if !by.may(Permission::WritePolicy, false) {
            return Err(Refusal::Forbidden);
        }
        // Who wrote it stays among its authors: neither approves it.
        let others = self.authors.iter().copied().filter(|author| *author != hand.to);
        let authors = std::iter::once(hand.to).chain(others).collect();
        let after = Self { authors, ..self.clone() };
        Ok(Change::of(self, after, "handed_over", at))
    }
}

impl PolicyVersion {
    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Submit => Permission::WritePolicy,
            Verb::Approve | Verb::Reject => Permission::ApprovePolicy,
            Verb::Publish | Verb::Withdraw | Verb::Retire => Permission::PublishPolicy,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        let reasons = match verb {
            Verb::Submit => self.unless_there_is_something_new(facts),
            Verb::Approve => self.unless_approver_is_free(facts, by, exception),
            Verb::Publish => self.unless_approval_holds(facts),
            Verb::Reject | Verb::Withdraw | Verb::Retire => Vec::new(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn of_a_living_policy(facts: &Facts) -> Vec<Reason> {
        match &facts.policy.stage {
            policies::Stage::Draft | policies::Stage::Published { .. } => Vec::new(),
            policies::Stage::Retired { .. } => vec![retired()],
            policies::Stage::Void { .. } => vec![void()],
        }
    }

    /// There is something to review, and it is not approved as it stands.
    fn unless_there_is_something_new(&self, facts: &Facts) -> Vec<Reason> {
        let mut reasons = Self::of_a_living_policy(facts);
        if self.body.is_none() && self.file.is_none() {
            reasons.push(Reason::new("no_content", "it says nothing yet: write its body, or name its file"));
        }
        if self.stage.approval().is_some() && !self.is_approval_stale(&facts.policy) {
            reasons.push(Reason::new("approval_holds", "it is approved as it stands: publish it"));
        }
        reasons
    }

    /// It is approved by a person who did not write it.
    fn unless_approver_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        let mut reasons = Self::of_a_living_policy(facts);
        match by.member() {
            None => reasons.push(Reason::new("person_needed", "a policy is approved by a person, not by a machine")),
            Some(_) => {
                let objection = facts.separation.objection(&self.duty(by), exception, facts.today);
                reasons.extend(objection);
            }
        }
        reasons
    }

    pub(super) fn duty(&self, by: &Actor) -> Duty {
        let wrote_it = by.persons().any(|me| self.authors.contains(&me));
        let breach = wrote_it.then_some("who wrote a version of a policy does not approve it");
        Duty { rule: Rule::PolicyApprover, breach }
    }

    /// What is published is what was approved.
    fn unless_approval_holds(&self, facts: &Facts) -> Vec<Reason> {
        let mut reasons = Self::of_a_living_policy(facts);
        if self.is_approval_stale(&facts.policy) {
            reasons.push(Reason::new(
                "stale_approval",
                "the version or its policy has changed since it was approved: submit it again",
            ));
        }
        reasons
    }

    /// Whether what was approved has changed since.
    #[must_use]
    pub fn is_approval_stale(&self, policy: &Policy) -> bool {
        self.stage.approval().is_some_and(|approval| approval.is_stale(&self.content(policy)))
    }
}
