//! The table stage x verb of audits, and its guard.

use super::{Amendment, Audit, AuditorDraft, Owner, Party, Stage};
use crate::access::{Actor, Permission};
use crate::audit_programmes::StageName as ProgrammeStage;
use crate::change::{Change, Lifecycle, Record};
use crate::findings::{Grade, StageName as FindingStage};
use crate::id::MemberId;
use crate::reference::Reference;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::separation::Separation;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "an audit";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AuditState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Planned,
    InProgress,
    Reported,
    Closed,
    Cancelled,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Planned => StageName::Planned,
            Self::InProgress { .. } => StageName::InProgress,
            Self::Reported { .. } => StageName::Reported,
            Self::Closed { .. } => StageName::Closed,
            Self::Cancelled { .. } => StageName::Cancelled,
        }
    }
}

/// What can be done to an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Start,
    Postpone,
    Declare,
    GenerateChecklist,
    AddItems,
    ReviseItem,
    DropItem,
    DrawSample,
    CheckItem,
    Report,
    AddAddendum,
    Close,
    Cancel,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    use Verb as V;
    match (verb, from) {
        (V::Start, S::Planned) | (V::CheckItem, S::InProgress) => &[S::InProgress],
        (V::Postpone, S::Planned) => &[S::Planned],
        (
            V::Declare | V::GenerateChecklist | V::AddItems | V::ReviseItem | V::DropItem | V::DrawSample,
            stage @ (S::Planned | S::InProgress),
        ) => match stage {
            S::Planned => &[S::Planned],
            S::InProgress | S::Reported | S::Closed | S::Cancelled => &[S::InProgress],
        },
        (V::Report, S::InProgress) | (V::AddAddendum, S::Reported) => &[S::Reported],
        (V::Close, S::Reported) => &[S::Closed],
        (V::Cancel, S::Planned | S::InProgress) => &[S::Cancelled],
        (
            V::Start
            | V::Postpone
            | V::Declare
            | V::GenerateChecklist
            | V::AddItems
            | V::ReviseItem
            | V::DropItem
            | V::DrawSample
            | V::CheckItem
            | V::Report
            | V::AddAddendum
            | V::Close
            | V::Cancel,
            S::Planned | S::InProgress | S::Reported | S::Closed | S::Cancelled,
        ) => &[],
    }
}

/// What a guard must know of a finding of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingFacts {
    /// Its reference.
    pub reference: Reference,
    /// The item that it is about.
    pub item: Option<i64>,
    /// How grave it is.
    pub grade: Option<Grade>,
    /// Whether clause or control, evidence and grade are given.
    pub is_complete: bool,
    /// Where it stands.
    pub stage: FindingStage,
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// Which duties the organisation keeps apart.
    pub separation: Separation,
    /// Where the programme stands that the audit is part of.
    pub programme: Option<ProgrammeStage>,
    /// Its findings.
    pub findings: Vec<FindingFacts>,
    /// Who answers for what its items are about, or did within twelve months.
    pub owners: Vec<Owner>,
    /// Those of the report's recipients who are of the management.
    pub management: Vec<MemberId>,
}

impl Lifecycle for Audit {
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
        if !by.may(Permission::PlanAudit, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if self.is_under_way() {
            return Ok(());
        }
        let stage: &str = self.stage.name().into();
        Err(Refusal::state("wrong_state", format!("an audit that is {stage} cannot be amended")))
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let leads = self.team.iter().any(|auditor| auditor.is_lead && auditor.member() == Some(hand.from));
        let others = self.team.iter().filter(|auditor| auditor.member() != Some(hand.from));
        let mut team: Vec<AuditorDraft> = others.map(AuditorDraft::from).collect();
        // Who has checked something stays of the team, and leads it no longer.
        let former = Party::Member { id: hand.from };
        if let Some(stays) = self.team.iter().find(|auditor| auditor.party == former && self.has_checked(&former)) {
            team.push(AuditorDraft { is_lead: false, ..AuditorDraft::from(stays) });
        }
        match team.iter_mut().find(|auditor| auditor.party == Party::Member { id: hand.to }) {
            Some(known) => known.is_lead = known.is_lead || leads,
            None => team.push(AuditorDraft { party: Party::Member { id: hand.to }, is_lead: leads, competence: None }),
        }
        self.amend(Amendment { team: Some(team), ..Amendment::default() }, by, at)
    }
}

impl Audit {
    /// Whether somebody has checked an item of it.
    pub(super) fn has_checked(&self, party: &Party) -> bool {
        self.items.iter().filter_map(|item| item.check.as_ref()).any(|check| check.auditor == *party)
    }

    /// Whether it can still be described and checked: before its report.
    pub(super) fn is_under_way(&self) -> bool {
        match self.stage {
            Stage::Planned | Stage::InProgress { .. } => true,
            Stage::Reported { .. } | Stage::Closed { .. } | Stage::Cancelled { .. } => false,
        }
    }

    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Postpone
            | Verb::GenerateChecklist
            | Verb::AddItems
            | Verb::ReviseItem
            | Verb::DropItem
            | Verb::Cancel => Permission::PlanAudit,
            Verb::Start | Verb::Declare | Verb::DrawSample | Verb::CheckItem | Verb::Report | Verb::AddAddendum => {
                Permission::ConductAudit
            }
            Verb::Close => Permission::CloseAudit,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        let reasons = match verb {
            Verb::Start => self.unless_set().into_iter().chain(self.unless_approved(facts)).collect(),
            Verb::Declare => self.unless_of_the_team(by.member()),
            Verb::CheckItem => self.unless_somebody_can(by, facts, exception),
            Verb::Report => self.unless_reportable(facts, by.member()),
            Verb::Close => self.unless_settled(facts, by.member()),
            Verb::Postpone
            | Verb::GenerateChecklist
            | Verb::AddItems
            | Verb::ReviseItem
            | Verb::DropItem
            | Verb::DrawSample
            | Verb::AddAddendum
            | Verb::Cancel => Vec::new(),
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn unless_approved(&self, facts: &Facts) -> Option<Reason> {
        match facts.programme {
            None | Some(ProgrammeStage::Approved) => None,
            Some(ProgrammeStage::Draft) => {
                Some(Reason::new("programme_not_approved", "the programme it is part of was not approved yet"))
            }
            Some(ProgrammeStage::Closed) => {
                Some(Reason::new("programme_is_closed", "the programme it is part of is closed"))
            }
            Some(ProgrammeStage::Void) => {
                Some(Reason::new("programme_is_void", "the programme it is part of was drafted by mistake"))
            }
        }
    }

    fn unless_of_the_team(&self, me: Option<MemberId>) -> Vec<Reason> {
        match me {
            None => vec![Reason::new("person_needed", "people declare")],
            Some(me) if self.auditor(me).is_none() && self.team.iter().all(|auditor| auditor.member().is_some()) => {
                vec![super::team::not_of_the_team()]
            }
            Some(_) => Vec::new(),
        }
    }
}
