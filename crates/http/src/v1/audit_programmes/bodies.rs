//! What is said to audit programmes.

use crate::body::given;
use crate::bounds::{bounded, bounded_given};
use crate::error::ApiError;
use crate::v1::audits::{few, processes_of};
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::audit_programmes::{self as domain, Content, PlannedAudit};
use ratchet_domain::audits::NAMED;
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// A planned audit.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedAuditBody {
    /// How it is called within the plan; audits name it as `plan_key`.
    #[schema(example = "2026-1", max_length = 200)]
    key: String,
    /// One line.
    #[schema(example = "Access and people", max_length = 200)]
    title: String,
    /// The first day on which it may begin.
    #[serde(deserialize_with = "bounded")]
    starts_on: NaiveDate,
    /// The day by which it is to be reported.
    #[serde(deserialize_with = "bounded")]
    ends_on: NaiveDate,
    /// The clauses and controls it is to cover; one that has sub-clauses stands for all of them.
    #[serde(default)]
    #[schema(example = json!(["9.2", "A.5.18"]))]
    requirements: Vec<String>,
    /// The processes it is to cover, by reference or id.
    #[serde(default)]
    #[schema(example = json!(["PRO-2026-0001"]))]
    processes: Vec<String>,
}

fn plan_of(plan: Vec<PlannedAuditBody>, by: &Actor, tx: &mut Tx<'_>) -> Result<Vec<PlannedAudit>, ApiError> {
    few("/plan", &plan, NAMED)?;
    let each = plan.into_iter().enumerate();
    let planned = |(index, body): (usize, PlannedAuditBody)| {
        let PlannedAuditBody { key, title, starts_on, ends_on, requirements, processes } = body;
        let processes = processes_of(&format!("/plan/{index}/processes"), &processes, by, tx)?;
        Ok(PlannedAudit { key, title, starts_on, ends_on, requirements, processes })
    };
    each.map(planned).collect()
}

/// An audit programme to be drafted; whatever is left out can be amended, and is asked for by `approve`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAuditProgramme {
    /// One line.
    #[schema(example = "Audits of 2026", max_length = 200)]
    title: String,
    /// The first day.
    #[serde(deserialize_with = "bounded")]
    starts_on: NaiveDate,
    /// The last day.
    #[serde(deserialize_with = "bounded")]
    ends_on: NaiveDate,
    /// What it is to find out [9.2.1].
    #[serde(default)]
    #[schema(max_length = 10_000)]
    objectives: Option<String>,
    /// How often what is audited.
    #[serde(default)]
    #[schema(example = "Each clause once a year, each control once in three", max_length = 10_000)]
    frequency: Option<String>,
    /// How it is audited.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    methods: Option<String>,
    /// Who is responsible for what.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    responsibilities: Option<String>,
    /// What planning must see to.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    planning_requirements: Option<String>,
    /// To whom results are reported, and when.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    reporting: Option<String>,
    /// How the importance of processes was taken into account.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    process_importance: Option<String>,
    /// How the results of earlier audits were taken into account.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    earlier_results: Option<String>,
    /// Which audit covers what, at most 50.
    #[serde(default)]
    plan: Vec<PlannedAuditBody>,
}

impl CreateAuditProgramme {
    pub(super) fn into_content(self, by: &Actor, tx: &mut Tx<'_>) -> Result<Content, ApiError> {
        let Self {
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
        } = self;
        Ok(Content {
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
            plan: plan_of(plan, by, tx)?,
        })
    }
}

/// Plain fields to change; an absent one stays, `null` empties. The approval of what was before shows as stale.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendAuditProgramme {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// The first day.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = NaiveDate)]
    starts_on: Option<NaiveDate>,
    /// The last day.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = NaiveDate)]
    ends_on: Option<NaiveDate>,
    /// What it is to find out.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    objectives: Option<Option<String>>,
    /// How often what is audited.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    frequency: Option<Option<String>>,
    /// How it is audited.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    methods: Option<Option<String>>,
    /// Who is responsible for what.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    responsibilities: Option<Option<String>>,
    /// What planning must see to.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    planning_requirements: Option<Option<String>>,
    /// To whom results are reported, and when.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    reporting: Option<Option<String>>,
    /// How the importance of processes was taken into account.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    process_importance: Option<Option<String>>,
    /// How the results of earlier audits were taken into account.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    earlier_results: Option<Option<String>>,
    /// Which audit covers what; takes the place of the whole plan.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<PlannedAuditBody>)]
    plan: Option<Vec<PlannedAuditBody>>,
}

impl AmendAuditProgramme {
    pub(super) fn into_amendment(self, by: &Actor, tx: &mut Tx<'_>) -> Result<domain::Amendment, ApiError> {
        let Self {
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
        } = self;
        Ok(domain::Amendment {
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
            plan: plan.map(|plan| plan_of(plan, by, tx)).transpose()?,
        })
    }
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveAuditProgramme {}

/// What it came to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseAuditProgramme {
    /// In words.
    #[schema(example = "Three audits, four minor findings, two of them closed", max_length = 10_000)]
    pub(super) summary: String,
    /// Why planned audits were not conducted; needed only where some were not.
    #[serde(default)]
    #[schema(example = "The shipyard was sold in autumn", max_length = 10_000)]
    pub(super) not_audited_because: Option<String>,
}
