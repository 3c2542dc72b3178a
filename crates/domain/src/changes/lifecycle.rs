//! The table stage x verb of changes.

use super::{Kind, PlannedChange, Stage};
use crate::access::{Actor, Permission};
use crate::approval::Approval;
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::{HandOver, unless_judged_by};
use crate::separation::{Duty, Rule, Separation};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "a change";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChangeState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Draft,
    Submitted,
    Assessed,
    Rejected,
    Approved,
    Scheduled,
    Implementing,
    Monitoring,
    Reviewed,
    Closed,
    RolledBack,
    Cancelled,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Submitted => StageName::Submitted,
            Self::Assessed => StageName::Assessed,
            Self::Rejected { .. } => StageName::Rejected,
            Self::Approved => StageName::Approved,
            Self::Scheduled { .. } => StageName::Scheduled,
            Self::Implementing { .. } => StageName::Implementing,
            Self::Monitoring { .. } => StageName::Monitoring,
            Self::Reviewed { .. } => StageName::Reviewed,
            Self::Closed { .. } => StageName::Closed,
            Self::RolledBack { .. } => StageName::RolledBack,
            Self::Cancelled { .. } => StageName::Cancelled,
        }
    }
}

/// What can be done to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Submit,
    Revise,
    Assess,
    Approve,
    Reject,
    Schedule,
    Start,
    Complete,
    RollBack,
    Review,
    Close,
    Cancel,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
///
/// A draft becomes `approved` at once when it is a standard change. Only an emergency starts before it is approved, and
/// only an emergency that has started so is assessed and approved while it is made or watched.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Submit, S::Draft) => &[S::Submitted, S::Approved],
        (Verb::Revise, S::Draft | S::Rejected) => &[S::Draft],
        (Verb::Revise, S::Submitted) => &[S::Submitted],
        (Verb::Revise, S::Assessed) | (Verb::Assess, S::Submitted | S::Assessed | S::Approved | S::Scheduled) => {
            &[S::Assessed]
        }
        (Verb::Revise, S::Approved) | (Verb::Approve, S::Assessed) => &[S::Approved],
        (Verb::Revise, S::Scheduled) | (Verb::Schedule, S::Approved | S::Scheduled) => &[S::Scheduled],
        (Verb::Assess | Verb::Approve, S::Implementing)
        | (Verb::Start, S::Draft | S::Submitted | S::Assessed | S::Approved | S::Scheduled) => &[S::Implementing],
        (Verb::Approve, S::Monitoring) | (Verb::Complete, S::Implementing) => &[S::Monitoring],
        (Verb::Approve, S::Reviewed) | (Verb::Review, S::Monitoring) => &[S::Reviewed],
        (Verb::Reject, S::Assessed) => &[S::Rejected],
        (Verb::RollBack, S::Implementing | S::Monitoring | S::Reviewed) => &[S::RolledBack],
        (Verb::Close, S::Reviewed) => &[S::Closed],
        (Verb::Cancel, S::Draft | S::Submitted | S::Assessed | S::Rejected | S::Approved | S::Scheduled) => {
            &[S::Cancelled]
        }
        (
            Verb::Submit
            | Verb::Revise
            | Verb::Assess
            | Verb::Approve
            | Verb::Reject
            | Verb::Schedule
            | Verb::Start
            | Verb::Complete
            | Verb::RollBack
            | Verb::Review
            | Verb::Close
            | Verb::Cancel,
            S::Draft
            | S::Submitted
            | S::Assessed
            | S::Rejected
            | S::Approved
            | S::Scheduled
            | S::Implementing
            | S::Monitoring
            | S::Reviewed
            | S::Closed
            | S::RolledBack
            | S::Cancelled,
        ) => &[],
    }
}

