//! The table stage x verb: at once the enforcement, the `transitions` of every answer and the published diagram.

use super::{Amendment, Nonconformity, Response, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::imports::Migrated;
use crate::mistakes::unless_worked_on;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::separation::{Duty, Rule, Separation};
use chrono::{DateTime, NaiveDate, Utc};

/// As a reason names it.
pub(super) const ARTICLED: &str = "a nonconformity";

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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NonconformityState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Reported,
    Rejected,
    Confirmed,
    Analysed,
    Planned,
    Verifying,
    Verified,
    Closed,
    Void,
    Duplicate,
}

impl StageName {
    /// Whether something is still to be done about it.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            Self::Reported | Self::Confirmed | Self::Analysed | Self::Planned | Self::Verifying | Self::Verified => {
                true
            }
            Self::Rejected | Self::Closed | Self::Void | Self::Duplicate => false,
        }
    }

    /// Whether it was raised by mistake, or repeats another: then there is no nonconformity.
    #[must_use]
    pub fn is_taken_back(self) -> bool {
        match self {
            Self::Void | Self::Duplicate => true,
            Self::Reported
            | Self::Rejected
            | Self::Confirmed
            | Self::Analysed
            | Self::Planned
            | Self::Verifying
            | Self::Verified
            | Self::Closed => false,
        }
    }
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Reported => StageName::Reported,
            Self::Rejected { .. } => StageName::Rejected,
            Self::Confirmed => StageName::Confirmed,
            Self::Analysed { .. } => StageName::Analysed,
            Self::Planned { .. } => StageName::Planned,
            Self::Verifying { .. } => StageName::Verifying,
            Self::Verified { .. } => StageName::Verified,
            Self::Closed { .. } | Self::EndedBefore => StageName::Closed,
            Self::Void { .. } => StageName::Void,
            Self::Duplicate { .. } => StageName::Duplicate,
        }
    }
}

/// What can be done to a nonconformity.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Confirm,
    Reject,
    Contain,
    Analyse,
    Plan,
    Implement,
    Verify,
    Close,
    Reopen,
    Void,
    MarkDuplicate,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Confirm, S::Reported) => &[S::Confirmed],
        (Verb::Reject, S::Reported) => &[S::Rejected],
        (Verb::Contain, S::Confirmed) => &[S::Confirmed],
        (Verb::Contain, S::Analysed) => &[S::Analysed],
        (Verb::Contain, S::Planned) => &[S::Planned],
        (Verb::Contain, S::Verifying) => &[S::Verifying],
        (Verb::Contain, S::Verified) => &[S::Verified],
        (Verb::Analyse, S::Confirmed) => &[S::Analysed],
        (Verb::Plan, S::Analysed) => &[S::Planned, S::Verifying],
        (Verb::Implement, S::Planned) => &[S::Verifying],
        (Verb::Verify, S::Verifying) => &[S::Verified, S::Confirmed],
        (Verb::Close, S::Verified) => &[S::Closed],
        (Verb::Reopen, S::Closed) => &[S::Confirmed],
        (Verb::Void, S::Confirmed | S::Analysed | S::Planned | S::Verifying) => &[S::Void],
        (Verb::MarkDuplicate, S::Reported | S::Confirmed | S::Analysed | S::Planned | S::Verifying) => &[S::Duplicate],
        (
            Verb::Confirm
            | Verb::Reject
            | Verb::Contain
            | Verb::Analyse
            | Verb::Plan
            | Verb::Implement
            | Verb::Verify
            | Verb::Close
            | Verb::Reopen
            | Verb::Void
            | Verb::MarkDuplicate,
            S::Reported
            | S::Rejected
            | S::Confirmed
            | S::Analysed
            | S::Planned
            | S::Verifying
            | S::Verified
            | S::Closed
            | S::Void
            | S::Duplicate,
        ) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Corrective and preventive actions of the present attempt that are not cancelled.
    pub actions: i64,
    /// Those of them that are neither done nor verified.
    pub open_actions: i64,
    /// Actions of any kind that are neither done nor cancelled: corrections, too.
    pub open_work: i64,
    /// Whoever has a part in any of its actions that is not cancelled ([`crate::actions::Action::workers`]).
    pub workers: Vec<MemberId>,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// Which duties the organisation keeps apart, and which exceptions it documents.
    pub separation: Separation,
}

