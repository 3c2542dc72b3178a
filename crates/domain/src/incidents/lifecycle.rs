//! The table stage x verb of incidents.

use super::{Amendment, Incident, Outcome, RAISED, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle};
use crate::mistakes::unless_worked_on;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "an incident";

/// A stage without its facts: what filters and columns name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IncidentState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Reported,
    NotAnIncident,
    Triaged,
    Contained,
    Resolved,
    Reviewed,
    Closed,
    Void,
    Duplicate,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Reported => StageName::Reported,
            Self::NotAnIncident { .. } => StageName::NotAnIncident,
            Self::Triaged => StageName::Triaged,
            Self::Contained { .. } => StageName::Contained,
            Self::Resolved { .. } => StageName::Resolved,
            Self::Reviewed { .. } => StageName::Reviewed,
            Self::Closed { .. } | Self::EndedBefore => StageName::Closed,
            Self::Void { .. } => StageName::Void,
            Self::Duplicate { .. } => StageName::Duplicate,
        }
    }
}

/// What can be done to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Triage,
    Contain,
    Resolve,
    Review,
    Close,
    InvolvePersonalData,
    NotifyAuthority,
    WaiveNotification,
    RaiseNonconformity,
    RaiseWeakness,
    Void,
    MarkDuplicate,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    use Verb as V;
    match (verb, from) {
        (V::Triage, S::Reported) => &[S::Triaged, S::NotAnIncident],
        (V::Contain, S::Triaged) => &[S::Contained],
        (V::Resolve, S::Contained) => &[S::Resolved],
        (V::Review, S::Resolved) => &[S::Reviewed],
        (V::Close, S::Reviewed) => &[S::Closed],
        (V::Void, S::Triaged | S::Contained | S::Resolved) => &[S::Void],
        (V::MarkDuplicate, S::Reported | S::Triaged | S::Contained | S::Resolved) => &[S::Duplicate],
        (V::InvolvePersonalData, S::Reported) => &[S::Reported],
        (
            V::InvolvePersonalData
            | V::NotifyAuthority
            | V::WaiveNotification
            | V::RaiseNonconformity
            | V::RaiseWeakness,
            S::Triaged,
        ) => &[S::Triaged],
        (
            V::InvolvePersonalData
            | V::NotifyAuthority
            | V::WaiveNotification
            | V::RaiseNonconformity
            | V::RaiseWeakness,
            S::Contained,
        ) => &[S::Contained],
        (
            V::InvolvePersonalData
            | V::NotifyAuthority
            | V::WaiveNotification
            | V::RaiseNonconformity
            | V::RaiseWeakness,
            S::Resolved,
        ) => &[S::Resolved],
        (
            V::InvolvePersonalData
            | V::NotifyAuthority
            | V::WaiveNotification
            | V::RaiseNonconformity
            | V::RaiseWeakness,
            S::Reviewed,
        ) => &[S::Reviewed],
        (
            V::Triage
            | V::Contain
            | V::Resolve
            | V::Review
            | V::Close
            | V::InvolvePersonalData
            | V::NotifyAuthority
            | V::WaiveNotification
            | V::RaiseNonconformity
            | V::RaiseWeakness
            | V::Void
            | V::MarkDuplicate,
            S::Reported
            | S::NotAnIncident
            | S::Triaged
            | S::Contained
            | S::Resolved
            | S::Reviewed
            | S::Closed
            | S::Void
            | S::Duplicate,
        ) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its actions that are neither done nor cancelled.
    pub open_actions: i64,
}

impl Lifecycle for Incident {
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
            Verb::Triage
            | Verb::Close
            | Verb::NotifyAuthority
            | Verb::WaiveNotification
            | Verb::Void
            | Verb::MarkDuplicate => Permission::DecideIncident,
            Verb::Contain
            | Verb::Resolve
            | Verb::Review
            | Verb::InvolvePersonalData
            | Verb::RaiseNonconformity
            | Verb::RaiseWeakness => Permission::SteerIncident,
        };
        if !by.may(permission, self.is_steered_by(by)) {
            return Err(Refusal::Forbidden);
        }
        let reasons = self.reasons_against(verb, facts, by);
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::SteerIncident, self.is_steered_by(by)) {
            return Err(Refusal::Forbidden);
        }
        if self.is_open() {
            return Ok(());
        }
        let stage: &str = self.stage.name().into();
        Err(Refusal::state("wrong_state", format!("an incident that is {stage} cannot be amended")))
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(Amendment { owner: Some(hand.to), ..Amendment::default() }, by, at)
    }
}

impl Incident {
    /// Whose it is to work: the reporter's until it is triaged, the owner's from then on.
    pub(crate) fn is_steered_by(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some()
            && match self.owner {
                Some(_) => self.owner == me,
                None => [self.reporter, self.head.created_by].contains(&me),
            }
    }

    fn reasons_against(&self, verb: Verb, facts: &Facts, by: &Actor) -> Vec<Reason> {
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return vec![Reason::wrong_state(ARTICLED, stage, verb)];
        }
        match verb {
            Verb::Triage => Self::unless_person(by),
            Verb::InvolvePersonalData => match &self.personal_data {
                Some(data) if data.outcome.is_some() => {
                    vec![Reason::new("clock_ended", "what the authority was told, or why not, is recorded")]
                }
                Some(_) | None => Vec::new(),
            },
            Verb::NotifyAuthority | Verb::WaiveNotification => {
                let mut reasons = Self::unless_person(by);
                if self.running_clock().is_none() {
                    reasons.push(Reason::new("no_clock", "no clock of personal data runs"));
                }
                reasons
            }
            Verb::RaiseNonconformity | Verb::RaiseWeakness if self.raised.len() >= RAISED => {
                vec![Reason::new("too_many", format!("at most {RAISED} cases are raised from one incident"))]
            }
            Verb::Close => self.unless_all_is_done(facts),
            Verb::Void | Verb::MarkDuplicate => self.unless_it_was_dealt_with(facts),
            Verb::Contain | Verb::Resolve | Verb::Review | Verb::RaiseNonconformity | Verb::RaiseWeakness => Vec::new(),
        }
    }

    fn unless_person(by: &Actor) -> Vec<Reason> {
        if by.member().is_some() {
            return Vec::new();
        }
        vec![Reason::new("person_needed", "incidents are decided by a person, not by a machine")]
    }

    /// What is being worked on is ended first, and so is the clock of personal data: an authority that was told is told of
    /// something that stands.
    fn unless_it_was_dealt_with(&self, facts: &Facts) -> Vec<Reason> {
        let clock = match self.personal_data.as_ref().map(|data| &data.outcome) {
            Some(Some(Outcome::Notified { .. })) => {
                Some(Reason::new("authority_notified", "an authority was told of it: it is not taken back"))
            }
            Some(None) => {
                let detail = "personal data are concerned: notify the authority, or say why that is not required";
                Some(Reason::new("notification_undecided", detail))
            }
            Some(Some(Outcome::NotRequired { .. })) | None => None,
        };
        unless_worked_on(facts.open_actions).into_iter().chain(clock).collect()
    }

    /// Its actions are done, and the clock of personal data has ended.
    fn unless_all_is_done(&self, facts: &Facts) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if facts.open_actions > 0 {
            let detail = format!("{} of its actions are not done", facts.open_actions);
            reasons.push(Reason::new("open_actions", detail));
        }
        if self.running_clock().is_some() {
            let detail = "personal data are concerned: notify the authority, or say why that is not required";
            reasons.push(Reason::new("notification_undecided", detail));
        }
        reasons
    }
}