/// What a guard must know beyond the record itself; costs a few statements whatever the change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Now.
    pub now: DateTime<Utc>,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// The last day on which an emergency that started now would be approved in time.
    pub approve_by: NaiveDate,
    /// Its actions that are not done, verified or cancelled.
    pub open_tasks: i64,
    /// Whoever has a part in any of its actions that is not cancelled ([`crate::actions::Action::workers`]).
    pub workers: Vec<MemberId>,
    /// The approval of its template, where it has one that is in force.
    pub template: Option<Approval>,
    /// Which duties the organisation keeps apart.
    pub separation: Separation,
}

impl Lifecycle for PlannedChange {
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
        if !by.may(Permission::SteerChange, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Draft => Ok(()),
            stage @ (StageName::Submitted
            | StageName::Assessed
            | StageName::Rejected
            | StageName::Approved
            | StageName::Scheduled
            | StageName::Implementing
            | StageName::Monitoring
            | StageName::Reviewed
            | StageName::Closed
            | StageName::RolledBack
            | StageName::Cancelled) => {
                let stage: &str = stage.into();
                let detail = format!("a change that is {stage} is not amended; before it starts it can be revised");
                Err(Refusal::state("wrong_state", detail))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        if !by.may(Permission::SteerChange, false) {
            return Err(Refusal::Forbidden);
        }
        if let Stage::Reviewed { outcome, .. } = &self.stage {
            unless_judged_by(Some(outcome.by), hand.to, "who reviewed a change does not come to answer for it")?;
        }
        // Not a revision: what was approved says nothing of who sees to it.
        let after = Self { owner: hand.to, ..self.clone() };
        Ok(Change::of(self, after, "handed_over", at))
    }
}

impl PlannedChange {
    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Submit
            | Verb::Revise
            | Verb::Assess
            | Verb::Schedule
            | Verb::Start
            | Verb::Complete
            | Verb::RollBack
            | Verb::Cancel => Permission::SteerChange,
            Verb::Approve | Verb::Reject | Verb::Close => Permission::DecideChange,
            Verb::Review => Permission::VerifyEffectiveness,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        let reasons = match verb {
            Verb::Submit => self.unless_template_holds(facts),
            Verb::Assess => self.unless_assessment_is_open(),
            Verb::Approve => self.unless_it_can_be_approved(facts, by, exception),
            Verb::Reject => self.unless_approver_is_free(facts, by, exception),
            Verb::Schedule => self.unless_approval_holds(),
            Verb::Start => self.unless_it_may_start(facts),
            Verb::Complete => self.unless_work_is_done(facts),
            Verb::Review => self.unless_judge_is_free(facts, by, exception),
            Verb::Close => self.unless_emergency_was_approved(),
            Verb::Revise | Verb::RollBack | Verb::Cancel => Vec::new(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    /// A standard change says what its template says now.
    fn unless_template_holds(&self, facts: &Facts) -> Vec<Reason> {
        let Some(template) = &self.template else { return Vec::new() };
        let in_force = facts.template.as_ref().is_some_and(|approval| approval.digest == template.digest);
        let detail = "its template was revised or retired since: request the change anew";
        if in_force { Vec::new() } else { vec![Reason::new("template_changed", detail)] }
    }

    /// What was approved is not assessed anew once it has started.
    fn unless_assessment_is_open(&self) -> Vec<Reason> {
        let has_started = self.implementation().0.is_some();
        if has_started && !self.awaits_approval() {
            return vec![Reason::new("approved_already", "its assessment was approved before it started")];
        }
        Vec::new()
    }

    fn unless_it_can_be_approved(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        let has_started = self.implementation().0.is_some();
        if has_started && !self.awaits_approval() {
            return vec![Reason::new("approved_already", "it was approved as it stands")];
        }
        let mut reasons = self.unless_approver_is_free(facts, by, exception);
        match &self.assessed {
            None => reasons.push(Reason::new("not_assessed", "it is assessed before it is approved")),
            Some(assessed) => {
                if assessed.revision != self.revision {
                    let detail = "it was revised after it was assessed: assess it anew";
                    reasons.push(Reason::new("assessment_is_stale", detail));
                }
                if !by.may(assessed.assessment.impact.approving(), false) {
                    let detail = "a high impact is for the management to approve";
                    reasons.push(Reason::new("management_needed", detail));
                }
            }
        }
        reasons
    }

    /// Somebody else says yes or no [8.1].
    fn unless_approver_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        match by.member() {
            None => vec![Reason::new("person_needed", "a person decides on a change, not a machine")],
            Some(_) => {
                let breach = by.breach(|me| self.breach_of_approver(me));
                let duty = Duty { rule: Rule::ChangeApprover, breach };
                facts.separation.objection(&duty, exception, facts.today).into_iter().collect()
            }
        }
    }

    fn unless_approval_holds(&self) -> Vec<Reason> {
        if self.is_approved() {
            return Vec::new();
        }
        let detail = "it was revised after it was approved: assess and approve it anew";
        vec![Reason::new("approval_is_stale", detail)]
    }

    /// What was approved, in its window; an emergency at once.
    fn unless_it_may_start(&self, facts: &Facts) -> Vec<Reason> {
        match self.kind {
            Kind::Emergency => return Vec::new(),
            Kind::Standard | Kind::Normal => {}
        }
        let mut reasons = if self.approval.is_none() {
            vec![Reason::new("not_approved", "only an emergency starts before it is approved")]
        } else {
            self.unless_approval_holds()
        };
        if let Stage::Scheduled { window } = &self.stage {
            if facts.now < window.from {
                reasons.push(Reason::new("too_early", format!("it is scheduled for {}", window.from)));
            } else if facts.now >= window.to {
                reasons
                    .push(Reason::new("too_late", format!("it was scheduled until {}: schedule it anew", window.to)));
            }
        }
        reasons
    }

    /// Its tasks are closed, and it is known how long to watch what comes of it.
    fn unless_work_is_done(&self, facts: &Facts) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if facts.open_tasks > 0 {
            reasons.push(Reason::new("open_tasks", format!("{} of its tasks are not done", facts.open_tasks)));
        }
        if self.assessed.is_none() {
            reasons.push(Reason::new("not_assessed", "its assessment says how long its effect is watched"));
        }
        reasons
    }

