//! The tables stage x verb and stage x field, and what must be true before the minutes can be approved.

use super::{ManagementReview, Meeting, ReviewAmendment, Stage, Topic};
use crate::access::{Actor, Permission, Role};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::settings::ReviewRules;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// As a reason names it.
pub(super) const ARTICLED: &str = "a management review";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ManagementReviewState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Scheduled,
    Prepared,
    Held,
    Approved,
    Cancelled,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Scheduled => StageName::Scheduled,
            Self::Prepared => StageName::Prepared,
            Self::Held { .. } => StageName::Held,
            Self::Approved { .. } => StageName::Approved,
            Self::Cancelled { .. } => StageName::Cancelled,
        }
    }
}

/// What can be done to a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Prepare,
    Hold,
    Consider,
    Decide,
    Conclude,
    Approve,
    Cancel,
    AddAddendum,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Prepare, S::Scheduled | S::Prepared) => &[S::Prepared],
        (Verb::Hold, S::Prepared) | (Verb::Consider | Verb::Decide | Verb::Conclude, S::Held) => &[S::Held],
        (Verb::Approve, S::Held) | (Verb::AddAddendum, S::Approved) => &[S::Approved],
        (Verb::Cancel, S::Scheduled | S::Prepared | S::Held) => &[S::Cancelled],
        (
            Verb::Prepare
            | Verb::Hold
            | Verb::Consider
            | Verb::Decide
            | Verb::Conclude
            | Verb::Approve
            | Verb::Cancel
            | Verb::AddAddendum,
            S::Scheduled | S::Prepared | S::Held | S::Approved | S::Cancelled,
        ) => &[],
    }
}

/// A field that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the fields of the same names say it")]
pub enum Field {
    Title,
    ScheduledOn,
    PeriodFrom,
    PeriodUntil,
    ChairId,
    AttendeeIds,
    PresentIds,
}

/// Whether a field may be amended in a stage. Who was invited to what is fixed once the meeting was held; who came is
/// known from then on, and whoever chairs it must be somebody who is still there.
#[must_use]
pub fn touchable(stage: StageName, field: Field) -> bool {
    use Field as F;
    match (stage, field) {
        (
            StageName::Scheduled | StageName::Prepared,
            F::Title | F::ScheduledOn | F::PeriodFrom | F::PeriodUntil | F::ChairId | F::AttendeeIds,
        )
        | (StageName::Held, F::Title | F::ChairId | F::PresentIds) => true,
        (StageName::Scheduled | StageName::Prepared, F::PresentIds)
        | (StageName::Held, F::ScheduledOn | F::PeriodFrom | F::PeriodUntil | F::AttendeeIds)
        | (
            StageName::Approved | StageName::Cancelled,
            F::Title | F::ScheduledOn | F::PeriodFrom | F::PeriodUntil | F::ChairId | F::AttendeeIds | F::PresentIds,
        ) => false,
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// How often reviews are held, and with how many.
    pub rules: ReviewRules,
    /// Whether another review is scheduled or prepared.
    pub has_upcoming: bool,
}

impl Lifecycle for ManagementReview {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Approve => Permission::ApproveReview,
            Verb::Prepare
            | Verb::Hold
            | Verb::Consider
            | Verb::Decide
            | Verb::Conclude
            | Verb::Cancel
            | Verb::AddAddendum => Permission::SteerReview,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let reasons = self.reasons_against(verb, facts, by);
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::SteerReview, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Scheduled | StageName::Prepared | StageName::Held => Ok(()),
            stage @ (StageName::Approved | StageName::Cancelled) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("a management review that is {stage} is not amended")))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        if !hand.roles.contains(&Role::Management) {
            return Err(Refusal::state(
                "not_management",
                "the chair approves the minutes and holds the role management",
            ));
        }
        self.amend(ReviewAmendment { chair: Some(hand.to), ..ReviewAmendment::default() }, facts, by, at)
    }
}

impl ManagementReview {
    fn reasons_against(&self, verb: Verb, facts: &Facts, by: &Actor) -> Vec<Reason> {
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return vec![Reason::wrong_state(ARTICLED, stage, verb)];
        }
        match (verb, self.meeting()) {
            (Verb::Hold, _) => self.unless_inputs_are_complete(),
            (Verb::Decide, Some(meeting)) => self.unless_quorate(meeting, facts).into_iter().collect(),
            (Verb::Approve, Some(meeting)) => self.unless_minutes_are_complete(meeting, facts, by),
            (Verb::Cancel, Some(meeting)) => unless_undecided(meeting),
            (Verb::Decide | Verb::Approve | Verb::Cancel, None)
            | (Verb::Prepare | Verb::Consider | Verb::Conclude | Verb::AddAddendum, _) => Vec::new(),
        }
    }

    /// What people say to b, c and e may be "nothing", and is not left empty [9.3.2].
    fn unless_inputs_are_complete(&self) -> Vec<Reason> {
        let silent = Topic::STATED.into_iter().filter(|input| self.statements.of(*input).is_none());
        let mut reasons: Vec<Reason> = silent
            .map(|input| {
                let (name, clause): (&str, &str) = (input.into(), input.clause());
                let detail = format!("{name} [{clause}] is empty: prepare with a text, or with nothing_to_report");
                Reason::new("input_empty", detail)
            })
            .collect();
        if self.snapshots.last().is_some_and(|seal| seal.period != self.period) {
            let detail = "the inputs were frozen for another period: prepare again";
            reasons.push(Reason::new("inputs_of_another_period", detail));
        }
        reasons
    }

    /// Enough of the invited came; whoever else came does not count.
    fn unless_quorate(&self, meeting: &Meeting, facts: &Facts) -> Option<Reason> {
        let invited = self.invited().count();
        let came = self.invited().filter(|member| meeting.present.contains(member)).count();
        let needed = facts.rules.quorum(invited);
        (came < needed).then(|| {
            let detail = format!("{came} of {invited} invited came, {needed} are needed");
            Reason::new("no_quorum", detail)
        })
    }

    /// The chair approves minutes that say something of every input and conclude [9.3.1-9.3.3].
    fn unless_minutes_are_complete(&self, meeting: &Meeting, facts: &Facts, by: &Actor) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if by.member() != Some(self.chair) {
            reasons.push(Reason::new("chair_needed", "the chair approves the minutes, nobody else"));
        }
        if !meeting.present.contains(&self.chair) {
            reasons.push(Reason::new("chair_absent", "whoever chaired the meeting was there"));
        }
        reasons.extend(self.unless_quorate(meeting, facts));
        let considered = |input: &Topic| meeting.considerations.iter().any(|said| said.input == *input);
        for input in Topic::VARIANTS.iter().filter(|input| !considered(input)) {
            let (name, clause): (&str, &str) = (input.into(), input.clause());
            reasons.push(Reason::new("input_not_considered", format!("{name} [{clause}] was not considered")));
        }
        if meeting.conclusions.is_none() {
            let detail = "nothing is concluded on suitability, adequacy and effectiveness [9.3.1]";
            reasons.push(Reason::new("no_conclusions", detail));
        }
        reasons
    }
}

/// What was decided is under way: its actions are not orphaned.
fn unless_undecided(meeting: &Meeting) -> Vec<Reason> {
    match meeting.decisions.len() {
        0 => Vec::new(),
        decided => vec![Reason::new("has_decisions", format!("{decided} decisions were taken and are under way"))],
    }
}
