//! Cases that are raised of an incident, made together with the incident's own version.

use crate::bounds::bounded;
use crate::error::ApiError;
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::incidents::{Facts, Incident, RaiseNonconformity, RaiseWeakness, Raised};
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_domain::weaknesses::Weakness;
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// A nonconformity that the incident has shown; its source is `incident`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RaiseNonconformityOfIncident {
    /// One line.
    #[schema(example = "Macros from outside run", max_length = 200)]
    title: String,
    /// What is not as required.
    #[schema(example = "Macros from outside are blocked", max_length = 10_000)]
    statement: String,
    /// What shows it.
    #[schema(example = "The attachment ran on three computers", max_length = 10_000)]
    objective_evidence: String,
    /// The clause or control breached.
    #[serde(default)]
    #[schema(example = "A.8.7")]
    requirement: Option<String>,
    /// The day by which it is to be closed.
    #[serde(default, deserialize_with = "bounded")]
    due_on: Option<NaiveDate>,
}

/// A weakness that the incident has shown.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RaiseWeaknessOfIncident {
    /// One line.
    #[schema(example = "The share trusts every computer", max_length = 200)]
    title: String,
    /// What could be exploited, or could fail.
    #[schema(example = "Whoever is in the office network may write", max_length = 10_000)]
    description: String,
    /// Where it was found: a system, a place, a process.
    #[schema(example = "Design share", max_length = 200)]
    found_in: String,
}

pub(super) fn nonconformity(
    incident: Incident,
    input: RaiseNonconformityOfIncident,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Incident>, ApiError> {
    let RaiseNonconformityOfIncident { title, statement, objective_evidence, requirement, due_on } = input;
    let input = RaiseNonconformity { title, statement, objective_evidence, requirement, due_on };
    let birth = tx.birth(Nonconformity::PREFIX)?;
    let Raised { case, incident } = incident.raise_nonconformity(input, facts, by, birth)?;
    tx.save(case)?;
    Ok(incident)
}

pub(super) fn weakness(
    incident: Incident,
    input: RaiseWeaknessOfIncident,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Incident>, ApiError> {
    let RaiseWeaknessOfIncident { title, description, found_in } = input;
    let birth = tx.birth(Weakness::PREFIX)?;
    let input = RaiseWeakness { title, description, found_in };
    let Raised { case, incident } = incident.raise_weakness(input, facts, by, birth)?;
    tx.save(case)?;
    Ok(incident)
}
