//! What comes of an employee report: a case of another area, made together with the report's end.

use crate::bounds::bounded;
use crate::error::ApiError;
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::employee_reports::{Converted, EmployeeReport};
use ratchet_domain::nonconformities::{Nonconformity, NonconformityDraft, Source};
use ratchet_domain::reference::Target;
use ratchet_persistence::table::Guarded;
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// What comes of it, and what the reporter is told.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "to", deny_unknown_fields)]
pub(crate) enum ConvertEmployeeReport {
    /// A nonconformity.
    Nonconformity {
        /// What it says.
        case: ConvertedNonconformity,
        /// What the reporter is told.
        #[schema(example = "Thank you. The gate gets a turnstile", max_length = 10_000)]
        answer: String,
    },
}

/// A nonconformity that comes of a report; its source is `employee`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConvertedNonconformity {
    /// One line.
    #[schema(example = "Gate 2 lets people in without a badge", max_length = 200)]
    title: String,
    /// What is not as required.
    #[schema(example = "Everybody shows a badge at the gate", max_length = 10_000)]
    statement: String,
    /// What shows it.
    #[schema(example = "Seen on 12 March, and again on a walk through the building", max_length = 10_000)]
    objective_evidence: String,
    /// The clause or control breached.
    #[serde(default)]
    #[schema(example = "A.7.2")]
    requirement: Option<String>,
    /// The day by which it is to be closed.
    #[serde(default, deserialize_with = "bounded")]
    due_on: Option<NaiveDate>,
}

impl From<ConvertedNonconformity> for NonconformityDraft {
    fn from(body: ConvertedNonconformity) -> Self {
        let ConvertedNonconformity { title, statement, objective_evidence, requirement, due_on } = body;
        Self { title, statement, objective_evidence, source: Source::Employee, origin: None, requirement, due_on }
    }
}

pub(super) fn convert(
    report: EmployeeReport,
    input: ConvertEmployeeReport,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<EmployeeReport>, ApiError> {
    match input {
        ConvertEmployeeReport::Nonconformity { case, answer } => {
            let birth = tx.birth(Nonconformity::PREFIX)?;
            let draft = NonconformityDraft { origin: Some(Target::of(&report)), ..case.into() };
            let case = Nonconformity::raise(draft, by, birth);
            store(report.convert(case, answer, by, tx.now())?, tx)
        }
    }
}

/// Stores the case; the report follows as the verb's own record.
fn store<C: Guarded>(converted: Converted<C>, tx: &mut Tx<'_>) -> Result<Change<EmployeeReport>, ApiError> {
    let Converted { case, report } = converted;
    tx.save(case)?;
    Ok(report)
}
