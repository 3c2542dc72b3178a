//! The verbs: each asks its guard, checks its input and names what follows.

use super::lifecycle::ARTICLED;
use super::{
    Category, Containment, Facts, Impact, Incident, Outcome, PersonalData, Resolution, Review, Stage, TriageDecision,
    Verb,
};
use crate::access::{Actor, is_the_program};
use crate::change::{Birth, Change, Lifecycle, Record};
use crate::id::{MemberId, RecordId};
use crate::nonconformities::{Nonconformity, NonconformityDraft, Source};
use crate::reference::Target;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use crate::weaknesses::{Weakness, WeaknessDraft};
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// One line.
    pub title: Option<String>,
    /// What happened, as far as it is known.
    pub description: Option<String>,
    /// When it was noticed.
    pub detected_at: Option<DateTime<Utc>>,
    /// When it happened, or unknown.
    pub occurred_at: Option<Option<DateTime<Utc>>>,
    /// Systems, places and information.
    pub assets: Option<Vec<String>>,
    /// Controls of Annex A.
    pub controls: Option<Vec<String>>,
    /// How grave it is, once it is triaged: 1 to 4.
    pub severity: Option<i64>,
    /// The accountable member, once it is triaged; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
}

/// What `triage` needs [A.5.25].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triage {
    /// By which criteria it is decided.
    pub criteria: String,
    /// What is decided.
    pub verdict: TriageVerdict,
}

/// Whether it is an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriageVerdict {
    /// It is one.
    Incident {
        /// What kind of thing happened.
        category: Category,
        /// 1 (everything stands still) to 4 (a nuisance).
        severity: i64,
        /// The accountable member; that the member exists is the caller's to check.
        owner: MemberId,
    },
    /// It is none.
    NotAnIncident {
        /// Why not.
        reason: String,
    },
}

/// What `contain` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contain {
    /// What was done.
    pub measures: String,
    /// Since when it does not spread any more.
    pub contained_at: DateTime<Utc>,
}

/// What `resolve` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    /// What was done.
    pub summary: String,
    /// Since when everything works again.
    pub resolved_at: DateTime<Utc>,
}

/// What `notify_authority` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyAuthority {
    /// Which authority.
    pub authority: String,
    /// When it was told.
    pub notified_at: DateTime<Utc>,
    /// Why that was later than 72 hours after it was known; needed only then.
    pub delay_reason: Option<String>,
}

/// What `raise_nonconformity` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaiseNonconformity {
    /// One line.
    pub title: String,
    /// What is not as required.
    pub statement: String,
    /// What shows it.
    pub objective_evidence: String,
    /// The clause or control breached.
    pub requirement: Option<String>,
    /// The day by which it is to be closed.
    pub due_on: Option<NaiveDate>,
}

/// What `raise_weakness` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaiseWeakness {
    /// One line.
    pub title: String,
    /// What could be exploited, or could fail.
    pub description: String,
    /// Where it was found.
    pub found_in: String,
}

/// A case that an incident has raised, and the incident that names it.
#[derive(Debug)]
pub struct Raised<T> {
    /// The case; to be stored first.
    pub case: Change<T>,
    /// The incident.
    pub incident: Change<Incident>,
}

/// A stage that the guard lets through but the command does not; see the same in nonconformities.
fn wrong_state(stage: &Stage, verb: Verb) -> Refusal {
    Refusal::State(vec![Reason::wrong_state(ARTICLED, stage.name(), verb)])
}

fn check_severity(severity: i64, faults: &mut Faults) {
    faults.keep(text::graded("/severity", severity, 1..=4));
}

impl Impact {
    fn check(&self, faults: &mut Faults) {
        faults.keep(text::graded("/impact/downtime_minutes", self.downtime_minutes, 0..=i64::MAX));
        faults.keep(text::graded("/impact/records", self.records, 0..=i64::MAX));
        if let Some(cost) = &self.cost {
            faults.keep(text::graded("/impact/cost/amount", cost.amount, 0..=i64::MAX));
            if cost.currency.len() != 3 || !cost.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
                let detail = "must be the three capital letters of ISO 4217, such as EUR";
                faults.push(Fault::new("/impact/cost/currency", "malformed", detail));
            }
        }
    }
}

