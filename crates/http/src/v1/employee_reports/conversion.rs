//! What comes of an employee report: a case of another area, made together with the report's end.

use crate::bounds::bounded;
use crate::error::ApiError;
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::employee_reports::{Converted, EmployeeReport};
use ratchet_domain::improvements::{Improvement, ImprovementDraft, Size};
use ratchet_domain::nonconformities::{Nonconformity, NonconformityDraft, Source};
use ratchet_domain::reference::Target;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::table::Guarded;
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// What comes of it, and what the reporter is told. Exactly one of the cases is given.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConvertEmployeeReport {
    /// A nonconformity.
    #[serde(default)]
    nonconformity: Option<ConvertedNonconformity>,
    /// An improvement, in the suggestion box: every member sees it and may vote for it.
    #[serde(default)]
    improvement: Option<ConvertedImprovement>,
    /// What the reporter is told.
    #[schema(example = "Thank you. The gate gets a turnstile", max_length = 10_000)]
    answer: String,
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

/// An improvement that comes of a report; its source is `employee`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConvertedImprovement {
    /// One line.
    #[schema(example = "Badges show the floor that they open", max_length = 200)]
    title: String,
    /// What could be better, and how.
    #[schema(example = "Whoever meets a stranger on the stairs sees at once where they belong", max_length = 10_000)]
    description: String,
    /// What would be better.
    #[serde(default)]
    #[schema(example = "No stranger in the laboratory", max_length = 10_000)]
    expected_benefit: Option<String>,
    /// What it takes.
    #[serde(default)]
    effort: Option<Size>,
    /// What it is worth.
    #[serde(default)]
    value: Option<Size>,
    /// Whether the reporter is named as who proposes it, for every member to see; ask before you say so. Without it
    /// nobody is named.
    #[serde(default)]
    name_reporter: bool,
}

impl ConvertedImprovement {
    fn into_draft(self, report: &EmployeeReport) -> ImprovementDraft {
        let Self { title, description, expected_benefit, effort, value, name_reporter } = self;
        ImprovementDraft {
            title,
            description,
            source: Source::Employee,
            origin: Some(Target::of(report)),
            proposer: report.head.created_by.filter(|_| name_reporter),
            expected_benefit,
            // Agreed once it is accepted.
            measure: None,
            effort,
            value,
        }
    }
}

pub(super) fn convert(
    report: EmployeeReport,
    input: ConvertEmployeeReport,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<EmployeeReport>, ApiError> {
    match input {
        ConvertEmployeeReport { nonconformity: Some(case), improvement: None, answer } => {
            let birth = tx.birth(Nonconformity::PREFIX)?;
            let draft = NonconformityDraft { origin: Some(Target::of(&report)), ..case.into() };
            let case = Nonconformity::raise(draft, by, birth).map_err(|refusal| refusal.below("/nonconformity"));
            store(report.convert(case, answer, by, tx.now())?, tx)
        }
        ConvertEmployeeReport { nonconformity: None, improvement: Some(case), answer } => {
            let birth = tx.birth(Improvement::PREFIX)?;
            let case = Improvement::propose(case.into_draft(&report), by, birth)
                .map_err(|refusal| refusal.below("/improvement"));
            store(report.convert(case, answer, by, tx.now())?, tx)
        }
        ConvertEmployeeReport { nonconformity: None, improvement: None, .. } => {
            Err(Refusal::invalid("", "required", "must hold one of nonconformity, improvement").into())
        }
        ConvertEmployeeReport { nonconformity: Some(_), improvement: Some(_), .. } => {
            Err(Refusal::invalid("/improvement", "conflict", "must not be given beside nonconformity").into())
        }
    }
}

/// Stores the case; the report follows as the verb's own record.
fn store<C: Guarded>(converted: Converted<C>, tx: &mut Tx<'_>) -> Result<Change<EmployeeReport>, ApiError> {
    let Converted { case, report } = converted;
    tx.save(case)?;
    Ok(report)
}
