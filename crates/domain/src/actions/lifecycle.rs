//! The table stage x verb of actions.

use super::{Action, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::imports::Migrated;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::separation::{Duty, Rule, Separation};
use chrono::{DateTime, NaiveDate, Utc};

/// How refusals call it.
pub(super) const ARTICLED: &str = "an action";

/// A stage without its facts: what filters and columns name.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ActionState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Open,
    InProgress,
    Blocked,
    Done,
    Verified,
    Cancelled,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Open => StageName::Open,
            Self::InProgress => StageName::InProgress,
            Self::Blocked { .. } => StageName::Blocked,
            Self::Done { .. } => StageName::Done,
            Self::Verified { .. } | Self::EndedBefore => StageName::Verified,
            Self::Cancelled { .. } => StageName::Cancelled,
        }
    }
}

/// What can be done to an action.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Start,
    Block,
    Unblock,
    Complete,
    Verify,
    RejectCompletion,
    Reopen,
    Cancel,
    Reassign,
    MoveDue,
    Ticket,
    SettleTicket,
    UnlinkTicket,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Start, S::Open) | (Verb::Unblock, S::Blocked) => &[S::InProgress],
        (Verb::Block, S::InProgress) => &[S::Blocked],
        (Verb::Complete, S::Open | S::InProgress) => &[S::Done],
        (Verb::Verify, S::Done) => &[S::Verified],
        (Verb::RejectCompletion, S::Done) => &[S::InProgress],
        (Verb::Reopen, S::Verified | S::Cancelled) => &[S::InProgress],
        (Verb::Cancel, S::Open | S::InProgress | S::Blocked) => &[S::Cancelled],
        (Verb::Reassign | Verb::MoveDue, S::Open) => &[S::Open],
        (Verb::Reassign | Verb::MoveDue, S::InProgress) => &[S::InProgress],
        (Verb::Reassign | Verb::MoveDue, S::Blocked) => &[S::Blocked],
        (Verb::Ticket | Verb::SettleTicket | Verb::UnlinkTicket, S::Open) => &[S::Open],
        (Verb::Ticket | Verb::SettleTicket | Verb::UnlinkTicket, S::InProgress) => &[S::InProgress],
        (Verb::Ticket | Verb::SettleTicket | Verb::UnlinkTicket, S::Blocked) => &[S::Blocked],
        (Verb::Ticket | Verb::SettleTicket | Verb::UnlinkTicket, S::Done) => &[S::Done],
        (Verb::SettleTicket | Verb::UnlinkTicket, S::Verified) => &[S::Verified],
        (Verb::SettleTicket | Verb::UnlinkTicket, S::Cancelled) => &[S::Cancelled],
        (
            Verb::Start
            | Verb::Block
            | Verb::Unblock
            | Verb::Complete
            | Verb::Verify
            | Verb::RejectCompletion
            | Verb::Reopen
            | Verb::Cancel
            | Verb::Reassign
            | Verb::MoveDue
            | Verb::Ticket,
            S::Open | S::InProgress | S::Blocked | S::Done | S::Verified | S::Cancelled,
        ) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// Which duties the organisation keeps apart.
    pub separation: Separation,
    /// Whether the record it serves still takes actions of this attempt.
    pub parent_takes_actions: bool,
}

impl Lifecycle for Action {
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

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::SteerAction, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Open | StageName::InProgress | StageName::Blocked => Ok(()),
            stage @ (StageName::Done | StageName::Verified | StageName::Cancelled) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("an action that is {stage} cannot be amended")))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.reassign(hand.to, facts, by, at)
    }
}

impl Action {
    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Start | Verb::Block | Verb::Unblock | Verb::Complete => Permission::WorkAction,
            Verb::Verify | Verb::RejectCompletion => Permission::VerifyEffectiveness,
            Verb::Reopen
            | Verb::Cancel
            | Verb::Reassign
            | Verb::MoveDue
            | Verb::Ticket
            | Verb::SettleTicket
            | Verb::UnlinkTicket => Permission::SteerAction,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        let reasons = match verb {
            Verb::Verify => self.unless_judge_is_free(facts, by, exception),
            Verb::RejectCompletion => Self::unless_parent_is_over(facts),
            Verb::Reopen => match Migrated::objection(self.migrated.as_ref()) {
                Some(objection) => vec![objection],
                None => Self::unless_parent_is_over(facts),
            },
            Verb::Ticket if self.ticket.is_some() => {
                vec![Reason::new("has_ticket", "it is a ticket already: unlink that one first")]
            }
            Verb::SettleTicket | Verb::UnlinkTicket if self.ticket.is_none() => {
                vec![Reason::new("no_ticket", "it is no ticket elsewhere")]
            }
            Verb::Start
            | Verb::Block
            | Verb::Unblock
            | Verb::Complete
            | Verb::Cancel
            | Verb::Reassign
            | Verb::MoveDue
            | Verb::Ticket
            | Verb::SettleTicket
            | Verb::UnlinkTicket => Vec::new(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    /// How `me` has a part in what is to be verified.
    pub(super) fn breach(&self, me: MemberId) -> Option<&'static str> {
        if self.assignee == me {
            Some("who was assigned an action does not verify it")
        } else if self.completed_by() == Some(me) {
            Some("who completed an action does not verify it")
        } else if self.former_workers.contains(&me) {
            Some("who worked on an action does not verify it")
        } else {
            None
        }
    }

    /// Who said that it was done.
    pub(super) fn completed_by(&self) -> Option<MemberId> {
        self.stage.completion().and_then(|completion| completion.by)
    }

    /// Whoever has a part in it: is assigned, was when it had begun, or said that it was done. They do not judge the effect
    /// of the whole.
    #[must_use]
    pub fn workers(&self) -> Vec<MemberId> {
        let named = [Some(self.assignee), self.completed_by()].into_iter().flatten();
        named.chain(self.former_workers.iter().copied()).collect()
    }

    fn unless_judge_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        if by.member().is_none() {
            return vec![Reason::new("person_needed", "an action is verified by a person, not by a machine")];
        }
        let duty = Duty { rule: Rule::ActionVerifier, breach: by.breach(|me| self.breach(me)) };
        facts.separation.objection(&duty, exception, facts.today).into_iter().collect()
    }

    /// Work that is over for the record it serves is not begun anew behind its back.
    fn unless_parent_is_over(facts: &Facts) -> Vec<Reason> {
        if facts.parent_takes_actions {
            return Vec::new();
        }
        vec![Reason::new("parent_is_over", "the record it serves is past its actions: bring that one back first")]
    }
}
