//! A policy as the API shows it, and how far it is acknowledged.

use super::DocumentControl;
use crate::record::expand::MemberName;
use crate::record::{HeadView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::acknowledgements::{Coverage, Pending};
use ratchet_domain::audience::Audience;
use ratchet_domain::id::{MemberId, PolicyId, PolicyVersionId};
use ratchet_domain::policies::{Classification, InForce, Policy, Reaffirmation, Stage, StageName};
use serde::Serialize;

/// A policy: what it is for, whom it binds, and which version of it holds [5.2, 7.5].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PolicyView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Use of laptops")]
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// Where it holds.
    pub scope: String,
    /// Who may see what it says.
    pub classification: Classification,
    /// The accountable member.
    pub owner_id: MemberId,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// Who must acknowledge it.
    pub audience: Audience,
    /// How many days those people have for it.
    pub acknowledge_within_days: u32,
    /// How many months pass between two reviews.
    pub review_months: u32,
    /// The clauses and controls it serves.
    pub requirements: Vec<String>,
    /// Whether it is the information security policy itself [5.2].
    pub top_level: bool,
    /// Parties outside to whom it is available [5.2 g].
    pub available_to: Vec<String>,
    /// How the document is kept under control [7.5.3].
    pub control: DocumentControl,
    /// The version that holds, or held last.
    pub version_id: Option<PolicyVersionId>,
    /// Its number.
    pub version_number: Option<i64>,
    /// Since when it holds or held.
    pub published_on: Option<NaiveDate>,
    /// When the policy was last looked at: published or reaffirmed.
    pub reviewed_on: Option<NaiveDate>,
    /// When it is to be looked at again.
    pub next_review_on: Option<NaiveDate>,
    /// How many had not acknowledged when their time was over; `null` before that.
    pub outstanding: Option<i64>,
    /// Reviews without a change, oldest first.
    pub reaffirmations: Vec<ReaffirmationView>,
    /// When it ended.
    pub retired_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub retired_because: Option<String>,
    /// Why it is void: it was established by mistake, and never published.
    pub void_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// A review without a change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReaffirmationView {
    /// The day.
    pub on: NaiveDate,
    /// Who.
    pub by: MemberId,
    /// What was looked at and why nothing changed.
    pub note: String,
}

impl From<Reaffirmation> for ReaffirmationView {
    fn from(reaffirmation: Reaffirmation) -> Self {
        let Reaffirmation { on, by, note } = reaffirmation;
        Self { on, by, note }
    }
}

impl PolicyView {
    pub(super) fn of(policy: &Policy, transitions: Option<Vec<Transition>>) -> Self {
        let next_review_on = policy.next_review_on();
        let Policy {
            head,
            title,
            purpose,
            scope,
            classification,
            owner,
            audience,
            acknowledge_within_days,
            review_months,
            requirements,
            top_level,
            available_to,
            control,
            reaffirmations,
            stage,
        } = policy.clone();
        let (version, retired_at, retired_because, void_because) = match &stage {
            Stage::Draft => (None, None, None, None),
            Stage::Published { current } => (Some(current.clone()), None, None, None),
            Stage::Retired { last, reason, at } => (Some(last.clone()), Some(*at), Some(reason.clone()), None),
            Stage::Void { voided } => (None, None, None, Some(voided.reason.clone())),
        };
        Self {
            head: (&head).into(),
            state: stage.name(),
            title,
            purpose,
            scope,
            classification,
            owner_id: owner,
            owner: None,
            audience,
            acknowledge_within_days,
            review_months,
            requirements,
            top_level,
            available_to,
            control: control.into(),
            version_id: version.as_ref().map(|InForce { version, .. }| *version),
            version_number: version.as_ref().map(|InForce { number, .. }| *number),
            published_on: version.as_ref().map(|InForce { published_on, .. }| *published_on),
            reviewed_on: version.as_ref().map(|InForce { reviewed_on, .. }| *reviewed_on),
            next_review_on,
            outstanding: version.and_then(|InForce { outstanding, .. }| outstanding),
            reaffirmations: reaffirmations.into_iter().map(Into::into).collect(),
            retired_at,
            retired_because,
            void_because,
            transitions,
        }
    }
}

/// How far the version of a policy that holds is acknowledged by those whom it asks today [7.3 a].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CoverageView {
    /// The policy.
    pub policy_id: PolicyId,
    /// The version that holds; `null` while none does.
    pub version_id: Option<PolicyVersionId>,
    /// Its number.
    pub version_number: Option<i64>,
    /// How many are asked.
    #[schema(example = 42)]
    pub asked: usize,
    /// How many of them have acknowledged.
    #[schema(example = 37)]
    pub acknowledged: usize,
    /// How many are overdue.
    #[schema(example = 2)]
    pub overdue: usize,
    /// How many in a hundred have acknowledged, rounded down to one decimal; `null` where nobody is asked.
    #[schema(example = 88.0)]
    pub percent: Option<f64>,
    /// Who has not, by due date.
    pub pending: Vec<PendingView>,
}

/// Somebody who has not acknowledged yet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PendingView {
    /// Who.
    pub member_id: MemberId,
    /// The last day on which it is in time.
    pub due_on: NaiveDate,
    /// Whether that day has passed.
    pub overdue: bool,
}

impl From<Pending> for PendingView {
    fn from(pending: Pending) -> Self {
        let Pending { member, due_on, is_overdue } = pending;
        Self { member_id: member, due_on, overdue: is_overdue }
    }
}

impl CoverageView {
    pub(crate) fn of(policy: PolicyId, coverage: Option<Coverage>) -> Self {
        let (overdue, percent) =
            coverage.as_ref().map_or((0, None), |coverage| (coverage.overdue(), coverage.percent()));
        let Some(Coverage { policy, version, number, asked, acknowledged, pending }) = coverage else {
            return Self {
                policy_id: policy,
                version_id: None,
                version_number: None,
                asked: 0,
                acknowledged: 0,
                overdue,
                percent,
                pending: Vec::new(),
            };
        };
        Self {
            policy_id: policy,
            version_id: Some(version),
            version_number: Some(number),
            asked,
            acknowledged,
            overdue,
            percent,
            pending: pending.into_iter().map(Into::into).collect(),
        }
    }
}
