//! An audit as the API shows it.

mod checklist;

use crate::record::expand::MemberName;
use crate::record::{ExceptionView, HeadView, TargetView, Transition};
use checklist::{ChecklistItemView, ChecklistResultsView, SampleView};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::audits::{self as domain, Audit, Auditor, Criteria, Kind, Party, Stage, StageName};
use ratchet_domain::id::{AuditProgrammeId, EvidenceId, MemberId, ProcessId};
use serde::Serialize;

/// An audit with its checklist.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// Who audits whom.
    pub kind: Kind,
    /// One line.
    #[schema(example = "Access and people, spring")]
    pub title: String,
    /// The programme it is part of.
    pub programme_id: Option<AuditProgrammeId>,
    /// Which audit of the programme's plan it is.
    #[schema(example = "2026-1")]
    pub plan_key: Option<String>,
    /// The supplier that is audited.
    pub supplier: Option<String>,
    /// How far it reaches.
    pub scope: Option<String>,
    /// The clauses and controls it is held against; one that has sub-clauses stands for all of them.
    pub requirements: Vec<String>,
    /// The processes it is about.
    pub process_ids: Vec<ProcessId>,
    /// Records that say what is required, such as policies.
    pub documents: Vec<TargetView>,
    /// How it is conducted.
    pub method: Option<String>,
    /// How what is looked at is chosen.
    pub sampling: Option<SamplingView>,
    /// Samples of the system's own records.
    pub samples: Vec<SampleView>,
    /// Who is audited.
    pub auditee_ids: Vec<MemberId>,
    /// Who audits.
    pub team: Vec<AuditorView>,
    /// The member who leads; `null` for an outsider.
    pub lead_id: Option<MemberId>,
    /// The lead's name; only with `expand=lead`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<MemberName>,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// How often it was postponed.
    pub postponements: i64,
    /// How many items have which result.
    pub results: ChecklistResultsView,
    /// The checklist; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ChecklistItemView>>,
    /// What was reported.
    pub report: Option<AuditReportView>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who closed it.
    pub closed_by: Option<MemberId>,
    /// Why it was cancelled.
    pub cancelled_because: Option<String>,
    /// Duties that were not kept apart.
    pub exceptions: Vec<ExceptionView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// How what is looked at is chosen.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SamplingView {
    /// Out of what.
    pub population: String,
    /// How many.
    pub size: i64,
    /// How they are drawn.
    pub how: String,
}

/// One of the team.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditorView {
    /// The member; `null` for an outsider.
    pub member_id: Option<MemberId>,
    /// The outsider's name.
    #[schema(example = "Nadia Berg")]
    pub name: Option<String>,
    /// For whom the outsider works.
    pub firm: Option<String>,
    /// Whether this one leads.
    pub is_lead: bool,
    /// What makes this one able to audit [7.2].
    pub competence: Option<String>,
    /// What this one says of their impartiality [9.2.2].
    pub declaration: Option<DeclarationView>,
}

/// What an auditor says of their impartiality.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeclarationView {
    /// In words.
    pub statement: String,
    /// Clauses and controls from which the auditor keeps away.
    pub requirements: Vec<String>,
    /// Processes from which the auditor keeps away.
    pub process_ids: Vec<ProcessId>,
    /// When.
    pub at: DateTime<Utc>,
    /// Who wrote it down.
    pub by: MemberId,
}

/// What was reported.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditReportView {
    /// What was found, in short.
    pub summary: String,
    /// Whether the system conforms and is effective [9.2.1].
    pub conclusion: String,
    /// Who has received it, those of the addenda included.
    pub recipient_ids: Vec<MemberId>,
    /// The report as its authors issued it: a piece of evidence.
    pub file_id: Option<EvidenceId>,
    /// SHA-256 of what was frozen, so that anybody can take it again: each part as
    /// `<length of name>:<name><length of value>:<value>`, lengths in bytes. Parts are, in this order and under these
    /// names, of the audit `kind`, `title`, `scope`, `requirements`, `process_ids`, `documents`; of the report `summary`,
    /// `conclusion`, `file_id`; of each sample `population_digest`, `seed`, `drawn`; of each item `number`,
    /// `requirement`, `process_id`, `records`, `question`, `how`, of what it was carried from `audit_id`, `finding_id`,
    /// `item`, and of what was checked `result`, `evidence`, `reason`, `notes`, `checked_by`, `recorded_by`,
    /// `checked_at`; of each finding with an `issued_at`, by reference, `reference`, `item`, `title`, `statement`,
    /// `evidence`, `requirement`, `process_id`, `grade`. What is `null` has no part, each of several values has one;
    /// records are their ids, what was drawn its reference, outsiders their names.
    pub digest: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
    /// What was added since.
    pub addenda: Vec<AuditAddendumView>,
}

