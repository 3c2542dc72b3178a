//! The table stage x verb of audit programmes, and its guard.

use super::{AuditProgramme, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "an audit programme";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AuditProgrammeState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Draft,
    Approved,
    Closed,
    Void,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Approved { .. } => StageName::Approved,
            Self::Closed { .. } => StageName::Closed,
            Self::Void { .. } => StageName::Void,
        }
    }
}

/// What can be done to an audit programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Approve,
    Close,
    Void,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Approve, S::Draft | S::Approved) => &[S::Approved],
        (Verb::Close, S::Approved) => &[S::Closed],
        (Verb::Void, S::Draft) => &[S::Void],
        (Verb::Approve, S::Closed | S::Void)
        | (Verb::Close, S::Draft | S::Closed | S::Void)
        | (Verb::Void, S::Approved | S::Closed | S::Void) => &[],
    }
}

/// What a guard must know of its audits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// How many of them are planned, in progress or reported, and not closed.
    pub open_audits: i64,
    /// Keys of the plan whose audit was reported or closed.
    pub audited: Vec<String>,
}

impl Lifecycle for AuditProgramme {
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
            Verb::Approve => Permission::ApproveAuditProgramme,
            Verb::Close => Permission::CloseAudit,
            Verb::Void => Permission::PlanAudit,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, self.stage.name(), verb)]));
        }
        let reasons = match verb {
            Verb::Approve => self.unless_ready(by),
            Verb::Close => self.unless_over(facts),
            Verb::Void => unless_audited(facts).into_iter().collect(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::PlanAudit, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Draft | StageName::Approved => Ok(()),
            StageName::Closed | StageName::Void => {
                let detail = format!("a programme that is {} cannot be amended", self.stage_name());
                Err(Refusal::state("wrong_state", detail))
            }
        }
    }
}

fn unless_audited(facts: &Facts) -> Option<Reason> {
    let detail = || format!("{} of its audits are neither closed nor cancelled", facts.open_audits);
    (facts.open_audits > 0).then(|| Reason::new("open_audits", detail()))
}

impl AuditProgramme {
    /// What 9.2.2 asks for and is not said.
    pub(super) fn missing(&self) -> Vec<Reason> {
        let narratives = self.content.narratives().into_iter().filter(|(_, text)| text.is_none());
        let mut reasons: Vec<Reason> = narratives
            .map(|(name, _)| Reason::new("incomplete", format!("{} are not described [9.2.2]", name.replace('_', " "))))
            .collect();
        if self.content.plan.is_empty() {
            reasons.push(Reason::new("no_plan", "no audit is planned"));
        }
        reasons
    }

    fn unless_ready(&self, by: &Actor) -> Vec<Reason> {
        let mut reasons = self.missing();
        if by.member().is_none() {
            reasons.push(Reason::new("person_needed", "a programme is approved by a person"));
        }
        if self.approval().is_some() && !self.is_stale() {
            reasons.push(Reason::new("already_approved", "nothing has changed since it was approved"));
        }
        reasons
    }

    fn unless_over(&self, facts: &Facts) -> Vec<Reason> {
        let mut reasons = Vec::new();
        reasons.extend(unless_audited(facts));
        if self.is_stale() {
            reasons
                .push(Reason::new("approval_is_stale", "it was changed since it was approved: have it approved anew"));
        }
        reasons
    }

    /// Keys of the plan whose audit was never reported.
    pub(super) fn unaudited<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a str> {
        let keys = self.content.plan.iter().map(|planned| planned.key.as_str());
        keys.filter(|key| !facts.audited.iter().any(|audited| audited == key))
    }
}