    /// The effect is judged by a person who did not make the change, once it was watched for as long as was planned.
    fn unless_judge_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        let mut reasons = Vec::new();
        match by.member() {
            None => reasons.push(Reason::new("person_needed", "a change is judged by a person, not by a machine")),
            Some(_) => {
                let breach = by.breach(|me| self.breach_of_reviewer(facts, me));
                let duty = Duty { rule: Rule::ChangeReviewer, breach };
                reasons.extend(facts.separation.objection(&duty, exception, facts.today));
            }
        }
        if let Stage::Monitoring { completion, .. } = &self.stage
            && facts.now < completion.monitored_until
        {
            reasons.push(Reason::new("too_early", format!("it is watched until {}", completion.monitored_until)));
        }
        reasons
    }

    fn unless_emergency_was_approved(&self) -> Vec<Reason> {
        if self.awaits_approval() {
            return vec![Reason::new("not_approved", "an emergency is approved afterwards before it is closed")];
        }
        Vec::new()
    }

    /// How this member is not free to say yes or no.
    pub(super) fn breach_of_approver(&self, me: MemberId) -> Option<&'static str> {
        if self.head.created_by == Some(me) {
            Some("who requested a change does not approve it")
        } else if self.revisions.iter().any(|revision| revision.by == Some(me)) {
            Some("who revised a change does not approve it")
        } else {
            None
        }
    }

    /// How this member is not free to judge what came of it.
    pub(super) fn breach_of_reviewer(&self, facts: &Facts, me: MemberId) -> Option<&'static str> {
        let (start, completion) = self.implementation();
        let made = [start.and_then(|start| start.by), completion.and_then(|completion| completion.by)];
        if self.owner == me || made.contains(&Some(me)) || facts.workers.contains(&me) {
            Some("who implemented a change does not review it")
        } else {
            None
        }
    }
}
