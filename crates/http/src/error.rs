//! How a failure looks outside: RFC 9457 problems, made in one exhaustive match.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use ratchet_domain::refusal::{Fault, Reason, Refusal};
use ratchet_persistence::error::Error as StoreError;
use serde::Serialize;

/// Seconds after which a place may be free where packs are written.
const OCCUPIED: u64 = 15;
/// Seconds after which an identity provider is asked again.
const ISSUER_AWAY: u64 = 30;

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The request cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// A parameter or header is wrong; all faults at once.
    #[error("a parameter is not acceptable")]
    Parameters(Vec<Fault>),
    /// Nobody says who calls.
    #[error("no credentials")]
    Anonymous,
    /// What was presented does not say who calls.
    #[error("no valid credentials")]
    Unauthenticated,
    /// Address or password are wrong; which of them is not said.
    #[error("address or password is wrong")]
    LoginRefused,
    /// What an identity provider is said to have signed does not let anybody in.
    #[error("the token of an identity provider is not accepted: {}", .0.detail)]
    TokenRefused(Fault),
    /// Whom an identity provider names is not let in.
    #[error("whom an identity provider names is not let in: {}", .0.detail)]
    NotAdmitted(Reason),
    /// An identity provider does not say which keys are its own.
    #[error("an identity provider cannot be asked: {0}")]
    ProviderUnreachable(String),
    /// No such thing, or none that the caller may know of.
    #[error("no such thing")]
    NotFound,
    /// The path does not know the method.
    #[error("the method is not allowed here")]
    MethodNotAllowed(String),
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// `If-Match` names another version.
    #[error("the record is at version {0}")]
    Stale(i64),
    /// `If-Match` is missing.
    #[error("If-Match is needed")]
    PreconditionRequired,
    /// The body is too large, compressed or not.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body holds more than is taken at once.
    #[error("{0}")]
    TooMuch(String),
    /// The body is not of the form that its protocol has.
    #[error("{0}")]
    Undecodable(String),
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The body is not of a type that is read here.
    #[error("{0}")]
    MediaType(&'static str),
    /// None of the forms that the caller takes is one of these.
    #[error("no form that is taken")]
    NotAcceptable(&'static [&'static str]),
    /// Too many requests; seconds to wait.
    #[error("too many requests")]
    TooMany(u64),
    /// Something must exist once only and does already.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The same, and the record that has it.
    #[error("{field} is taken by {by}")]
    TakenBy {
        /// The member of the body by which the two are told to be the same.
        field: &'static str,
        /// The record's reference.
        by: String,
    },
    /// The content had to go by law.
    #[error("the content was redacted")]
    Redacted,
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Later, perhaps.
    #[error("the database is busy")]
    Busy,
    /// As many of something as there can be are there already; what they are, in words.
    #[error("{0}")]
    Occupied(&'static str),
    /// A file is not what was received.
    #[error("a file of evidence is damaged: {0}")]
    Damaged(String),
    /// Our fault. The cause is logged and never shown.
    #[error("internal: {0}")]
    Internal(String),
}

/// A problem as it is sent (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// A stable address that documents the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/validation")]
    pub kind: String,
    /// The kind in a few words.
    #[schema(example = "The input is not acceptable")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// The request's id, as in `X-Request-Id` and in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Every fault of the input at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<Fault>,
    /// Every reason why the record's state does not allow it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub reasons: Vec<Reason>,
    /// The version that is stored now, when `If-Match` named another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<i64>,
}

/// The kinds of problem: slug, status, title. Documented at `/problems/{slug}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// 400
    Malformed,
    /// 400
    Parameter,
    /// 401
    Unauthenticated,
    /// 401
    LoginRefused,
    /// 401
    TokenRefused,
    /// 403
    NotAdmitted,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 408
    Timeout,
    /// 409
    State,
    /// 409
    Taken,
    /// 410
    Redacted,
    /// 412
    StaleVersion,
    /// 413
    TooLarge,
    /// 415
    MediaType,
    /// 406
    NotAcceptable,
    /// 422
    Validation,
    /// 422
    IdempotencyKeyReused,
    /// 428
    PreconditionRequired,
    /// 429
    TooManyRequests,
    /// 500
    Integrity,
    /// 500
    Internal,
    /// 503
    Busy,
    /// 503
    ProviderUnreachable,
}

