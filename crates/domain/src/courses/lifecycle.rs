//! The table stage x verb of courses.

use super::{Amendment, Course, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::separation::{Duty, Rule, Separation};
use chrono::{DateTime, NaiveDate, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// As a reason names it.
pub(super) const ARTICLED: &str = "a course";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CourseState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Draft,
    Published,
    Retired,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Published { .. } => StageName::Published,
            Self::Retired { .. } => StageName::Retired,
        }
    }
}

/// What can be done to a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Publish,
    Evaluate,
    Retire,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Publish, S::Draft) | (Verb::Evaluate, S::Published) => &[S::Published],
        (Verb::Retire, S::Draft | S::Published) => &[S::Retired],
        (Verb::Publish | Verb::Evaluate | Verb::Retire, S::Draft | S::Published | S::Retired) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// Which duties the organisation keeps apart.
    pub separation: Separation,
}

impl Lifecycle for Course {
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
        if !by.may(Permission::DefineCourse, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Draft | StageName::Published => Ok(()),
            StageName::Retired => Err(Refusal::state("wrong_state", "a course that is retired cannot be amended")),
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(Amendment { owner: Some(hand.to), ..Amendment::default() }, by, at)
    }
}

impl Course {
    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Publish | Verb::Retire => Permission::DefineCourse,
            Verb::Evaluate => Permission::VerifyEffectiveness,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        let reasons = match verb {
            Verb::Publish => self.missing(),
            Verb::Evaluate => self.unless_judge_is_free(facts, by, exception),
            Verb::Retire => Vec::new(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    /// Nobody is sent to a course that nobody answers for and nobody finds.
    pub(super) fn missing(&self) -> Vec<Reason> {
        let answers = [
            (self.owner.is_some(), "no_owner", "nobody is accountable for it"),
            (self.material.is_some(), "no_material", "where to find it is not said"),
        ];
        answers.into_iter().filter(|(given, ..)| !given).map(|(_, code, detail)| Reason::new(code, detail)).collect()
    }

    fn unless_judge_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        if by.member().is_none() {
            return vec![Reason::new("person_needed", "the effect of a course is judged by a person")];
        }
        let duty = Duty { rule: Rule::TrainingEvaluator, breach: by.breach(|me| self.breach(me)) };
        facts.separation.objection(&duty, exception, facts.today).into_iter().collect()
    }

    /// How `me` has a part in what is to be judged.
    pub(super) fn breach(&self, me: MemberId) -> Option<&'static str> {
        (self.owner == Some(me)).then_some("the owner of a course does not judge whether it worked")
    }
}