impl Incident {
    /// Changes plain fields.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { title, description, detected_at, occurred_at, assets, controls, severity, owner } = input;
        if (severity.is_some() || owner.is_some()) && self.triage.is_none() {
            return Err(Refusal::state("not_triaged", "severity and owner are set when it is triaged"));
        }
        let mut after = self.clone();
        after.title = title.unwrap_or(after.title);
        after.description = description.unwrap_or(after.description);
        after.detected_at = detected_at.unwrap_or(after.detected_at);
        after.occurred_at = occurred_at.unwrap_or(after.occurred_at);
        after.assets = assets.unwrap_or(after.assets);
        after.controls = controls.unwrap_or(after.controls);
        after.severity = severity.or(after.severity);
        after.owner = owner.or(after.owner);
        let mut faults = after.faults(at);
        if let Some(severity) = after.severity {
            check_severity(severity, &mut faults);
        }
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It is decided whether it is an incident, by criteria that are told [A.5.25].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn triage(self, input: Triage, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Triage, facts, by)?;
        let Some(me) = by.member() else { return Err(wrong_state(&self.stage, Verb::Triage)) };
        let Triage { criteria, verdict } = input;
        let (mut faults, mut after) = (Faults::default(), self.clone());
        faults.keep(text::narrative("/criteria", &criteria));
        after.triage = Some(TriageDecision { criteria, at, by: me });
        match verdict {
            TriageVerdict::Incident { category, severity, owner } => {
                check_severity(severity, &mut faults);
                faults.refuse()?;
                after.category = Some(category);
                after.severity = Some(severity);
                after.owner = Some(owner);
                after.stage = Stage::Triaged;
                Ok(Change::of(self, after, "triaged", at))
            }
            TriageVerdict::NotAnIncident { reason } => {
                faults.keep(text::narrative("/reason", &reason));
                faults.refuse()?;
                after.stage = Stage::NotAnIncident { reason: reason.clone() };
                Ok(Change::of(self, after, "found_no_incident", at).because(reason))
            }
        }
    }

    /// It does not spread any more.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn contain(
        self,
        input: Contain,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Contain, facts, by)?;
        let Contain { measures, contained_at } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/measures", &measures));
        faults.keep(text::moment_so_far("/contained_at", contained_at, Some(self.detected_at), at));
        faults.refuse()?;
        let containment = Containment { measures, contained_at, by: by.member() };
        let after = Self { stage: Stage::Contained { containment }, ..self.clone() };
        Ok(Change::of(self, after, "contained", at))
    }

    /// Everything works again.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn resolve(
        self,
        input: Resolve,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Resolve, facts, by)?;
        let Stage::Contained { containment } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Resolve));
        };
        let Resolve { summary, resolved_at } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/summary", &summary));
        faults.keep(text::moment_so_far("/resolved_at", resolved_at, Some(containment.contained_at), at));
        faults.refuse()?;
        let resolution = Resolution { summary, resolved_at, by: by.member() };
        let after = Self { stage: Stage::Resolved { containment, resolution }, ..self.clone() };
        Ok(Change::of(self, after, "resolved", at))
    }

    /// It is learned from: why it could happen, and how much of it there was [A.5.27].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn review(
        self,
        (root_cause, lessons, impact): (String, String, Impact),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Review, facts, by)?;
        let Stage::Resolved { containment, resolution } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Review));
        };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/root_cause", &root_cause));
        faults.keep(text::narrative("/lessons", &lessons));
        impact.check(&mut faults);
        faults.refuse()?;
        let review = Review { root_cause, lessons, impact, at, by: by.member() };
        let after = Self { stage: Stage::Reviewed { containment, resolution, review }, ..self.clone() };
        Ok(Change::of(self, after, "reviewed", at))
    }

    /// It is over.
    ///
    /// # Errors
    /// The guard's refusal: actions are open, or the clock of personal data runs.
    pub fn close(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Close, facts, by)?;
        let Stage::Reviewed { containment, resolution, review } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Close));
        };
        let stage = Stage::Closed { containment, resolution, review, at, by: by.member() };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "closed", at))
    }

    /// Personal data are concerned: 72 hours run from the moment it was known. Said again while they run, it corrects
    /// what was said.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn involve_personal_data(
        self,
        (description, aware_at): (String, DateTime<Utc>),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::InvolvePersonalData, facts, by)?;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/description", &description));
        faults.keep(text::moment_so_far("/aware_at", aware_at, self.occurred_at, at));
        faults.refuse()?;
        let personal_data = Some(PersonalData { description, aware_at, ran_out_at: None, outcome: None });
        let after = Self { personal_data, ..self.clone() };
        Ok(Change::of(self, after, "personal_data_involved", at))
    }

    /// An authority was told.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input; later than 72 hours the reason for that is needed.
    pub fn notify_authority(
        self,
        input: NotifyAuthority,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::NotifyAuthority, facts, by)?;
        let (Some(data), Some(me)) = (self.personal_data.clone(), by.member()) else {
            return Err(wrong_state(&self.stage, Verb::NotifyAuthority));
        };
        let NotifyAuthority { authority, notified_at, delay_reason } = input;
        let mut faults = Faults::default();
        faults.keep(text::title("/authority", &authority));
        faults.keep(text::moment_so_far("/notified_at", notified_at, Some(data.aware_at), at));
        match &delay_reason {
            Some(reason) => drop(faults.keep(text::narrative("/delay_reason", reason))),
            None if notified_at > data.ends_at() => {
                let detail = "the authority was told later than 72 hours after it was known: say why";
                faults.push(Fault::new("/delay_reason", "required", detail));
            }
            None => {}
        }
        faults.refuse()?;
        let outcome = Some(Outcome::Notified { authority, notified_at, delay_reason: delay_reason.clone(), by: me });
        let after = Self { personal_data: Some(PersonalData { outcome, ..data }), ..self.clone() };
        Ok(Change::of(self, after, "authority_notified", at).because_of(delay_reason))
    }

    /// No authority needs to be told.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn waive_notification(
        self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::WaiveNotification, facts, by)?;
        let (Some(data), Some(me)) = (self.personal_data.clone(), by.member()) else {
            return Err(wrong_state(&self.stage, Verb::WaiveNotification));
        };
        text::reason(&reason)?;
        let outcome = Some(Outcome::NotRequired { reason: reason.clone(), at, by: me });
        let after = Self { personal_data: Some(PersonalData { outcome, ..data }), ..self.clone() };
        Ok(Change::of(self, after, "notification_waived", at).because(reason))
    }

    /// Notes that the 72 hours are over and no authority was told, for whoever listens to events.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; the clock does not run, has time left, or that was noted.
    pub fn run_out(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        let due = self.running_clock().filter(|data| data.ran_out_at.is_none() && data.ends_at() <= at);
        let Some(data) = due.cloned() else {
            return Err(Refusal::state("not_run_out", "no clock has run out, or that was noted"));
        };
        let personal_data = Some(PersonalData { ran_out_at: Some(at), ..data });
        let after = Self { personal_data, ..self.clone() };
        Ok(Change::of(self, after, "notification_clock_ran_out", at))
    }

    /// Raises a nonconformity: its treatment is where causes are taken away.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn raise_nonconformity(
        self,
        input: RaiseNonconformity,
        facts: &Facts,
        by: &Actor,
        birth: Birth,
    ) -> Result<Raised<Nonconformity>, Refusal> {
        self.may(Verb::RaiseNonconformity, facts, by)?;
        let RaiseNonconformity { title, statement, objective_evidence, requirement, due_on } = input;
        let (source, origin) = (Source::Incident, Some(Target::of(&self)));
        let indicators = Vec::new();
        let draft = NonconformityDraft {
            title,
            statement,
            objective_evidence,
            source,
            origin,
            requirement,
            indicators,
            due_on,
        };
        let case = Nonconformity::raise(draft, by, birth)?;
        Ok(Raised { incident: self.naming::<Nonconformity>("nonconformity_raised", birth), case })
    }

    /// Raises a weakness that the incident has shown.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn raise_weakness(
        self,
        input: RaiseWeakness,
        facts: &Facts,
        by: &Actor,
        birth: Birth,
    ) -> Result<Raised<Weakness>, Refusal> {
        self.may(Verb::RaiseWeakness, facts, by)?;
        let RaiseWeakness { title, description, found_in } = input;
        let (origin, reporter) = (Some(Target::of(&self)), by.member());
        let draft = WeaknessDraft { title, description, found_in, origin, reporter };
        let case = Weakness::report(draft, by, birth)?;
        Ok(Raised { incident: self.naming::<Weakness>("weakness_raised", birth), case })
    }

    fn naming<T: Record>(self, verb: &'static str, birth: Birth) -> Change<Self> {
        let mut after = self.clone();
        after.raised.push(Target { kind: T::PREFIX, id: RecordId(birth.id) });
        Change::of(self, after, verb, birth.at)
    }
}