impl Kind {
    /// Its status and its title.
    pub fn status_and_title(self) -> (StatusCode, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "The request cannot be read"),
            Self::Parameter => (StatusCode::BAD_REQUEST, "A parameter is not acceptable"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "No valid credentials"),
            Self::LoginRefused => (StatusCode::UNAUTHORIZED, "Address or password is wrong"),
            Self::TokenRefused => (StatusCode::UNAUTHORIZED, "The identity provider's token is not accepted"),
            Self::NotAdmitted => (StatusCode::FORBIDDEN, "Whom the identity provider names is not let in"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "This caller may not do that"),
            Self::NotFound => (StatusCode::NOT_FOUND, "No such thing"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed here"),
            Self::Timeout => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time"),
            Self::State => (StatusCode::CONFLICT, "The record's state does not allow that"),
            Self::Taken => (StatusCode::CONFLICT, "It exists already"),
            Self::Redacted => (StatusCode::GONE, "The content was redacted"),
            Self::StaleVersion => (StatusCode::PRECONDITION_FAILED, "Somebody else wrote in between"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body's type is not read here"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "There is no such form"),
            Self::Validation => (StatusCode::UNPROCESSABLE_ENTITY, "The input is not acceptable"),
            Self::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used for another request")
            }
            Self::PreconditionRequired => (StatusCode::PRECONDITION_REQUIRED, "If-Match is needed"),
            Self::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            Self::Integrity => (StatusCode::INTERNAL_SERVER_ERROR, "The stored content is not what was received"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Our fault"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "The database is busy"),
            Self::ProviderUnreachable => (StatusCode::SERVICE_UNAVAILABLE, "The identity provider cannot be asked"),
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Malformed => "Send well-formed JSON with each member once.",
            Self::Parameter => "Correct the parameters named in `errors`.",
            Self::Unauthenticated => {
                "Send `Authorization: Bearer` with an access token from /v1/auth/login or an API key that is neither expired nor revoked."
            }
            Self::LoginRefused => "Check the e-mail address and the password.",
            Self::TokenRefused => "See `errors`; let the identity provider issue another token, and send it once.",
            Self::NotAdmitted => "See `reasons`; an admin decides who is let in, and with which roles.",
            Self::Forbidden => "Ask a member whose role allows it; /v1/catalogue/permissions shows which.",
            Self::NotFound => "Check the address and the id or reference; it may belong to another organisation.",
            Self::MethodNotAllowed => "Use a method that `Allow` names.",
            Self::Timeout => "Send the body faster or in smaller parts.",
            Self::State => "See `reasons`; the record's `transitions` say what is possible now.",
            Self::Taken => "Use another value, or the record that has it.",
            Self::Redacted => "Its hash and its place in the journal are kept; its content had to go by law.",
            Self::StaleVersion => "Read the record again, merge, and send the new ETag in If-Match.",
            Self::TooLarge => "Send less at once; the limits are documented per operation.",
            Self::MediaType => "Set Content-Type to what the operation documents.",
            Self::NotAcceptable => "Name a form in Accept that the operation documents, or leave it out.",
            Self::Validation => "Correct the fields named in `errors`.",
            Self::IdempotencyKeyReused => "Use a new key for a new request; a key is kept for 24 hours.",
            Self::PreconditionRequired => "Send the record's ETag in If-Match.",
            Self::TooManyRequests => "Wait as long as Retry-After says.",
            Self::Integrity => {
                "Nothing was sent. Report it: the file was changed or lost, and must come from a backup."
            }
            Self::Internal => "Report the request's id to whoever runs this server; the cause is in its log.",
            Self::Busy => "Try again after Retry-After; with an Idempotency-Key nothing happens twice.",
            Self::ProviderUnreachable => {
                "Try again after Retry-After. Admins see what is missing at /v1/identity-providers/{id}/check."
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            tracing::warn!(%error, "the database could not serve a request");
            return Self::Busy;
        }
        match error {
            StoreError::Refused(refusal) => Self::Refused(refusal),
            StoreError::NotFound => Self::NotFound,
            StoreError::Stale { current } => Self::Stale(current),
            StoreError::Taken(what) => Self::Taken(what),
            StoreError::TakenBy { field, by } => Self::TakenBy { field, by },
            StoreError::Redacted => Self::Redacted,
            StoreError::Busy | StoreError::CommitFailed(_) | StoreError::Unreachable(_) => Self::Busy,
            error @ (StoreError::Corrupt { .. }
            | StoreError::Unwritable(_)
            | StoreError::File(_)
            | StoreError::Journal(_)
            | StoreError::Database(_)
            | StoreError::Migration(_)
            | StoreError::Panicked) => Self::Internal(error.to_string()),
        }
    }
}

impl From<ratchet_ingest::Unreadable> for ApiError {
    fn from(unreadable: ratchet_ingest::Unreadable) -> Self {
        match unreadable {
            ratchet_ingest::Unreadable::Malformed(why) => Self::Undecodable(why),
            ratchet_ingest::Unreadable::TooMuch(why) => Self::TooMuch(why),
        }
    }
}

impl Problem {
    /// What happened in one line, for whoever reads no problems.
    pub(crate) fn line(&self) -> String {
        let faults = self.errors.iter().map(|fault| format!(" {}: {}.", fault.pointer, fault.detail));
        let reasons = self.reasons.iter().map(|reason| format!(" {}.", reason.detail));
        faults.chain(reasons).fold(format!("{}. {}", self.title, self.detail), |line, more| line + &more)
    }
}

impl ApiError {
    /// A wrong parameter or header.
    pub(crate) fn parameter(name: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Parameters(vec![Fault::new(name, code, detail)])
    }

