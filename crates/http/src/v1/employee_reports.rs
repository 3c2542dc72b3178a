//! Employee reports over HTTP [A.6.8]: seen by who handles them and by who filed them.

mod conversion;
mod view;

pub(crate) use view::EmployeeReportView;

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use conversion::ConvertEmployeeReport;
use ratchet_domain::access::Actor;
use ratchet_domain::employee_reports::{EmployeeReport, EmployeeReportDraft, Kind, StageName, Triage, Verb};
use ratchet_persistence::employee_reports::Filter;
use ratchet_persistence::settings;
use serde::Deserialize;

/// What a list of employee reports can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EmployeeReportQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "received,triaged")]
    state: Option<Vec<StageName>>,
    /// Of one of these kinds, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Kind>>, example = "event,weakness")]
    kind: Option<Vec<Kind>>,
    /// Whether nobody knows who filed them.
    anonymous: Option<bool>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for EmployeeReport {
    type View = EmployeeReportView;
    type Query = EmployeeReportQuery;
    const PATH: &'static str = "employee-reports";

    fn view(&self, transitions: Option<Vec<Transition>>) -> EmployeeReportView {
        EmployeeReportView::of(self, transitions)
    }

    fn filter(query: EmployeeReportQuery, _: &Actor, _: NaiveDate) -> Filter {
        let EmployeeReportQuery { state, kind, anonymous, updated_since } = query;
        Filter { stage: state, kind, anonymous, updated_since }
    }
}

/// A report to be filed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateEmployeeReport {
    /// What it is, as far as you can tell.
    kind: Kind,
    /// What you have seen, or would do better.
    #[schema(example = "Somebody followed me through gate 2 without a badge", max_length = 10_000)]
    text: String,
    /// Where.
    #[serde(default)]
    #[schema(example = "Gate 2", max_length = 200)]
    place: Option<String>,
    /// On which day.
    #[serde(default, deserialize_with = "bounded")]
    happened_on: Option<NaiveDate>,
}

impl From<CreateEmployeeReport> for EmployeeReportDraft {
    fn from(body: CreateEmployeeReport) -> Self {
        let CreateEmployeeReport { kind, text, place, happened_on } = body;
        Self { kind, text, place, happened_on }
    }
}

/// What it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriageEmployeeReport {
    /// What it is taken for; the reporter reads it.
    #[schema(example = "The gate's lock does not close behind people: a weakness", max_length = 10_000)]
    assessment: String,
    /// What it is, where the reporter was mistaken.
    #[serde(default)]
    kind: Option<Kind>,
}

/// A question to the reporter.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskEmployeeReport {
    /// What you would like to know.
    #[schema(example = "Was it in the morning or in the evening?", max_length = 10_000)]
    question: String,
}

/// The reporter's answer.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerEmployeeReport {
    /// To everything that was asked since the last answer.
    #[schema(example = "At eight in the morning", max_length = 10_000)]
    text: String,
}

/// Why nothing comes of it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclineEmployeeReport {
    /// What the reporter is told.
    #[schema(example = "It was the fire drill: all gates are open then", max_length = 10_000)]
    answer: String,
}

/// Which report says the same.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkDuplicateEmployeeReport {
    /// The other report, by reference or id.
    #[schema(example = "RPT-2026-0004")]
    of: String,
    /// What the reporter is told.
    #[schema(example = "A colleague has seen it, too; we are on it", max_length = 10_000)]
    answer: String,
}

/// List employee reports: a handler's list of all, everybody's of their own. Ids of anonymous ones say nothing of their
/// age: sort by `-created_at` for the newest first.
#[utoipa::path(
    tag = "employee-reports",
    params(PageParameters, EmployeeReportQuery),
    responses((status = 200, body = Page<EmployeeReportView>))
)]
#[get("/employee-reports")]
pub(crate) async fn list_employee_reports(call: Call, list: List<EmployeeReportQuery>) -> Result<Answer, ApiError> {
    call.list::<EmployeeReport>(list).await
}

/// Report what you have seen, or what could be better, under your name.
///
/// Who handles reports answers it; nobody else sees it. Without a name: `POST /v1/report-intakes/{link}`.
#[utoipa::path(
    tag = "employee-reports",
    params(WriteParameters),
    request_body = CreateEmployeeReport,
    responses((status = 201, body = EmployeeReportView))
)]
#[post("/employee-reports")]
pub(crate) async fn create_employee_report(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateEmployeeReport>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateEmployeeReport, by, birth, tx| {
        let today = settings::rules(by.organisation, tx.connection())?.today(tx.now());
        Ok(EmployeeReport::file(input.into(), today, by, birth)?)
    })
    .await
}

/// Read an employee report.
#[utoipa::path(
    tag = "employee-reports",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = EmployeeReportView))
)]
#[get("/employee-reports/{id}")]
pub(crate) async fn get_employee_report(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<EmployeeReport>(target, parameters).await
}

verbs! {
    tag "employee-reports", record EmployeeReport, view EmployeeReportView;

    /// Say what a report is taken for.
    triage_employee_report "/employee-reports/{id}/triage" Triage TriageEmployeeReport
    |report, TriageEmployeeReport { assessment, kind }, _facts, by, tx|
        report.triage(Triage { assessment, kind }, by, tx.now());

    /// Ask the reporter something.
    ask_employee_report "/employee-reports/{id}/ask" Ask AskEmployeeReport
    |report, input, _facts, by, tx| report.ask(input.question, by, tx.now());

    /// Answer what was asked about your report.
    answer_employee_report "/employee-reports/{id}/answer" Answer AnswerEmployeeReport
    |report, input, _facts, by, tx| report.answer(input.text, by, tx.now());

    /// Make a case of a report: both are written together, the reporter is told.
    ///
    /// What the reporter wrote stays with those who handle reports: word the case anew.
    convert_employee_report "/employee-reports/{id}/convert" Convert ConvertEmployeeReport
    |report, input, _facts, by, tx| conversion::convert(report, input, by, tx);

    /// Decline a report; the reporter is told why.
    decline_employee_report "/employee-reports/{id}/decline" Decline DeclineEmployeeReport
    |report, input, _facts, by, tx| report.decline(input.answer, by, tx.now());

    /// Say that another report says the same; the reporter is told.
    mark_duplicate_employee_report "/employee-reports/{id}/mark-duplicate" MarkDuplicate MarkDuplicateEmployeeReport
    |report, MarkDuplicateEmployeeReport { of, answer }, _facts, by, tx| records::known("/of", &of, by, tx)
        .and_then(|of: EmployeeReport| Ok(report.mark_duplicate(&of, answer, by, tx.now())?));
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_employee_reports)
        .service(create_employee_report)
        .service(get_employee_report)
        .service(triage_employee_report)
        .service(ask_employee_report)
        .service(answer_employee_report)
        .service(convert_employee_report)
        .service(decline_employee_report)
        .service(mark_duplicate_employee_report);
}