impl Lifecycle for Nonconformity {
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
        if !by.may(Permission::SteerNonconformity, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Reported
            | StageName::Confirmed
            | StageName::Analysed
            | StageName::Planned
            | StageName::Verifying
            | StageName::Verified => Ok(()),
            stage @ (StageName::Rejected | StageName::Closed | StageName::Void | StageName::Duplicate) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("a nonconformity that is {stage} cannot be amended")))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(Amendment { owner: Some(hand.to), ..Amendment::default() }, by, at)
    }
}

impl Nonconformity {
    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Verify => Permission::VerifyEffectiveness,
            Verb::Confirm | Verb::Reject | Verb::Close | Verb::Reopen | Verb::Void | Verb::MarkDuplicate => {
                Permission::DecideNonconformity
            }
            Verb::Contain | Verb::Analyse | Verb::Plan | Verb::Implement => Permission::SteerNonconformity,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let reasons = self.reasons_against(verb, facts, by, exception);
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn reasons_against(&self, verb: Verb, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return vec![Reason::wrong_state(ARTICLED, stage, verb)];
        }
        match verb {
            Verb::Implement => Self::unless_work_is_done(facts),
            Verb::Verify => self.unless_judge_is_free(facts, by, exception),
            Verb::Reopen => Migrated::objection(self.migrated.as_ref()).into_iter().collect(),
            Verb::Void | Verb::MarkDuplicate => self.unless_it_was_treated(facts),
            Verb::Confirm | Verb::Reject | Verb::Contain | Verb::Analyse | Verb::Plan | Verb::Close => Vec::new(),
        }
    }

    /// What was judged stands, and what is being worked on is ended first.
    fn unless_it_was_treated(&self, facts: &Facts) -> Vec<Reason> {
        let judged = (!self.attempts.is_empty())
            .then(|| Reason::new("has_verdict", "its effectiveness was judged: what was judged is not taken back"));
        judged.into_iter().chain(unless_worked_on(facts.open_work)).collect()
    }

    /// All actions are done or were cancelled with a reason, and one at least was done [10.2 c].
    fn unless_work_is_done(facts: &Facts) -> Vec<Reason> {
        if facts.actions == 0 {
            return vec![Reason::new("no_actions", "no corrective or preventive action is recorded")];
        }
        if facts.open_actions > 0 {
            return vec![Reason::new(
                "open_actions",
                format!("{} of {} actions are not done", facts.open_actions, facts.actions),
            )];
        }
        Vec::new()
    }

    /// Effectiveness is judged by a person who did not do the work, from the check date on [10.2 d].
    fn unless_judge_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        let mut reasons = Vec::new();
        match by.member() {
            None => reasons.push(Reason::new("person_needed", "effectiveness is judged by a person, not by a machine")),
            Some(_) => {
                let breach = by.breach(|me| self.breach(facts, me));
                let duty = Duty { rule: Rule::CaseVerifier, breach };
                reasons.extend(facts.separation.objection(&duty, exception, facts.today));
            }
        }
        if let Stage::Verifying { check_on, .. } = &self.stage
            && facts.today < *check_on
        {
            reasons.push(Reason::new("too_early", format!("effectiveness can be judged from {check_on} on")));
        }
        reasons
    }

    fn contained_by(&self) -> Option<MemberId> {
        self.containment.as_ref()?.by
    }

    fn is_treated_by_containment_alone(&self) -> bool {
        matches!(self.stage, Stage::Verifying { response: Response::NoAction { .. }, .. })
    }

    /// Why this member is not free to judge the case, as far as the record and its actions show.
    pub(super) fn breach(&self, facts: &Facts, judge: MemberId) -> Option<&'static str> {
        if self.owner == Some(judge) {
            Some("the owner of the case does not judge its effectiveness")
        } else if self.former_owners.contains(&judge) {
            Some("who owned the case in this attempt does not judge its effectiveness")
        } else if facts.workers.contains(&judge) {
            Some("who did the work does not judge its effectiveness")
        } else if self.is_treated_by_containment_alone() && self.contained_by() == Some(judge) {
            Some("who contained what needed nothing more does not judge whether that was so")
        } else {
            None
        }
    }
}
