//! What comes of an employee report: a case of another area, made together with the report's end.

use crate::bounds::bounded;
use crate::error::ApiError;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::employee_reports::{Converted, EmployeeReport};
use ratchet_domain::id::MemberId;
use ratchet_domain::improvements::{Improvement, ImprovementDraft, Size};
use ratchet_domain::incidents::{Category, Incident, IncidentDraft};
use ratchet_domain::nonconformities::{Nonconformity, NonconformityDraft, Source};
use ratchet_domain::reference::Target;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::weaknesses::{Weakness, WeaknessDraft};
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
    /// An incident, or what looks like one; triage decides.
    #[serde(default)]
    incident: Option<ConvertedIncident>,
    /// A weakness.
    #[serde(default)]
    weakness: Option<ConvertedWeakness>,
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
        Self {
            title,
            statement,
            objective_evidence,
            source: Source::Employee,
            origin: None,
            requirement,
            indicators: Vec::new(),
            due_on,
        }
    }
}

/// An incident that comes of a report.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConvertedIncident {
    /// One line.
    #[schema(example = "A stranger was in the laboratory", max_length = 200)]
    title: String,
    /// What happened, as far as it is known.
    #[schema(example = "Somebody without a badge was seen beside the printers", max_length = 10_000)]
    description: String,
    /// When it was noticed.
    #[serde(deserialize_with = "bounded")]
    detected_at: DateTime<Utc>,
    /// When it happened, where that is known.
    #[serde(default, deserialize_with = "bounded")]
    occurred_at: Option<DateTime<Utc>>,
    /// Systems, places and information that are affected; at most 50.
    #[serde(default)]
    #[schema(example = json!(["Laboratory"]))]
    assets: Vec<String>,
    /// Controls of Annex A that did not hold; at most 50.
    #[serde(default)]
    #[schema(example = json!(["A.7.2"]))]
    controls: Vec<String>,
    /// What kind of thing happened, as far as it can be told.
    #[serde(default)]
    category: Option<Category>,
    /// Whether the reporter is named as who reported it, for everybody who may read incidents to see; ask before you say
    /// so. Without it nobody is named.
    #[serde(default)]
    name_reporter: bool,
}

impl ConvertedIncident {
    fn into_draft(self, report: &EmployeeReport) -> IncidentDraft {
        let Self { title, description, detected_at, occurred_at, assets, controls, category, name_reporter } = self;
        let reporter = named(report, name_reporter);
        let origin = Some(Target::of(report));
        IncidentDraft { title, description, detected_at, occurred_at, origin, reporter, assets, controls, category }
    }
}

/// A weakness that comes of a report.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConvertedWeakness {
    /// One line.
    #[schema(example = "The gate closes too slowly", max_length = 200)]
    title: String,
    /// What could be exploited, or could fail.
    #[schema(example = "Somebody can walk in behind who opened it", max_length = 10_000)]
    description: String,
    /// Where it was found: a system, a place, a process.
    #[schema(example = "Gate 2", max_length = 200)]
    found_in: String,
    /// Whether the reporter is named as who reported it, for everybody who may read weaknesses to see; ask before you say
    /// so. Without it nobody is named.
    #[serde(default)]
    name_reporter: bool,
}

impl ConvertedWeakness {
    fn into_draft(self, report: &EmployeeReport) -> WeaknessDraft {
        let Self { title, description, found_in, name_reporter } = self;
        let (origin, reporter) = (Some(Target::of(report)), named(report, name_reporter));
        WeaknessDraft { title, description, found_in, origin, reporter }
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
            proposer: named(report, name_reporter),
            expected_benefit,
            // Agreed once it is accepted.
            measure: None,
            effort,
            value,
        }
    }
}

/// The reporter, where they are to be named and are known.
fn named(report: &EmployeeReport, name_reporter: bool) -> Option<MemberId> {
    report.head.created_by.filter(|_| name_reporter)
}

/// What comes of the report.
enum Case {
    Nonconformity(ConvertedNonconformity),
    Incident(ConvertedIncident),
    Weakness(ConvertedWeakness),
    Improvement(ConvertedImprovement),
}

impl ConvertEmployeeReport {
    /// The one case that is given, and the answer.
    fn chosen(self) -> Result<(Case, String), Refusal> {
        let Self { nonconformity, incident, weakness, improvement, answer } = self;
        let given = [
            nonconformity.map(|case| ("/nonconformity", Case::Nonconformity(case))),
            incident.map(|case| ("/incident", Case::Incident(case))),
            weakness.map(|case| ("/weakness", Case::Weakness(case))),
            improvement.map(|case| ("/improvement", Case::Improvement(case))),
        ];
        let mut given = given.into_iter().flatten();
        let Some((_, case)) = given.next() else {
            let detail = "must hold one of nonconformity, incident, weakness, improvement";
            return Err(Refusal::invalid("", "required", detail));
        };
        match given.next() {
            Some((pointer, _)) => Err(Refusal::invalid(pointer, "conflict", "must not be given beside another case")),
            None => Ok((case, answer)),
        }
    }
}

pub(super) fn convert(
    report: EmployeeReport,
    input: ConvertEmployeeReport,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<EmployeeReport>, ApiError> {
    let (case, answer) = input.chosen()?;
    match case {
        Case::Nonconformity(case) => {
            let draft = NonconformityDraft { origin: Some(Target::of(&report)), ..case.into() };
            let case = Nonconformity::raise(draft, by, tx.birth(Nonconformity::PREFIX)?);
            store(report.convert(case.map_err(below("/nonconformity")), answer, by, tx.now())?, tx)
        }
        Case::Incident(case) => {
            let case = Incident::report(case.into_draft(&report), by, tx.birth(Incident::PREFIX)?);
            store(report.convert(case.map_err(below("/incident")), answer, by, tx.now())?, tx)
        }
        Case::Weakness(case) => {
            let case = Weakness::report(case.into_draft(&report), by, tx.birth(Weakness::PREFIX)?);
            store(report.convert(case.map_err(below("/weakness")), answer, by, tx.now())?, tx)
        }
        Case::Improvement(case) => {
            let case = Improvement::propose(case.into_draft(&report), by, tx.birth(Improvement::PREFIX)?);
            store(report.convert(case.map_err(below("/improvement")), answer, by, tx.now())?, tx)
        }
    }
}

/// Faults of the case, where it stands in the body.
fn below(pointer: &'static str) -> impl Fn(Refusal) -> Refusal {
    move |refusal| refusal.below(pointer)
}

/// Stores the case; the report follows as the verb's own record.
fn store<C: Guarded>(converted: Converted<C>, tx: &mut Tx<'_>) -> Result<Change<EmployeeReport>, ApiError> {
    let Converted { case, report } = converted;
    tx.save(case)?;
    Ok(report)
}
