//! An audit programme as the API shows it.

use crate::record::approval::ApprovalView;
use crate::record::{HeadView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::audit_programmes::{self as domain, AuditProgramme, Content, PlannedAudit, Stage, StageName};
use ratchet_domain::id::{MemberId, ProcessId};
use serde::Serialize;

/// Which audits are planned for a time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditProgrammeView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Audits of 2026")]
    pub title: String,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// What it is to find out [9.2.1].
    pub objectives: Option<String>,
    /// How often what is audited.
    pub frequency: Option<String>,
    /// How it is audited.
    pub methods: Option<String>,
    /// Who is responsible for what.
    pub responsibilities: Option<String>,
    /// What planning must see to.
    pub planning_requirements: Option<String>,
    /// To whom results are reported, and when.
    pub reporting: Option<String>,
    /// How the importance of processes was taken into account.
    pub process_importance: Option<String>,
    /// How the results of earlier audits were taken into account.
    pub earlier_results: Option<String>,
    /// Which audit covers what.
    pub plan: Vec<PlannedAuditView>,
    /// Its approval.
    pub approval: Option<ApprovalView>,
    /// What it came to.
    pub closure: Option<ProgrammeClosureView>,
    /// Why it is void: it was drafted by mistake, and never approved.
    pub void_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// A planned audit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PlannedAuditView {
    /// How it is called within the plan.
    #[schema(example = "2026-1")]
    pub key: String,
    /// One line.
    pub title: String,
    /// The first day on which it may begin.
    pub starts_on: NaiveDate,
    /// The day by which it is to be reported.
    pub ends_on: NaiveDate,
    /// The clauses and controls it is to cover.
    pub requirements: Vec<String>,
    /// The processes it is to cover.
    pub process_ids: Vec<ProcessId>,
}

/// What it came to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProgrammeClosureView {
    /// In words.
    pub summary: String,
    /// Why planned audits were not conducted, where some were not.
    pub not_audited_because: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl From<&PlannedAudit> for PlannedAuditView {
    fn from(planned: &PlannedAudit) -> Self {
        let PlannedAudit { key, title, starts_on, ends_on, requirements, processes } = planned.clone();
        Self { key, title, starts_on, ends_on, requirements, process_ids: processes }
    }
}

impl AuditProgrammeView {
    pub(super) fn of(programme: &AuditProgramme, transitions: Option<Vec<Transition>>) -> Self {
        let AuditProgramme { head, content, earlier_approvals: _, stage } = programme;
        let Content {
            title,
            starts_on,
            ends_on,
            objectives,
            frequency,
            methods,
            responsibilities,
            planning_requirements,
            reporting,
            process_importance,
            earlier_results,
            plan,
        } = content.clone();
        let approval =
            programme.approval().map(|approval| ApprovalView::of(approval, None, Some(programme.is_stale())));
        let closure = match stage {
            Stage::Draft | Stage::Approved { .. } | Stage::Void { .. } => None,
            Stage::Closed { approval: _, closure } => {
                let domain::Closure { summary, not_audited_because, at, by } = closure.clone();
                Some(ProgrammeClosureView { summary, not_audited_because, at, by })
            }
        };
        Self {
            head: head.into(),
            state: stage.name(),
            title,
            starts_on,
            ends_on,
            objectives,
            frequency,
            methods,
            responsibilities,
            planning_requirements,
            reporting,
            process_importance,
            earlier_results,
            plan: plan.iter().map(Into::into).collect(),
            approval,
            closure,
            void_because: programme.voided().map(|voided| voided.reason.clone()),
            transitions,
        }
    }
}
