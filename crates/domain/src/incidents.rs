//! Incidents [A.5.24-A.5.28]: what happened, what was decided about it, how it was contained, and what was learned.

mod commands;
mod handling;
mod lifecycle;
mod migration;
mod mistakes;
mod personal_data;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{
    Amendment, Contain, NotifyAuthority, RaiseNonconformity, RaiseWeakness, Raised, Resolve, Triage, TriageVerdict,
};
pub use handling::{Containment, Cost, Impact, Resolution, Review, TriageDecision};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use migration::History;
pub use personal_data::{Outcome, PersonalData};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{IncidentId, MemberId};
use crate::imports::Migrated;
use crate::links::Relation;
use crate::mistakes::{Duplicable, Duplicate, Voided};
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many assets, and so many controls.
pub const AFFECTED: usize = 50;
/// At most so many cases raised from one incident.
pub const RAISED: usize = 50;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IncidentCategory))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Category {
    /// Hostile software.
    Malware,
    /// Somebody was deceived into something.
    Deception,
    /// Somebody got in who must not.
    Intrusion,
    /// Somebody used what they may use for what they must not.
    Misuse,
    /// Information reached somebody whom it must not.
    Disclosure,
    /// A device, a document or data is gone.
    Loss,
    /// Something does not work.
    Outage,
    /// Fire, water, a broken door.
    Physical,
    /// A supplier's incident that reaches us.
    Supplier,
    /// Anything else.
    Other,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Somebody says that something happened.
    Reported,
    /// Nothing that is an incident.
    NotAnIncident {
        /// Why not; told to the reporter.
        reason: String,
    },
    /// It is one, and it is known how grave.
    Triaged,
    /// It does not spread any more.
    Contained {
        /// How.
        containment: Containment,
    },
    /// Everything works again.
    Resolved {
        /// How it was contained.
        containment: Containment,
        /// How it was resolved.
        resolution: Resolution,
    },
    /// It was learned from.
    Reviewed {
        /// How it was contained.
        containment: Containment,
        /// How it was resolved.
        resolution: Resolution,
        /// What remains.
        review: Review,
    },
    /// It is over.
    Closed {
        /// How it was contained.
        containment: Containment,
        /// How it was resolved.
        resolution: Resolution,
        /// What remains.
        review: Review,
        /// When it was closed.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
    /// It was over before go-live, as another register says: no gate was run.
    EndedBefore,
    /// It was raised by mistake.
    Void {
        /// Why.
        voided: Voided,
    },
    /// Another record says the same.
    Duplicate {
        /// Which.
        duplicate: Duplicate,
    },
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// What happened, as far as it is known.
    pub description: String,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
    /// When it happened, where that is known.
    #[serde(default)]
    pub occurred_at: Option<DateTime<Utc>>,
    /// The record that it was born of.
    #[serde(default)]
    pub origin: Option<Target>,
    /// Who said so; `None` for a machine, and for one who did not say who.
    #[serde(default)]
    pub reporter: Option<MemberId>,
    /// Systems, places and information that are affected.
    #[serde(default)]
    pub assets: Vec<String>,
    /// Controls of Annex A that did not hold.
    #[serde(default)]
    pub controls: Vec<String>,
    /// What kind of thing happened; set by `triage`.
    #[serde(default)]
    pub category: Option<Category>,
    /// 1 (everything stands still) to 4 (a nuisance); set by `triage`.
    #[serde(default)]
    pub severity: Option<i64>,
    /// The accountable member; set by `triage`.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// Whether it is an incident; set by `triage`.
    #[serde(default)]
    pub triage: Option<TriageDecision>,
    /// Whose data are concerned, and what the clock says.
    #[serde(default)]
    pub personal_data: Option<PersonalData>,
    /// Cases that were raised from it.
    #[serde(default)]
    pub raised: Vec<Target>,
    /// What another register says of it, where it was brought in from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated: Option<Migrated>,
    /// Who reported it in duplicates of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_reported_by: Vec<MemberId>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to report one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentDraft {
    /// One line.
    pub title: String,
    /// What happened, as far as it is known.
    pub description: String,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
    /// When it happened, where that is known.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The record that it is born of; that it exists is the caller's to check.
    pub origin: Option<Target>,
    /// Who says so.
    pub reporter: Option<MemberId>,
    /// Systems, places and information, at most [`AFFECTED`].
    pub assets: Vec<String>,
    /// Controls of Annex A, at most [`AFFECTED`].
    pub controls: Vec<String>,
    /// What kind of thing happened, as far as the reporter can tell.
    pub category: Option<Category>,
}

impl Record for Incident {
    const PREFIX: Prefix = Prefix::Incident;
    const MAKING: Permission = Permission::ReportIncident;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Owned, reported or recorded by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let is_mine = |me| {
            [self.owner, self.reporter, self.head.created_by].contains(&Some(me)) || self.also_reported_by.contains(&me)
        };
        by.principal().is_some_and(is_mine)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn owners(&self) -> Vec<MemberId> {
        self.owner.into_iter().collect()
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let born = self.origin.map(|origin| TraceEdge::new(origin, Relation::Raised, own));
        born.into_iter().chain(self.duplicate().map(|duplicate| duplicate.edge(own))).collect()
    }

    fn work(&self) -> Vec<Work> {
        let clock = self.running_clock().map(|data| data.ends_at().date_naive());
        let clock = clock.map(|due| Work::of_whoever(Permission::DecideIncident, None, Some(due)));
        let next = match self.stage {
            Stage::Reported => Some(Work::of_whoever(Permission::DecideIncident, None, None)),
            Stage::Triaged | Stage::Contained { .. } | Stage::Resolved { .. } | Stage::Reviewed { .. } => {
                self.owner.map(|owner| Work::of(owner, None))
            }
            Stage::NotAnIncident { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        };
        next.into_iter().chain(clock).collect()
    }

    /// When the 72 hours are over: that is noted once.
    fn wakes(&self) -> Option<Wake> {
        self.running_clock().filter(|data| data.ran_out_at.is_none()).map(|data| Wake::At(data.ends_at()))
    }

    /// From triage until it is closed.
    fn takes_actions(&self) -> Option<i64> {
        match self.stage {
            Stage::Triaged | Stage::Contained { .. } | Stage::Resolved { .. } | Stage::Reviewed { .. } => Some(0),
            Stage::Reported
            | Stage::NotAnIncident { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Triaged | Stage::Contained { .. } | Stage::Resolved { .. } | Stage::Reviewed { .. } => {
                Responsibility::of_owner(self.owner)
            }
            Stage::Reported
            | Stage::NotAnIncident { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => Vec::new(),
        }
    }
}

impl Incident {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> IncidentId {
        IncidentId(self.head.id)
    }

    /// Whether it is neither closed nor found to be none.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.stage {
            Stage::Reported
            | Stage::Triaged
            | Stage::Contained { .. }
            | Stage::Resolved { .. }
            | Stage::Reviewed { .. } => true,
            Stage::NotAnIncident { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => false,
        }
    }

    /// The clock of personal data, while it runs.
    #[must_use]
    pub fn running_clock(&self) -> Option<&PersonalData> {
        self.personal_data.as_ref().filter(|data| data.outcome.is_none() && self.is_open())
    }

    /// How it was contained, from then on.
    #[must_use]
    pub fn containment(&self) -> Option<&Containment> {
        match &self.stage {
            Stage::Contained { containment }
            | Stage::Resolved { containment, .. }
            | Stage::Reviewed { containment, .. }
            | Stage::Closed { containment, .. } => Some(containment),
            Stage::Reported
            | Stage::NotAnIncident { .. }
            | Stage::Triaged
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// How it was resolved, from then on.
    #[must_use]
    pub fn resolution(&self) -> Option<&Resolution> {
        match &self.stage {
            Stage::Resolved { resolution, .. }
            | Stage::Reviewed { resolution, .. }
            | Stage::Closed { resolution, .. } => Some(resolution),
            Stage::Reported
            | Stage::NotAnIncident { .. }
            | Stage::Triaged
            | Stage::Contained { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// What was learned, from the review on.
    #[must_use]
    pub fn review_result(&self) -> Option<&Review> {
        match &self.stage {
            Stage::Reviewed { review, .. } | Stage::Closed { review, .. } => Some(review),
            Stage::Reported
            | Stage::NotAnIncident { .. }
            | Stage::Triaged
            | Stage::Contained { .. }
            | Stage::Resolved { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// Reports an incident, or what looks like one [A.6.8].
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn report(draft: IncidentDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let IncidentDraft {
            title,
            description,
            detected_at,
            occurred_at,
            origin,
            reporter,
            assets,
            controls,
            category,
        } = draft;
        let incident = Self {
            head: Head::born(by, birth),
            title,
            description,
            detected_at,
            occurred_at,
            origin,
            reporter,
            assets,
            controls,
            category,
            severity: None,
            owner: None,
            triage: None,
            personal_data: None,
            raised: Vec::new(),
            migrated: None,
            also_reported_by: Vec::new(),
            stage: Stage::Reported,
        };
        incident.faults(birth.at).refuse()?;
        Ok(Change::born(incident, "reported"))
    }

    /// Every fault of what people write.
    fn faults(&self, now: DateTime<Utc>) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        faults.keep(text::narrative("/description", &self.description));
        faults.keep(text::moment_so_far("/detected_at", self.detected_at, None, now));
        if let Some(occurred_at) = self.occurred_at {
            faults.keep(text::moment_so_far("/occurred_at", occurred_at, None, self.detected_at));
        }
        for (pointer, named) in [("/assets", &self.assets), ("/controls", &self.controls)] {
            if named.len() > AFFECTED {
                faults.push(Fault::new(pointer, "length", format!("must name at most {AFFECTED}")));
            }
        }
        for (index, asset) in self.assets.iter().enumerate() {
            faults.keep(text::title(&format!("/assets/{index}"), asset));
        }
        for (index, control) in self.controls.iter().enumerate() {
            faults.keep(text::control(&format!("/controls/{index}"), control));
        }
        faults
    }
}
