//! What is said to audits: bodies, and how they become the domain's input.

mod checklist;

pub(super) use checklist::{AddItemsAudit, CheckItemAudit, DrawSampleAudit, DropItemAudit, ReviseItemAudit};

use crate::body::given;
use crate::bounds::{bounded, bounded_given};
use crate::error::ApiError;
use crate::record::{existing_member, existing_members};
use crate::v1::records;
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::audit_programmes::AuditProgramme;
use ratchet_domain::audits::{self as domain, AuditDraft, AuditorDraft, Criteria, Kind, NAMED, Party, TEAM};
use ratchet_domain::id::{AuditProgrammeId, MemberId, ProcessId};
use ratchet_domain::processes::Process;
use ratchet_domain::reference::Target;
use ratchet_domain::refusal::{Fault, Faults, Refusal};
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// Refuses what names more than can be kept, before each is looked for.
pub(crate) fn few<T>(pointer: &str, named: &[T], most: usize) -> Result<(), ApiError> {
    if named.len() > most {
        return Err(Refusal::invalid(pointer, "length", format!("must name at most {most}")).into());
    }
    Ok(())
}

/// The process that a body names by reference or id.
pub(crate) fn process_of(pointer: &str, named: &str, by: &Actor, tx: &mut Tx<'_>) -> Result<ProcessId, ApiError> {
    Ok(records::known::<Process>(pointer, named, by, tx)?.id())
}

/// The same for several.
pub(crate) fn processes_of(
    pointer: &str,
    named: &[String],
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Vec<ProcessId>, ApiError> {
    few(pointer, named, NAMED)?;
    let each = named.iter().enumerate();
    each.map(|(index, named)| process_of(&format!("{pointer}/{index}"), named, by, tx)).collect()
}

fn records_of(pointer: &str, named: &[String], by: &Actor, tx: &mut Tx<'_>) -> Result<Vec<Target>, ApiError> {
    few(pointer, named, NAMED)?;
    let each = named.iter().enumerate();
    each.map(|(index, named)| records::named(&format!("{pointer}/{index}"), named, by, tx.connection())).collect()
}

/// One of the team: a member, or an outsider by name.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamAuditor {
    /// A member.
    #[serde(default)]
    member_id: Option<MemberId>,
    /// Or somebody without a login.
    #[serde(default)]
    #[schema(example = "Nadia Berg", max_length = 200)]
    name: Option<String>,
    /// For whom an outsider works.
    #[serde(default)]
    #[schema(example = "Berg Audits", max_length = 200)]
    firm: Option<String>,
    /// Whether this one leads; exactly one does.
    #[serde(default)]
    is_lead: bool,
    /// What makes this one able to audit [7.2]; needed of an outsider.
    #[serde(default)]
    #[schema(example = "Lead auditor for ten years", max_length = 10_000)]
    competence: Option<String>,
}

fn team_of(team: Vec<TeamAuditor>, tx: &mut Tx<'_>) -> Result<Vec<AuditorDraft>, ApiError> {
    few("/team", &team, TEAM)?;
    let (mut faults, mut drafts) = (Faults::default(), Vec::new());
    for (index, auditor) in team.into_iter().enumerate() {
        let TeamAuditor { member_id, name, firm, is_lead, competence } = auditor;
        let party = match (member_id, name, firm) {
            (Some(id), None, None) => {
                existing_member(&format!("/team/{index}/member_id"), id, tx)?;
                Party::Member { id }
            }
            (None, Some(name), firm) => Party::Outside { name, firm },
            (Some(_), _, _) | (None, None, _) => {
                let detail = "must be a member, by member_id alone, or an outsider, by name";
                faults.push(Fault::new(format!("/team/{index}"), "one_of", detail));
                continue;
            }
        };
        drafts.push(AuditorDraft { party, is_lead, competence });
    }
    faults.refuse()?;
    Ok(drafts)
}

/// How what is looked at is chosen.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplingBody {
    /// Out of what.
    #[schema(example = "Everybody who left in 2025", max_length = 10_000)]
    population: String,
    /// How many.
    #[schema(minimum = 1, example = 8)]
    size: i64,
    /// How they are drawn.
    #[schema(example = "By seed, out of the system's own records", max_length = 10_000)]
    how: String,
}

impl From<SamplingBody> for domain::Sampling {
    fn from(body: SamplingBody) -> Self {
        let SamplingBody { population, size, how } = body;
        Self { population, size, how }
    }
}

