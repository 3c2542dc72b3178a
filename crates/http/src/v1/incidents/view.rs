//! An incident as the API shows it.

use crate::record::expand::MemberName;
use crate::record::mistakes::MistakeView;
use crate::record::{HeadView, TargetView, Transition};
use crate::v1::imports::MigratedView;
use chrono::{DateTime, Utc};
use ratchet_domain::id::MemberId;
use ratchet_domain::incidents::{self as domain, Category, Impact, Incident, Outcome, Stage, StageName};
use ratchet_domain::mistakes::Duplicable;
use serde::Serialize;

/// What happened, what was decided about it, and what was learned.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IncidentView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "A share was encrypted")]
    pub title: String,
    /// What happened, as far as it is known.
    pub description: String,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
    /// When it happened, where that is known.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The record that it was born of.
    pub origin: Option<TargetView>,
    /// Who said so; `null` for a machine, and for one who did not say who.
    pub reporter_id: Option<MemberId>,
    /// The reporter's name; only with `expand=reporter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<MemberName>,
    /// Systems, places and information that are affected.
    pub assets: Vec<String>,
    /// Controls of Annex A that did not hold.
    pub controls: Vec<String>,
    /// What kind of thing happened.
    pub category: Option<Category>,
    /// 1 (everything stands still) to 4 (a nuisance); set by `triage`.
    pub severity: Option<i64>,
    /// The accountable member; set by `triage`.
    pub owner_id: Option<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// By which criteria it was decided whether it is one [A.5.25].
    pub triage: Option<TriageView>,
    /// Why it is none.
    pub not_an_incident_because: Option<String>,
    /// How it was kept from spreading.
    pub containment: Option<IncidentContainmentView>,
    /// How it ended.
    pub resolution: Option<ResolutionView>,
    /// What was learned [A.5.27].
    pub review: Option<IncidentReviewView>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Whose data are concerned, and what the clock says [A.5.34].
    pub personal_data: Option<PersonalDataView>,
    /// Cases that were raised of it.
    pub raised: Vec<TargetView>,
    /// What another register says of it, where it was brought in from before go-live: no gate of this program was run for
    /// that.
    pub migrated: Option<MigratedView>,
    #[serde(flatten)]
    pub mistake: MistakeView,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// Whether it is an incident at all.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TriageView {
    /// By which criteria that was decided.
    pub criteria: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// That it does not spread any more.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IncidentContainmentView {
    /// What was done.
    pub measures: String,
    /// Since when.
    pub contained_at: DateTime<Utc>,
    /// Who said so.
    pub by: Option<MemberId>,
}

/// That everything works again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ResolutionView {
    /// What was done.
    pub summary: String,
    /// Since when.
    pub resolved_at: DateTime<Utc>,
    /// Who said so.
    pub by: Option<MemberId>,
}

/// What remains of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IncidentReviewView {
    /// Why it could happen.
    pub root_cause: String,
    /// What was learned.
    pub lessons: String,
    /// How much of it there was.
    pub impact: Impact,
    /// When it was reviewed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Whose data are concerned, and what the clock says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PersonalDataView {
    /// Whose data, which, and about how many people.
    pub description: String,
    /// When that was known.
    pub aware_at: DateTime<Utc>,
    /// 72 hours later.
    pub ends_at: DateTime<Utc>,
    /// When it was noted that the time had run out and nobody was told.
    pub ran_out_at: Option<DateTime<Utc>>,
    /// How the clock ended; `null` while it runs.
    pub outcome: Option<NotificationView>,
}

/// How the clock ended.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum NotificationView {
    /// An authority was told.
    Notified {
        /// Which.
        authority: String,
        /// When it was told.
        notified_at: DateTime<Utc>,
        /// Why it was told late, where it was.
        delay_reason: Option<String>,
        /// Who said so.
        by: MemberId,
    },
    /// None needs to be told.
    NotRequired {
        /// Why.
        reason: String,
        /// When that was decided.
        at: DateTime<Utc>,
        /// By whom.
        by: MemberId,
    },
}

impl From<&domain::TriageDecision> for TriageView {
    fn from(triage: &domain::TriageDecision) -> Self {
        let domain::TriageDecision { criteria, at, by } = triage.clone();
        Self { criteria, at, by }
    }
}

impl From<&domain::Containment> for IncidentContainmentView {
    fn from(containment: &domain::Containment) -> Self {
        let domain::Containment { measures, contained_at, by } = containment.clone();
        Self { measures, contained_at, by }
    }
}

impl From<&domain::Resolution> for ResolutionView {
    fn from(resolution: &domain::Resolution) -> Self {
        let domain::Resolution { summary, resolved_at, by } = resolution.clone();
        Self { summary, resolved_at, by }
    }
}

impl From<&domain::Review> for IncidentReviewView {
    fn from(review: &domain::Review) -> Self {
        let domain::Review { root_cause, lessons, impact, at, by } = review.clone();
        Self { root_cause, lessons, impact, at, by }
    }
}

impl From<&domain::PersonalData> for PersonalDataView {
    fn from(data: &domain::PersonalData) -> Self {
        let ends_at = data.ends_at();
        let domain::PersonalData { description, aware_at, ran_out_at, outcome } = data.clone();
        Self { description, aware_at, ends_at, ran_out_at, outcome: outcome.map(Into::into) }
    }
}

impl From<Outcome> for NotificationView {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Notified { authority, notified_at, delay_reason, by } => {
                Self::Notified { authority, notified_at, delay_reason, by }
            }
            Outcome::NotRequired { reason, at, by } => Self::NotRequired { reason, at, by },
        }
    }
}

impl IncidentView {
    pub(crate) fn of(incident: &Incident, transitions: Option<Vec<Transition>>) -> Self {
        let Incident {
            head,
            title,
            description,
            detected_at,
            occurred_at,
            origin,
            reporter,
            assets,
            controls,
            category,
            severity,
            owner,
            triage,
            personal_data,
            raised,
            migrated,
            also_reported_by,
            stage,
        } = incident;
        let (not_an_incident_because, closed_at, voided) = match stage {
            Stage::NotAnIncident { reason } => (Some(reason.clone()), None, None),
            Stage::Closed { at, .. } => (None, Some(*at), None),
            Stage::Void { voided } => (None, None, Some(voided)),
            Stage::Reported
            | Stage::Triaged
            | Stage::Contained { .. }
            | Stage::Resolved { .. }
            | Stage::Reviewed { .. }
            | Stage::EndedBefore
            | Stage::Duplicate { .. } => (None, None, None),
        };
        Self {
            head: head.into(),
            state: stage.name(),
            title: title.clone(),
            description: description.clone(),
            detected_at: *detected_at,
            occurred_at: *occurred_at,
            origin: origin.map(Into::into),
            reporter_id: *reporter,
            reporter: None,
            assets: assets.clone(),
            controls: controls.clone(),
            category: *category,
            severity: *severity,
            owner_id: *owner,
            owner: None,
            triage: triage.as_ref().map(Into::into),
            not_an_incident_because,
            containment: incident.containment().map(Into::into),
            resolution: incident.resolution().map(Into::into),
            review: incident.review_result().map(Into::into),
            closed_at,
            personal_data: personal_data.as_ref().map(Into::into),
            raised: raised.iter().copied().map(Into::into).collect(),
            migrated: migrated.as_ref().map(Into::into),
            mistake: MistakeView::of(voided, incident.duplicate(), also_reported_by),
            transitions,
        }
    }
}
