//! The table stage x verb. Expiring is not among the verbs: time does that.

use super::{Stage, TrainingAssignment};
use crate::access::{Actor, Permission};
use crate::change::{Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use chrono::NaiveDate;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// As a reason names it.
pub(super) const ARTICLED: &str = "a training assignment";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TrainingAssignmentState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Assigned,
    Completed,
    Failed,
    Expired,
    Void,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Assigned => StageName::Assigned,
            Self::Completed { .. } => StageName::Completed,
            Self::Failed { .. } => StageName::Failed,
            Self::Expired { .. } => StageName::Expired,
            Self::Void { .. } => StageName::Void,
        }
    }
}

/// What can be done to a training assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Complete,
    Retake,
    Void,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Complete, S::Assigned) => &[S::Completed, S::Failed],
        (Verb::Retake, S::Failed | S::Completed) => &[S::Assigned],
        (Verb::Void, S::Assigned | S::Failed) => &[S::Void],
        (Verb::Complete | Verb::Retake | Verb::Void, S::Assigned | S::Completed | S::Failed | S::Expired | S::Void) => {
            &[]
        }
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// Whether people are assigned to the course now.
    pub course_is_published: bool,
    /// The score, in percent, from which on the course is passed.
    pub pass_mark: Option<i64>,
    /// For how many months a result of the course holds.
    pub validity_months: Option<i64>,
}

impl Lifecycle for TrainingAssignment {
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
            Verb::Complete => Permission::RecordTraining,
            Verb::Retake | Verb::Void => Permission::AssignTraining,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        let reasons = match verb {
            Verb::Complete => self.unless_marked_by_another(facts, by),
            Verb::Retake => Self::unless_course_is_over(facts),
            Verb::Void => Vec::new(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }
}

impl TrainingAssignment {
    /// That one was there one may say oneself; which score one had, nobody says of oneself.
    fn unless_marked_by_another(&self, facts: &Facts, by: &Actor) -> Vec<Reason> {
        if facts.pass_mark.is_some() && by.persons().any(|person| person == self.member) {
            let detail = "the course has a pass mark: its result is recorded by somebody else";
            return vec![Reason::new("own_score", detail)];
        }
        Vec::new()
    }

    fn unless_course_is_over(facts: &Facts) -> Vec<Reason> {
        if facts.course_is_published {
            return Vec::new();
        }
        vec![Reason::new("course_not_published", "nobody takes the course any more")]
    }
}