/// An audit to be planned; whatever is left out can be amended until it is reported.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAudit {
    /// Who audits whom.
    kind: Kind,
    /// One line.
    #[schema(example = "Access and people, spring", max_length = 200)]
    title: String,
    /// The programme it is part of, by reference or id.
    #[serde(default)]
    #[schema(example = "AUP-2026-0001")]
    programme: Option<String>,
    /// Which audit of the programme's plan it is: it covers what was planned, unless something else is named here.
    #[serde(default)]
    #[schema(example = "2026-1")]
    plan_key: Option<String>,
    /// The supplier that is audited.
    #[serde(default)]
    #[schema(max_length = 200)]
    supplier: Option<String>,
    /// How far it reaches.
    #[serde(default)]
    #[schema(example = "Head office and shipyard, since January", max_length = 10_000)]
    scope: Option<String>,
    /// The clauses and controls it is held against; one that has sub-clauses stands for all of them.
    #[serde(default)]
    #[schema(example = json!(["9.2", "A.5.18"]))]
    requirements: Vec<String>,
    /// The processes it is about, by reference or id.
    #[serde(default)]
    #[schema(example = json!(["PRO-2026-0001"]))]
    processes: Vec<String>,
    /// Records that say what is required, such as policies, by reference.
    #[serde(default)]
    documents: Vec<String>,
    /// How it is conducted.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    method: Option<String>,
    /// How what is looked at is chosen.
    #[serde(default)]
    sampling: Option<SamplingBody>,
    /// Who is audited.
    #[serde(default)]
    auditee_ids: Vec<MemberId>,
    /// Who audits.
    #[serde(default)]
    team: Vec<TeamAuditor>,
    /// The first day.
    #[serde(deserialize_with = "bounded")]
    starts_on: NaiveDate,
    /// The last day.
    #[serde(deserialize_with = "bounded")]
    ends_on: NaiveDate,
}

/// The programme that is named, and what its plan says of the audit.
fn planned_in(
    programme: Option<&str>,
    plan_key: Option<&str>,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<(Option<AuditProgrammeId>, Option<Criteria>), ApiError> {
    let Some(named) = programme else { return Ok((None, None)) };
    let programme: AuditProgramme = records::known("/programme", named, by, tx)?;
    if programme.voided().is_some() {
        return Err(Refusal::invalid("/programme", "void", "was drafted by mistake: no audit is part of it").into());
    }
    let Some(key) = plan_key else { return Ok((Some(programme.id()), None)) };
    let Some(planned) = programme.planned(key) else {
        return Err(Refusal::invalid("/plan_key", "unknown_plan_key", "must be a key of the programme's plan").into());
    };
    let (requirements, processes) = (planned.requirements.clone(), planned.processes.clone());
    Ok((Some(programme.id()), Some(Criteria { requirements, processes, documents: Vec::new() })))
}

impl CreateAudit {
    pub(super) fn into_draft(self, by: &Actor, tx: &mut Tx<'_>) -> Result<AuditDraft, ApiError> {
        let Self {
            kind,
            title,
            programme,
            plan_key,
            supplier,
            scope,
            requirements,
            processes,
            documents,
            method,
            sampling,
            auditee_ids,
            team,
            starts_on,
            ends_on,
        } = self;
        let (programme, planned) = planned_in(programme.as_deref(), plan_key.as_deref(), by, tx)?;
        existing_members("/auditee_ids", &auditee_ids, tx)?;
        let named = Criteria {
            requirements,
            processes: processes_of("/processes", &processes, by, tx)?,
            documents: records_of("/documents", &documents, by, tx)?,
        };
        let criteria = if named.is_empty() { planned.unwrap_or(named) } else { named };
        Ok(AuditDraft {
            kind,
            title,
            programme,
            plan_key,
            supplier,
            scope,
            criteria,
            method,
            sampling: sampling.map(Into::into),
            auditees: auditee_ids,
            team: team_of(team, tx)?,
            starts_on,
            ends_on,
        })
    }
}

/// Plain fields to change until the report; an absent one stays, `null` empties. The first day is moved by `postpone`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendAudit {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// The programme it is part of, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    programme: Option<Option<String>>,
    /// Which audit of the programme's plan it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    plan_key: Option<Option<String>>,
    /// The supplier that is audited.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    supplier: Option<Option<String>>,
    /// How far it reaches.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    scope: Option<Option<String>>,
    /// The clauses and controls it is held against.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
    /// The processes it is about, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    processes: Option<Vec<String>>,
    /// Records that say what is required, by reference.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    documents: Option<Vec<String>>,
    /// How it is conducted.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    method: Option<Option<String>>,
    /// How what is looked at is chosen.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<SamplingBody>)]
    sampling: Option<Option<SamplingBody>>,
    /// Who is audited.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<MemberId>)]
    auditee_ids: Option<Vec<MemberId>>,
    /// Who audits; what those who stay have declared is kept.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<TeamAuditor>)]
    team: Option<Vec<TeamAuditor>>,
    /// The last day.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = NaiveDate)]
    ends_on: Option<NaiveDate>,
}

