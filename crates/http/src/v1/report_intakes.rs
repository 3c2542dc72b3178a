//! Reporting without a name, through the organisation's public link [A.6.8].
//!
//! Nothing that identifies the sender is read or kept: no credentials, no address, no header. These requests are neither
//! logged nor counted (`observe.rs`), have no entry in the journal, and what they bring is taken into the register when
//! the hour is full.

use crate::answer::Answer;
use crate::app::{App, first};
use crate::body::Body;
use crate::bounds::bounded;
use crate::error::ApiError;
use crate::routing::Routes;
use crate::v1::auth::{Open, client_address, refuse_idempotency_key};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, post, web};
use chrono::NaiveDate;
use ratchet_domain::employee_reports::{EmployeeReport, EmployeeReportDraft, Kind, Message, Party, StageName};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::report_intakes::{FollowUpCode, Intake, ReportLink};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::{employee_reports, report_intakes, settings};
use serde::{Deserialize, Serialize};

/// What may wait for an organisation at a time: whoever found the link does not fill the disk.
const WAITING: i64 = 500;
/// Seconds after which it is worth trying again when so much waits.
const FULL: u64 = 3600;

/// A report without a name.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntakeReport {
    /// What it is, as far as you can tell.
    kind: Kind,
    /// What you have seen, or would do better. Say nothing in it that tells who you are.
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

/// How to come back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IntakeReceipt {
    /// Shown only now: with it you read what became of your report and answer questions.
    #[schema(example = "006H-M9SM-8575-PT3N-GA7S-SADP-RF8D-VTQQ")]
    pub follow_up_code: String,
}

/// Which report.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowUp {
    /// As it was shown.
    #[schema(example = "006H-M9SM-8575-PT3N-GA7S-SADP-RF8D-VTQQ")]
    code: String,
}

/// What became of a report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IntakeStatus {
    /// Where it stands; `received` also while it waits for the hour.
    pub state: StageName,
    /// What was asked and answered, oldest first.
    pub messages: Vec<IntakeMessage>,
    /// Whether a question is open, and no answer of yours is on its way.
    pub asked: bool,
    /// What it was taken for.
    pub assessment: Option<String>,
    /// What came of it, once that is decided.
    pub answer: Option<String>,
}

/// One thing said in the conversation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IntakeMessage {
    /// By which side.
    pub from: Party,
    /// What.
    pub text: String,
}

impl From<Message> for IntakeMessage {
    fn from(message: Message) -> Self {
        let Message { from, text, at: _, by: _ } = message;
        Self { from, text }
    }
}

/// An answer to what was asked.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntakeAnswer {
    /// As it was shown.
    #[schema(example = "006H-M9SM-8575-PT3N-GA7S-SADP-RF8D-VTQQ")]
    code: String,
    /// To everything that was asked since the last answer.
    #[schema(example = "At eight in the morning", max_length = 10_000)]
    text: String,
}

/// Refuses what all three refuse; to whom it goes.
fn admit(app: &App, request: &HttpRequest) -> Result<ReportLink, ApiError> {
    refuse_idempotency_key(request)?;
    app.limits.admit_anonymous(client_address(app, request))?;
    request.match_info().get("link").and_then(|link| link.parse().ok()).ok_or(ApiError::NotFound)
}

/// Report what you have seen, or what could be better, without your name.
///
/// Credentials are ignored. The answer holds a code, shown only now; the report is in the register when the hour is full.
#[utoipa::path(
    tag = "report-intakes",
    params(("link" = String, Path, description = "The public link: ask an admin, or see the settings")),
    request_body = IntakeReport,
    responses((status = 202, body = IntakeReceipt)),
    security(())
)]
#[post("/report-intakes/{link}")]
pub(crate) async fn file_report(
    app: web::Data<App>,
    request: HttpRequest,
    _: Open,
    body: Body<IntakeReport>,
) -> Result<Answer, ApiError> {
    let ReportLink { organisation, secret } = admit(&app, &request)?;
    let now = app.now();
    let asked = app.store.read(move |connection| {
        let rules = settings::rules(organisation, connection)?;
        let waiting = report_intakes::count(organisation, connection)?;
        Ok::<_, ApiError>((rules, waiting))
    });
    let (rules, waiting) = asked.await?;
    if rules.report_link.as_deref() != Some(secret.as_str()) {
        return Err(ApiError::NotFound);
    }
    if waiting >= WAITING {
        return Err(ApiError::TooMany(FULL));
    }
    let IntakeReport { kind, text, place, happened_on } = body.parsed?;
    let intake = Intake::Report(EmployeeReportDraft { kind, text, place, happened_on });
    intake.check(rules.today(now))?;
    let code = FollowUpCode::of(first(&(app.source.random)()));
    put(&app, organisation, code.hash(), intake).await?;
    Answer::json(StatusCode::ACCEPTED, &IntakeReceipt { follow_up_code: code.to_string() })
}

