//! A version of a policy as the API shows it.

use crate::record::approval::ApprovalView;
use crate::record::{ExceptionView, HeadView, Transition};
use crate::v1::records::RecordView;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::{EvidenceId, MemberId, PolicyId, PolicyVersionId};
use ratchet_domain::policies::Policy;
use ratchet_domain::policy_versions::{
    Confirmations, DocumentFile, PolicyVersion, Publication, Rejection, Stage, StageName, Submission,
};
use serde::Serialize;

/// What a policy says, who wrote it, who approved it, and from when to when it holds [5.2, 7.5.2].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PolicyVersionView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// The policy.
    pub policy_id: PolicyId,
    /// That policy; only with `expand=policy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<RecordView>,
    /// What the policy was called when this was drafted.
    #[schema(example = "Use of laptops")]
    pub policy_title: String,
    /// Counts the versions of the policy, from 1.
    #[schema(example = 3)]
    pub number: i64,
    /// What it says, in Markdown.
    pub body: Option<String>,
    /// The file that says it.
    pub file: Option<DocumentFileView>,
    /// What is new about it.
    pub change_summary: String,
    /// Who wrote it: first whoever drafted it, then whoever changed what it says.
    pub author_ids: Vec<MemberId>,
    /// The version that held before it; known when it is published.
    pub former_id: Option<PolicyVersionId>,
    /// That version; only with `expand=former`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<RecordView>,
    /// That it was put before those who approve.
    pub submission: Option<SubmissionView>,
    /// That it was approved.
    pub approval: Option<ApprovalView>,
    /// The day on which it will be published by itself.
    pub scheduled_on: Option<NaiveDate>,
    /// Since when it holds or held.
    pub publication: Option<PublicationView>,
    /// The version that took its place.
    pub superseded_by_id: Option<PolicyVersionId>,
    /// When it was superseded, retired or withdrawn.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was retired or withdrawn.
    pub ended_because: Option<String>,
    /// How often and why it was sent back, oldest first.
    pub rejections: Vec<RejectionView>,
    /// Duties that were not kept apart.
    pub exceptions: Vec<ExceptionView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// The file that a version consists of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DocumentFileView {
    /// Which piece of evidence: its content is at `/v1/evidence/{id}/content`.
    pub evidence_id: EvidenceId,
    /// As its sender called it.
    #[schema(example = "laptops.pdf")]
    pub name: String,
    /// SHA-256 of its content.
    pub sha256: String,
}

/// That a version was put before those who approve.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SubmissionView {
    /// By whom.
    pub by: Option<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
    /// What was confirmed of the information security policy itself [5.2 a-d].
    pub confirmations: Option<Confirmations>,
}

/// That a version holds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PublicationView {
    /// Since which day.
    pub effective_on: NaiveDate,
    /// When it was published.
    pub at: DateTime<Utc>,
    /// By whom; `null` when it was scheduled and its day had come.
    pub by: Option<MemberId>,
}

/// That a version was sent back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RejectionView {
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: Option<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<DocumentFile> for DocumentFileView {
    fn from(file: DocumentFile) -> Self {
        let DocumentFile { evidence, name, sha256 } = file;
        Self { evidence_id: evidence, name, sha256 }
    }
}

impl From<&Submission> for SubmissionView {
    fn from(submission: &Submission) -> Self {
        let Submission { by, at, confirmations } = submission.clone();
        Self { by, at, confirmations }
    }
}

impl From<&Publication> for PublicationView {
    fn from(publication: &Publication) -> Self {
        let Publication { effective_on, at, by } = publication.clone();
        Self { effective_on, at, by }
    }
}

impl From<Rejection> for RejectionView {
    fn from(rejection: Rejection) -> Self {
        let Rejection { reason, by, at } = rejection;
        Self { reason, by, at }
    }
}

/// What only some stages know.
#[derive(Default)]
struct StageView {
    submission: Option<SubmissionView>,
    scheduled_on: Option<NaiveDate>,
    publication: Option<PublicationView>,
    superseded_by_id: Option<PolicyVersionId>,
    ended_at: Option<DateTime<Utc>>,
    ended_because: Option<String>,
}

impl From<&Stage> for StageView {
    fn from(stage: &Stage) -> Self {
        let none = Self::default();
        match stage {
            Stage::Draft => none,
            Stage::InReview { submission } | Stage::Approved { submission, approval: _ } => {
                Self { submission: Some(submission.into()), ..none }
            }
            Stage::Scheduled { submission, approval: _, effective_on } => {
                Self { submission: Some(submission.into()), scheduled_on: Some(*effective_on), ..none }
            }
            Stage::Published { submission, approval: _, publication } => {
                Self { submission: Some(submission.into()), publication: Some(publication.into()), ..none }
            }
            Stage::Superseded { submission, approval: _, publication, by, at } => Self {
                submission: Some(submission.into()),
                publication: Some(publication.into()),
                superseded_by_id: Some(*by),
                ended_at: Some(*at),
                ..none
            },
            Stage::Retired { submission, approval: _, publication, reason, at } => Self {
                submission: Some(submission.into()),
                publication: Some(publication.into()),
                ended_at: Some(*at),
                ended_because: Some(reason.clone()),
                ..none
            },
            Stage::Withdrawn { reason, at } => {
                Self { ended_at: Some(*at), ended_because: Some(reason.clone()), ..none }
            }
        }
    }
}

impl PolicyVersionView {
    /// `policy` is known where the version stands alone.
    pub(super) fn of(version: &PolicyVersion, policy: Option<&Policy>, transitions: Option<Vec<Transition>>) -> Self {
        let stale = policy.map(|policy| version.is_approval_stale(policy));
        let PolicyVersion {
            head,
            policy,
            policy_title,
            number,
            body,
            file,
            change_summary,
            authors,
            former,
            rejections,
            exceptions,
            stage,
        } = version.clone();
        let approval = stage.approval().map(|approval| ApprovalView::of(approval, None, stale));
        let StageView { submission, scheduled_on, publication, superseded_by_id, ended_at, ended_because } =
            (&stage).into();
        Self {
            head: (&head).into(),
            state: stage.name(),
            policy_id: policy,
            policy: None,
            policy_title,
            number,
            body,
            file: file.map(Into::into),
            change_summary,
            author_ids: authors,
            former_id: former,
            former: None,
            submission,
            approval,
            scheduled_on,
            publication,
            superseded_by_id,
            ended_at,
            ended_because,
            rejections: rejections.into_iter().map(Into::into).collect(),
            exceptions: exceptions.iter().map(Into::into).collect(),
            transitions,
        }
    }
}