impl AmendAudit {
    pub(super) fn into_amendment(
        self,
        audit: &domain::Audit,
        by: &Actor,
        tx: &mut Tx<'_>,
    ) -> Result<domain::Amendment, ApiError> {
        let Self {
            title,
            programme,
            plan_key,
            supplier,
            scope,
            requirements,
            processes,
            documents,
            method,
            sampling,
            auditee_ids,
            team,
            ends_on,
        } = self;
        let known = audit.programme.map(|id| id.to_string());
        let key = plan_key.as_ref().map_or(audit.plan_key.as_deref(), Option::as_deref);
        let named = programme.as_ref().map_or(known.as_deref(), Option::as_deref);
        let touched = programme.is_some() || plan_key.is_some();
        let resolved = if touched { Some(planned_in(named, key, by, tx)?.0) } else { None };
        existing_members("/auditee_ids", auditee_ids.as_deref().unwrap_or_default(), tx)?;
        Ok(domain::Amendment {
            title,
            programme: programme.and(resolved),
            plan_key,
            supplier,
            scope,
            requirements,
            processes: processes.map(|named| processes_of("/processes", &named, by, tx)).transpose()?,
            documents: documents.map(|named| records_of("/documents", &named, by, tx)).transpose()?,
            method,
            sampling: sampling.map(|sampling| sampling.map(Into::into)),
            auditees: auditee_ids,
            team: team.map(|team| team_of(team, tx)).transpose()?,
            ends_on,
        })
    }
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveAudit {}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelAudit {
    /// Kept in the journal.
    #[schema(example = "The site was sold", max_length = 10_000)]
    pub(super) reason: String,
}

/// When it is conducted instead.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostponeAudit {
    /// The new first day.
    #[serde(deserialize_with = "bounded")]
    starts_on: NaiveDate,
    /// The new last day.
    #[serde(deserialize_with = "bounded")]
    ends_on: NaiveDate,
    /// Why it moves.
    #[schema(example = "The lead auditor is ill", max_length = 10_000)]
    reason: String,
}

impl From<PostponeAudit> for domain::Postpone {
    fn from(body: PostponeAudit) -> Self {
        let PostponeAudit { starts_on, ends_on, reason } = body;
        Self { starts_on, ends_on, reason }
    }
}

/// What stands between an auditor and an impartial look [9.2.2].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclareAudit {
    /// The outsider of the team for whom it is written down, by name; without it, the caller declares.
    #[serde(default)]
    #[schema(example = "Nadia Berg")]
    auditor: Option<String>,
    /// In words; also that there is nothing.
    #[schema(example = "I helped to set up the leavers' process in 2024", max_length = 10_000)]
    statement: String,
    /// Clauses and controls from which the auditor keeps away.
    #[serde(default)]
    #[schema(example = json!(["A.5.18"]))]
    requirements: Vec<String>,
    /// Processes from which the auditor keeps away, by reference or id.
    #[serde(default)]
    processes: Vec<String>,
}

impl DeclareAudit {
    pub(super) fn into_input(self, by: &Actor, tx: &mut Tx<'_>) -> Result<domain::Declare, ApiError> {
        let Self { auditor, statement, requirements, processes } = self;
        let processes = processes_of("/processes", &processes, by, tx)?;
        Ok(domain::Declare { auditor, statement, requirements, processes })
    }
}

/// What is reported.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportAuditBody {
    /// What was found, in short.
    #[schema(example = "Access outlives contracts; the rest is as required", max_length = 10_000)]
    pub(super) summary: String,
    /// Whether the system conforms and is effective [9.2.1].
    #[schema(example = "Conforms and is effective, but for leavers", max_length = 10_000)]
    pub(super) conclusion: String,
    /// Who receives it; one of the management at least before it is closed [9.2.2].
    pub(super) recipient_ids: Vec<MemberId>,
    /// The report as its authors issued it: a piece of evidence of this audit, by reference or id. Needed where outsiders
    /// audit.
    #[serde(default)]
    #[schema(example = "EVD-2026-0012")]
    pub(super) file: Option<String>,
}

/// What is to be known as well.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddAddendumAudit {
    /// In words.
    #[schema(example = "The board has received the report", max_length = 10_000)]
    pub(super) text: String,
    /// Who receives the report from now on.
    #[serde(default)]
    pub(super) recipient_ids: Vec<MemberId>,
}