/// What was added to a report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditAddendumView {
    /// What is to be known as well.
    pub text: String,
    /// Who has received the report since.
    pub recipient_ids: Vec<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl From<&Auditor> for AuditorView {
    fn from(auditor: &Auditor) -> Self {
        let Auditor { party, is_lead, competence, declaration } = auditor.clone();
        let (member_id, name, firm) = match party {
            Party::Member { id } => (Some(id), None, None),
            Party::Outside { name, firm } => (None, Some(name), firm),
        };
        let declaration = declaration.map(|declaration| {
            let domain::Declaration { statement, requirements, processes, at, by } = declaration;
            DeclarationView { statement, requirements, process_ids: processes, at, by }
        });
        Self { member_id, name, firm, is_lead, competence, declaration }
    }
}

fn report_of(audit: &Audit) -> Option<AuditReportView> {
    let (report, addenda) = audit.stage.report()?;
    let domain::Report { summary, conclusion, recipients: _, file, digest, at, by } = report.clone();
    let addenda = addenda.iter().cloned().map(|addendum| {
        let domain::Addendum { text, recipients, at, by } = addendum;
        AuditAddendumView { text, recipient_ids: recipients, at, by }
    });
    let (recipient_ids, addenda) = (audit.recipients(), addenda.collect());
    Some(AuditReportView { summary, conclusion, recipient_ids, file_id: file, digest, at, by, addenda })
}

impl AuditView {
    /// With the checklist, or without it as in lists.
    pub(crate) fn of(audit: &Audit, with_items: bool, transitions: Option<Vec<Transition>>) -> Self {
        let Audit {
            head,
            kind,
            title,
            programme,
            plan_key,
            supplier,
            scope,
            criteria: Criteria { requirements, processes, documents },
            method,
            sampling,
            samples,
            auditees,
            team,
            starts_on,
            ends_on,
            postponements,
            items,
            last_item: _,
            carried,
            exceptions,
            stage,
            fell_due_on: _,
        } = audit;
        let (closed_at, closed_by, cancelled_because) = match stage {
            Stage::Planned | Stage::InProgress { .. } | Stage::Reported { .. } => (None, None, None),
            Stage::Closed { closure, .. } => (Some(closure.at), Some(closure.by), None),
            Stage::Cancelled { reason, at: _ } => (None, None, Some(reason.clone())),
        };
        let sampling = sampling.clone().map(|sampling| {
            let domain::Sampling { population, size, how } = sampling;
            SamplingView { population, size, how }
        });
        let carried_to = |number: i64| carried.iter().find(|(item, _)| *item == number).map(|(_, audit)| *audit);
        Self {
            head: head.into(),
            state: stage.name(),
            kind: *kind,
            title: title.clone(),
            programme_id: *programme,
            plan_key: plan_key.clone(),
            supplier: supplier.clone(),
            scope: scope.clone(),
            requirements: requirements.clone(),
            process_ids: processes.clone(),
            documents: documents.iter().copied().map(Into::into).collect(),
            method: method.clone(),
            sampling,
            samples: samples.iter().map(Into::into).collect(),
            auditee_ids: auditees.clone(),
            team: team.iter().map(Into::into).collect(),
            lead_id: audit.lead().and_then(Auditor::member),
            lead: None,
            starts_on: *starts_on,
            ends_on: *ends_on,
            postponements: *postponements,
            results: ChecklistResultsView::of(items),
            items: with_items
                .then(|| items.iter().map(|item| ChecklistItemView::of(item, carried_to(item.number))).collect()),
            report: report_of(audit),
            closed_at,
            closed_by,
            cancelled_because,
            exceptions: exceptions.iter().map(Into::into).collect(),
            transitions,
        }
    }
}
