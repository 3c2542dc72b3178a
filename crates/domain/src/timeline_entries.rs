//! The timeline of an incident: what happened when, who did what, who was told. Append-only: nothing can be done to an
//! entry, and a wrong one is corrected by another [A.5.26, A.5.28].

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::id::{IncidentId, RecordId, TimelineEntryId};
use crate::incidents::Incident;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What an entry tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TimelineEntryKind))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Something was seen.
    Observation,
    /// Something was done.
    Measure,
    /// Something was decided.
    Decision,
    /// Somebody was told.
    Communication,
}

/// An entry of an incident's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Identity and version; when it was written and by whom.
    pub head: Head,
    /// The incident it belongs to.
    pub incident: IncidentId,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// What it tells of.
    pub kind: Kind,
    /// What happened.
    pub text: String,
    /// Who was told; only of a communication.
    #[serde(default)]
    pub audience: Option<String>,
    /// The earlier entry that it corrects.
    #[serde(default)]
    pub corrects: Option<TimelineEntryId>,
}

/// What it takes to append one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntryDraft {
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// What it tells of.
    pub kind: Kind,
    /// What happened.
    pub text: String,
    /// Who was told; needed of a communication.
    pub audience: Option<String>,
    /// The earlier entry that it corrects; that it exists and belongs to the incident is the caller's to check.
    pub corrects: Option<TimelineEntryId>,
}

/// What can be done to an entry: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub enum Verb {}

impl From<Verb> for &'static str {
    fn from(verb: Verb) -> Self {
        match verb {}
    }
}

impl Record for TimelineEntry {
    const PREFIX: Prefix = Prefix::TimelineEntry;
    const MAKING: Permission = Permission::RecordTimeline;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn concerns(&self) -> Vec<Target> {
        vec![Target { kind: Prefix::Incident, id: RecordId(self.incident.0) }]
    }
}

impl Lifecycle for TimelineEntry {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        "recorded"
    }

    fn knows(&self, verb: Verb) -> bool {
        match verb {}
    }

    fn may(&self, verb: Verb, (): &(), _: &Actor) -> Result<(), Refusal> {
        match verb {}
    }
}

impl TimelineEntry {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> TimelineEntryId {
        TimelineEntryId(self.head.id)
    }

    /// Appends an entry to an incident that is open.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], the incident is over, or every fault of the draft.
    pub fn append(
        draft: TimelineEntryDraft,
        incident: &Incident,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        if !by.may(Self::MAKING, incident.is_steered_by(by)) {
            return Err(Refusal::Forbidden);
        }
        if !incident.is_open() {
            return Err(Refusal::state("incident_is_over", "the incident is over: its timeline is complete"));
        }
        let TimelineEntryDraft { happened_at, kind, text, audience, corrects } = draft;
        let mut faults = Faults::default();
        faults.keep(text::moment_so_far("/happened_at", happened_at, None, birth.at));
        faults.keep(text::narrative("/text", &text));
        match (kind, &audience) {
            (Kind::Communication, None) => {
                faults.push(Fault::new("/audience", "required", "a communication says who was told"));
            }
            (Kind::Communication, Some(audience)) => drop(faults.keep(text::title("/audience", audience))),
            (Kind::Observation | Kind::Measure | Kind::Decision, Some(_)) => {
                faults.push(Fault::new("/audience", "not_applicable", "only a communication has an audience"));
            }
            (Kind::Observation | Kind::Measure | Kind::Decision, None) => {}
        }
        faults.refuse()?;
        let head = Head::born(by, birth);
        let entry = Self { head, incident: incident.id(), happened_at, kind, text, audience, corrects };
        Ok(Change::born(entry, "appended"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::fixtures::{at, birth, machine, person};
    use crate::incidents::tests::{closed, reported};

    fn draft(kind: Kind, audience: Option<&str>) -> TimelineEntryDraft {
        let audience = audience.map(str::to_owned);
        TimelineEntryDraft { happened_at: at(), kind, text: "The share was unplugged".into(), audience, corrects: None }
    }

    fn append(draft: TimelineEntryDraft) -> Result<Change<TimelineEntry>, Refusal> {
        TimelineEntry::append(draft, &reported(), &person(1, &[Role::IsmsManager]), birth(Prefix::TimelineEntry))
    }

    fn faults(draft: TimelineEntryDraft) -> Vec<String> {
        let Err(Refusal::Invalid(faults)) = append(draft) else { panic!("accepted") };
        faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
    }

    #[test]
    fn a_communication_says_who_was_told() {
        assert!(append(draft(Kind::Communication, Some("All customers"))).is_ok());
        assert_eq!(faults(draft(Kind::Communication, None)), ["/audience required"]);
        assert_eq!(faults(draft(Kind::Communication, Some(" "))), ["/audience blank"]);
        assert_eq!(faults(draft(Kind::Measure, Some("All"))), ["/audience not_applicable"]);
    }

    #[test]
    fn nothing_happens_tomorrow() {
        let tomorrow = at() + chrono::TimeDelta::days(1);
        let wrong = TimelineEntryDraft { happened_at: tomorrow, text: " ".into(), ..draft(Kind::Decision, None) };
        assert_eq!(faults(wrong), ["/happened_at out_of_range", "/text blank"]);
    }

    #[test]
    fn who_may_append() {
        let append = |by: &Actor| {
            let entry = draft(Kind::Observation, None);
            TimelineEntry::append(entry, &reported(), by, birth(Prefix::TimelineEntry)).map(|change| change.verb())
        };
        assert_eq!(append(&machine(&[Permission::RecordTimeline])), Ok("appended"));
        assert_eq!(append(&person(4, &[Role::Member])), Ok("appended"), "who reported it, until it has an owner");
        for (n, role) in [(5, Role::Member), (5, Role::Admin), (5, Role::ExternalAuditor), (5, Role::Management)] {
            assert_eq!(append(&person(n, &[role])), Err(Refusal::Forbidden), "{role:?}");
        }
    }

    #[test]
    fn the_timeline_of_what_is_over_is_complete() {
        let by = person(1, &[Role::IsmsManager]);
        let late = draft(Kind::Observation, None);
        let late = TimelineEntry::append(late, &closed(), &by, birth(Prefix::TimelineEntry));
        assert!(matches!(late, Err(Refusal::State(reasons)) if reasons[0].code == "incident_is_over"));
    }
}