/// Read what became of a report that was filed without a name. A code outlives the link: any address that the
/// organisation's link ever had will do.
#[utoipa::path(
    tag = "report-intakes",
    params(("link" = String, Path, description = "The public link, also one that was replaced")),
    request_body = FollowUp,
    responses((status = 200, body = IntakeStatus)),
    security(())
)]
#[post("/report-intakes/{link}/follow-up")]
pub(crate) async fn follow_up_report(
    app: web::Data<App>,
    request: HttpRequest,
    _: Open,
    body: Body<FollowUp>,
) -> Result<Answer, ApiError> {
    let ReportLink { organisation, secret: _ } = admit(&app, &request)?;
    let hash = hash_of(&body.parsed?.code)?;
    let found = app.store.read(move |connection| find(organisation, hash, connection));
    let (report, waiting) = found.await?;
    let status = match report {
        None => IntakeStatus {
            state: StageName::Received,
            messages: Vec::new(),
            asked: false,
            assessment: None,
            answer: None,
        },
        Some(report) => IntakeStatus {
            state: report.stage.name(),
            asked: report.is_asked() && !waiting,
            assessment: report.assessment().map(|assessment| assessment.text.clone()),
            answer: report.ending().map(|ending| ending.answer.clone()),
            messages: report.messages.into_iter().map(Into::into).collect(),
        },
    };
    Answer::json(StatusCode::OK, &status)
}

/// Answer what was asked about a report that was filed without a name. It is in the register when the hour is full.
#[utoipa::path(
    tag = "report-intakes",
    params(("link" = String, Path, description = "The public link, also one that was replaced")),
    request_body = IntakeAnswer,
    responses((status = 204)),
    security(())
)]
#[post("/report-intakes/{link}/answer")]
pub(crate) async fn answer_report(
    app: web::Data<App>,
    request: HttpRequest,
    _: Open,
    body: Body<IntakeAnswer>,
) -> Result<Answer, ApiError> {
    let ReportLink { organisation, secret: _ } = admit(&app, &request)?;
    let IntakeAnswer { code, text } = body.parsed?;
    let (hash, now) = (hash_of(&code)?, app.now());
    let asked = app.store.read(move |connection| {
        let (report, waiting) = find(organisation, hash, connection)?;
        let today = settings::rules(organisation, connection)?.today(now);
        // What waits for a report that is not in the register yet is the report itself.
        let answer_waits = waiting && report.is_some();
        Ok::<_, ApiError>((report.is_some_and(|report| report.is_asked()), answer_waits, today))
    });
    let (is_asked, answer_waits, today) = asked.await?;
    if answer_waits {
        return Err(Refusal::state("answer_waits", "an answer of yours is on its way").into());
    }
    if !is_asked {
        return Err(Refusal::state("nothing_asked", "no question to the reporter is open").into());
    }
    let intake = Intake::Answer { text };
    intake.check(today)?;
    put(&app, organisation, hash, intake).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Keeps it until the hour is full, under an id that is random through and through.
async fn put(app: &App, organisation: OrganisationId, hash: [u8; 32], intake: Intake) -> Result<(), ApiError> {
    let id = uuid::Builder::from_random_bytes(first(&(app.source.random)())).into_uuid();
    let keep =
        move |connection: &mut _| Ok::<_, ApiError>(report_intakes::put(id, organisation, &hash, &intake, connection)?);
    app.store.work(keep).await
}

/// The report of a code, once it is in the register, and whether something with the code waits.
fn find(
    organisation: OrganisationId,
    hash: [u8; 32],
    connection: &mut AnyConnection,
) -> Result<(Option<EmployeeReport>, bool), ApiError> {
    // Asked in this order nothing is missed that is taken in meanwhile.
    let waiting = report_intakes::waiting(organisation, &hash, connection)?.is_some();
    let report = employee_reports::of_code(organisation, &hash, connection)?;
    if report.is_none() && !waiting {
        return Err(ApiError::NotFound);
    }
    Ok((report, waiting))
}

/// What is no code belongs to no report.
fn hash_of(code: &str) -> Result<[u8; 32], ApiError> {
    code.parse().map(|code: FollowUpCode| code.hash()).map_err(|_| ApiError::NotFound)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(file_report).service(follow_up_report).service(answer_report);
}
