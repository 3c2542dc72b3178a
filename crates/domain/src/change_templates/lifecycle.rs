//! The table stage x verb of change templates.

use super::{ChangeTemplate, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Lifecycle, Record};
use crate::id::MemberId;
use crate::refusal::{Reason, Refusal};
use crate::separation::{Duty, Rule, Separation};
use chrono::NaiveDate;
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "a change template";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChangeTemplateState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Draft,
    Approved,
    Retired,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Approved { .. } => StageName::Approved,
            Self::Retired { .. } => StageName::Retired,
        }
    }
}

/// What can be done to a change template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Approve,
    Revise,
    Retire,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Approve, S::Draft) => &[S::Approved],
        (Verb::Revise, S::Approved) => &[S::Draft],
        (Verb::Retire, S::Draft | S::Approved) => &[S::Retired],
        (Verb::Approve | Verb::Revise | Verb::Retire, S::Draft | S::Approved | S::Retired) => &[],
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

impl Lifecycle for ChangeTemplate {
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
        if !by.may(Permission::DefineChangeTemplate, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Draft => Ok(()),
            stage @ (StageName::Approved | StageName::Retired) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("{ARTICLED} that is {stage} cannot be amended")))
            }
        }
    }
}

impl ChangeTemplate {
    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Approve | Verb::Retire => Permission::DecideChange,
            Verb::Revise => Permission::DefineChangeTemplate,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        let reasons = match verb {
            Verb::Approve => self.unless_approver_is_free(facts, by, exception),
            Verb::Revise | Verb::Retire => Vec::new(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    /// A person who did not write it approves it, and one of the management where its impact is high.
    fn unless_approver_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        let mut reasons = Vec::new();
        match by.member() {
            None => reasons.push(Reason::new("person_needed", "a change template is approved by a person")),
            Some(_) => {
                let duty = Duty { rule: Rule::ChangeApprover, breach: by.breach(|me| self.breach(me)) };
                reasons.extend(facts.separation.objection(&duty, exception, facts.today));
            }
        }
        if !by.may(self.approving(), false) {
            reasons.push(Reason::new("management_needed", "a high impact is for the management to approve"));
        }
        reasons
    }

    /// How this member is not free to approve.
    pub(super) fn breach(&self, approver: MemberId) -> Option<&'static str> {
        self.authors.contains(&approver).then_some("who wrote a change template does not approve it")
    }
}