    /// Not found becomes a fault of what named it.
    pub(crate) fn or_unknown(self, fault: impl FnOnce() -> Self) -> Self {
        if matches!(self, Self::NotFound) { fault() } else { self }
    }

    /// The kind of problem it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Malformed(_) | Self::Undecodable(_) => Kind::Malformed,
            Self::Parameters(_) => Kind::Parameter,
            Self::Anonymous | Self::Unauthenticated => Kind::Unauthenticated,
            Self::LoginRefused => Kind::LoginRefused,
            Self::TokenRefused(_) => Kind::TokenRefused,
            Self::NotAdmitted(_) => Kind::NotAdmitted,
            Self::ProviderUnreachable(_) => Kind::ProviderUnreachable,
            Self::NotFound => Kind::NotFound,
            Self::MethodNotAllowed(_) => Kind::MethodNotAllowed,
            Self::Refused(Refusal::Forbidden) => Kind::Forbidden,
            Self::Refused(Refusal::State(_)) => Kind::State,
            Self::Refused(Refusal::Invalid(_)) => Kind::Validation,
            Self::Stale(_) => Kind::StaleVersion,
            Self::PreconditionRequired => Kind::PreconditionRequired,
            Self::TooLarge(_) | Self::TooMuch(_) => Kind::TooLarge,
            Self::TooSlow => Kind::Timeout,
            Self::MediaType(_) => Kind::MediaType,
            Self::NotAcceptable(_) => Kind::NotAcceptable,
            Self::TooMany(_) => Kind::TooManyRequests,
            Self::Taken(_) | Self::TakenBy { .. } => Kind::Taken,
            Self::Redacted => Kind::Redacted,
            Self::KeyReused => Kind::IdempotencyKeyReused,
            Self::Busy | Self::Occupied(_) => Kind::Busy,
            Self::Damaged(_) => Kind::Integrity,
            Self::Internal(_) => Kind::Internal,
        }
    }

    fn problem(&self) -> Problem {
        let kind = self.kind();
        let (status, title) = kind.status_and_title();
        let slug: &'static str = kind.into();
        let (errors, reasons) = match self {
            Self::Parameters(faults) | Self::Refused(Refusal::Invalid(faults)) => (faults.clone(), Vec::new()),
            Self::Refused(Refusal::State(reasons)) => (Vec::new(), reasons.clone()),
            Self::TokenRefused(fault) => (vec![fault.clone()], Vec::new()),
            Self::NotAdmitted(reason) => (Vec::new(), vec![reason.clone()]),
            Self::Taken(field) => (vec![Fault::new(format!("/{field}"), "taken", "exists already")], Vec::new()),
            Self::TakenBy { field, by } => {
                (vec![Fault::new(format!("/{field}"), "taken", format!("exists already: {by}"))], Vec::new())
            }
            Self::Malformed(_)
            | Self::Undecodable(_)
            | Self::TooMuch(_)
            | Self::Anonymous
            | Self::Unauthenticated
            | Self::LoginRefused
            | Self::ProviderUnreachable(_)
            | Self::NotFound
            | Self::MethodNotAllowed(_)
            | Self::Refused(Refusal::Forbidden)
            | Self::Stale(_)
            | Self::PreconditionRequired
            | Self::TooLarge(_)
            | Self::TooSlow
            | Self::MediaType(_)
            | Self::NotAcceptable(_)
            | Self::TooMany(_)
            | Self::Redacted
            | Self::KeyReused
            | Self::Busy
            | Self::Occupied(_)
            | Self::Damaged(_)
            | Self::Internal(_) => (Vec::new(), Vec::new()),
        };
        let detail = match self {
            Self::Malformed(detail) => format!("{detail}. {}", kind.advice()),
            Self::TooLarge(limit) => format!("At most {limit} bytes are read here, after decompression."),
            Self::MediaType(detail) => (*detail).to_owned(),
            Self::NotAcceptable(offered) => format!("Answered are {}.", offered.join(", ")),
            Self::TooMuch(detail) | Self::Undecodable(detail) => format!("{detail}."),
            Self::Occupied(detail) => format!("{detail}; come back after Retry-After."),
            Self::Parameters(_)
            | Self::Anonymous
            | Self::Unauthenticated
            | Self::LoginRefused
            | Self::TokenRefused(_)
            | Self::NotAdmitted(_)
            | Self::ProviderUnreachable(_)
            | Self::NotFound
            | Self::MethodNotAllowed(_)
            | Self::Refused(_)
            | Self::Stale(_)
            | Self::PreconditionRequired
            | Self::TooSlow
            | Self::TooMany(_)
            | Self::Taken(_)
            | Self::TakenBy { .. }
            | Self::Redacted
            | Self::KeyReused
            | Self::Busy
            | Self::Damaged(_)
            | Self::Internal(_) => kind.advice().to_owned(),
        };
        Problem {
            kind: format!("/problems/{slug}"),
            title,
            status: status.as_u16(),
            detail,
            instance: None,
            errors,
            reasons,
            current_version: if let Self::Stale(current) = self { Some(*current) } else { None },
        }
    }

    fn headers(&self, answer: &mut HttpResponseBuilder) {
        // RFC 6750, section 3.1: whoever presented no token is told of no error.
        if matches!(self, Self::Anonymous | Self::LoginRefused | Self::TokenRefused(_)) {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if matches!(self, Self::Unauthenticated) {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
        }
        if let Self::TooMany(seconds) = self {
            answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if matches!(self, Self::Busy) {
            answer.insert_header((header::RETRY_AFTER, "1"));
        }
        if matches!(self, Self::ProviderUnreachable(_)) {
            answer.insert_header((header::RETRY_AFTER, ISSUER_AWAY.to_string()));
        }
        if matches!(self, Self::Occupied(_)) {
            answer.insert_header((header::RETRY_AFTER, OCCUPIED.to_string()));
        }
        if let Self::MethodNotAllowed(allow) = self
            && let Ok(allow) = HeaderValue::from_str(allow)
        {
            answer.insert_header((header::ALLOW, allow));
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.kind().status_and_title().0
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        self.headers(&mut answer);
        answer.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Self::Internal(cause) | Self::Damaged(cause) = self {
            tracing::error!(cause, "a request failed");
        }
        // The request's id is known to the middleware, which writes it into the problem.
        let mut response = answer.finish();
        response.extensions_mut().insert(Unsent(self.problem()));
        response
    }
}

/// A problem whose request id is not filled in yet.
pub(crate) struct Unsent(pub Problem);
