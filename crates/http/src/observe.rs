//! What is seen of every request: its id, its log line, its figures, and the headers that every answer carries.

use crate::app::App;
use crate::dialects::Dialect;
use crate::error::{ApiError, Unsent};
use crate::limits::Remaining;
use crate::traceparent::trace_id;
use crate::withheld::conceal;
use actix_cors::CorsError;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, ResponseError, web};
use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Instant;
use tracing::Instrument;

/// The request's id.
#[derive(Clone)]
struct RequestId(String);

pub(crate) fn request_id(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<RequestId>().map(|id| id.0.clone())
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// Figures of the daily digests, which a worker of the program sends.
#[derive(Clone, Default)]
pub struct DigestFigures {
    outcomes: Family<Outcome, Counter>,
    waiting: Gauge,
}

impl DigestFigures {
    /// Counts one that came to this.
    pub fn count(&self, outcome: &'static str) {
        self.outcomes.get_or_create(&Outcome { outcome }).inc();
    }

    /// So many are due and have not been taken in hand.
    pub fn wait(&self, count: usize) {
        self.waiting.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

/// Figures of what is sent to webhook endpoints.
#[derive(Clone, Default)]
pub struct WebhookFigures {
    outcomes: Family<Outcome, Counter>,
    waiting: Gauge,
    oldest: Gauge,
}

impl WebhookFigures {
    /// Counts an attempt that came to this.
    pub fn count(&self, outcome: &'static str) {
        self.outcomes.get_or_create(&Outcome { outcome }).inc();
    }

    /// So many deliveries wait, the oldest of them for so many seconds.
    pub fn wait(&self, count: i64, oldest: i64) {
        self.waiting.set(count);
        self.oldest.set(oldest);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Worker {
    worker: &'static str,
}

/// Whether what runs beside the requests gets on: each worker's failed steps, and when its last one went well.
#[derive(Clone, Default)]
pub struct WorkerFigures {
    failures: Family<Worker, Counter>,
    succeeded_at: Family<Worker, Gauge>,
}

impl WorkerFigures {
    /// A step went well at this moment, or it failed.
    pub fn note(&self, worker: &'static str, succeeded_at: Option<DateTime<Utc>>) {
        let label = Worker { worker };
        match succeeded_at {
            Some(at) => drop(self.succeeded_at.get_or_create(&label).set(at.timestamp())),
            None => drop(self.failures.get_or_create(&label).inc()),
        }
    }
}

/// Figures for `/metrics`. Labels name routes, never ids.
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    pub(crate) digests: DigestFigures,
    pub(crate) listeners: Gauge,
    pub(crate) webhooks: WebhookFigures,
    pub(crate) workers: WorkerFigures,
    requests: Family<Labels, Counter>,
    seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("ratchet");
        let requests = Family::default();
        let seconds = Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        registry.register("http_requests", "Requests answered, by method, route and status", requests.clone());
        registry.register("http_request_duration_seconds", "From the head of a request to its answer", seconds.clone());
        let digests = DigestFigures::default();
        registry.register("digests", "Daily digests, by what became of them", digests.outcomes.clone());
        registry.register("digests_waiting", "Daily digests that are due", digests.waiting.clone());
        let listeners = Gauge::default();
        registry.register("event_listeners", "Streams of events that are listened to", listeners.clone());
        let webhooks = WebhookFigures::default();
        registry.register(
            "webhook_attempts",
            "Attempts to send an event, by what became of them",
            webhooks.outcomes.clone(),
        );
        registry.register("webhook_deliveries_waiting", "Events that wait to be sent", webhooks.waiting.clone());
        registry.register(
            "webhook_oldest_wait_seconds",
            "How long the oldest of them has waited",
            webhooks.oldest.clone(),
        );
        let workers = WorkerFigures::default();
        registry.register("worker_failures", "Steps of a worker that failed", workers.failures.clone());
        registry.register(
            "worker_succeeded_timestamp_seconds",
            "When a step of a worker last went well",
            workers.succeeded_at.clone(),
        );
        Self { registry: Mutex::new(registry), digests, listeners, webhooks, workers, requests, seconds }
    }
}

impl Metrics {
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Writing into a String does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }
}

/// The outermost middleware. `HEAD` is answered by whatever answers `GET`, without the body.
pub(crate) async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = request.app_data::<web::Data<App>>().cloned();
    let id = sane_id(request.headers())
        .unwrap_or_else(|| app.as_ref().map_or_else(String::new, |app| (app.source.id)().to_string()));
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    // Who reports without a name leaves no line in a log and moves no figure, from which the minute could be told.
    let is_observed = !request.path().starts_with(UNOBSERVED);
    let span = if is_observed { span_of(&id, request.headers()) } else { tracing::Span::none() };
    let began = Instant::now();
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    let response = match refused_elsewhere(&response) {
        Some(refusal) => response.into_response(refusal.error_response()),
        None => response,
    };
    // Names are taken out of what is written; what is taken out whole is answered by a problem that is yet to be written.
    let response = conceal(fill(response, &id)).await;
    let mut response = fill(response, &id);
    if method == Method::HEAD {
        response = response.map_body(|_, body| BoxBody::new(Unsaid(body.size())));
    }
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let (status, took) = (response.status().as_u16(), began.elapsed());
    if is_observed {
        span.in_scope(|| tracing::info!(%method, route, status, us = took.as_micros(), "answered"));
    }
    if let Some(app) = app.as_ref().filter(|_| is_observed) {
        app.metrics.requests.get_or_create(&Labels { method: known(&method), route, status }).inc();
        app.metrics.seconds.observe(took.as_secs_f64());
    }
    let remaining = response.request().extensions().get::<Remaining>().copied();
    let policy = if response.request().path().starts_with("/docs/") { DOCS } else { API };
    dress(response.headers_mut(), &id, policy, remaining);
    // TLS is the proxy's: it is spoken when clients see the server there.
    if app.is_some_and(|app| app.settings.public_url.starts_with("https://")) {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    Ok(response)
}

/// What the lines of a request begin with: its id, and where another program has said so the trace it belongs to.
fn span_of(id: &str, headers: &HeaderMap) -> tracing::Span {
    let span = tracing::info_span!("request", id = %id, trace = tracing::field::Empty);
    if let Some(trace) = trace_id(headers) {
        span.record("trace", trace);
    }
    span
}

/// A body of which only the size is told.
struct Unsaid(BodySize);

impl MessageBody for Unsaid {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

/// The public report link.
pub(crate) const UNOBSERVED: &str = "/v1/report-intakes/";

/// A label is never what a client made up.
fn known(method: &Method) -> &'static str {
    let all = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    all.iter().zip(names).find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}

/// A client's own id, when it is short and harmless.
fn sane_id(headers: &HeaderMap) -> Option<String> {
    let sent = headers.get("x-request-id")?.to_str().ok()?;
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!sent.is_empty() && sent.len() <= 64 && sent.bytes().all(sane)).then(|| sent.to_owned())
}

/// What others than our own handlers refuse, as a problem like any other: the CORS middleware a foreign page's
/// preflight, the documentation a file that it does not have.
fn refused_elsewhere(response: &ServiceResponse<BoxBody>) -> Option<ApiError> {
    if let Some(refusal) = response.response().error().and_then(|error| error.as_error::<CorsError>()) {
        return Some(ApiError::parameter("origin", "not_allowed", refusal.to_string()));
    }
    let is_ours = response.response().extensions().contains::<Unsent>();
    (response.status() == StatusCode::NOT_FOUND && !is_ours).then_some(ApiError::NotFound)
}

/// A problem is sent with the request's id, where a protocol has no form of its own for it.
fn fill(mut response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    let unsent = response.response_mut().extensions_mut().remove::<Unsent>();
    let Some(Unsent(mut problem)) = unsent else { return response };
    problem.instance = Some(id.to_owned());
    if let Some(dialect) = Dialect::of(response.request()) {
        return dialect.told(response, &problem);
    }
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    response.map_body(|_, _| BoxBody::new(body))
}

/// An answer of the API loads nothing and is framed by nobody.
const API: &str = "default-src 'none'; frame-ancestors 'none'";
/// The page that shows the contract loads its own scripts and styles.
const DOCS: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

fn dress(headers: &mut HeaderMap, id: &str, policy: &str, remaining: Option<Remaining>) {
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value)
            && !headers.contains_key(&name)
        {
            headers.insert(name, value);
        }
    };
    set(HeaderName::from_static("x-request-id"), id);
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, policy);
    if let Some(Remaining { quota, remaining }) = remaining {
        set(HeaderName::from_static("ratelimit-policy"), &format!("\"caller\";q={quota};w=60"));
        set(HeaderName::from_static("ratelimit"), &format!("\"caller\";r={remaining};t=60"));
    }
}
