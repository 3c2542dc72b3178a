//! What was sent to an endpoint and how it went, and what is sent to it once more.

use super::WebhookEndpointView;
use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target, WriteParameters, action, listed};
use crate::v1::records;
use actix_web::http::StatusCode;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use ratchet_domain::change::Record;
use ratchet_domain::id::EntryId;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::webhook_endpoints::{Cause, DeliveryState, Verb, WebhookEndpoint};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::webhook_deliveries::{self, Attempt, Delivery, DeliveryFilter, Range};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// Deliveries per page, at most, and unless asked otherwise.
const LIMITS: (i64, i64) = (50, 20);

/// One attempt to deliver.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookAttempt)]
pub(crate) struct AttemptView {
    /// When it began.
    pub at: DateTime<Utc>,
    /// Why it was made.
    pub cause: Cause,
    /// How long it took, in milliseconds.
    #[schema(example = 84)]
    pub took_ms: i64,
    /// The status that was answered; `null` where nothing was.
    #[schema(example = 503)]
    pub status: Option<u16>,
    /// The first kilobyte of what was answered.
    #[schema(example = "upstream is away")]
    pub answer: Option<String>,
    /// What went wrong; `null` where it was taken.
    #[schema(example = "the receiver answered 503")]
    pub error: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let Attempt { began_at, cause, took_ms, status, answer, error } = attempt;
        Self { at: began_at, cause, took_ms, status, answer, error }
    }
}

/// An event that is, or was, to be sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryView {
    /// Its id.
    pub id: Uuid,
    /// The event's id, which is `webhook-id`; `null` for a test, whose `webhook-id` is the delivery's.
    pub event_id: Option<EntryId>,
    /// The event's position; `null` for a test.
    pub event_position: Option<u64>,
    /// What happened; `webhook_endpoint.test` for a test.
    #[schema(example = "nonconformity.confirmed")]
    pub event_type: String,
    /// What became of it.
    pub state: DeliveryState,
    /// Why the next attempt is made, or the last one was.
    pub cause: Cause,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When the next attempt is due; `null` where there is none.
    pub due_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Each attempt so far, the first first.
    pub attempts: Vec<AttemptView>,
}

impl DeliveryView {
    fn of(delivery: Delivery, attempts: Vec<Attempt>) -> Self {
        let Delivery { id, entry, position, event_type, state, cause, attempts: _, made_at, due_at, ended_at } =
            delivery;
        Self {
            id,
            event_id: entry,
            event_position: position,
            event_type,
            state,
            cause,
            made_at,
            due_at,
            ended_at,
            attempts: attempts.into_iter().map(AttemptView::from).collect(),
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookDeliveryPage)]
pub(crate) struct DeliveryPage {
    /// The newest first.
    pub items: Vec<DeliveryView>,
    /// Send it as `after` to go on; `null` when that is all.
    pub next_after: Option<Uuid>,
}

/// What deliveries can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<DeliveryState>>, example = "waiting,given_up")]
    state: Option<Vec<DeliveryState>>,
    /// Of events of this type.
    #[serde(default, rename = "type", deserialize_with = "action")]
    #[param(example = "nonconformity.closed")]
    event_type: Option<String>,
    /// Made at or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<DateTime<Utc>>,
    /// Made before this moment.
    #[serde(default, deserialize_with = "bounded")]
    until: Option<DateTime<Utc>>,
    /// This one alone.
    delivery: Option<Uuid>,
    /// Made before this one: `next_after` of the page before.
    after: Option<Uuid>,
    /// Deliveries per page, 1 to 50.
    #[param(minimum = 1, maximum = 50, default = 20)]
    limit: Option<i64>,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestWebhookEndpoint {}

/// Which delivery.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendWebhookDelivery {
    /// Its id, as the list of the endpoint's deliveries has it.
    delivery_id: Uuid,
}

/// Which events: behind a position, or from a moment on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayWebhookEvents {
    /// Behind this position of the journal; -1 for all of it.
    #[serde(default)]
    #[schema(example = 41, minimum = -1)]
    after: Option<i64>,
    /// That happened at or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<DateTime<Utc>>,
    /// That happened before this moment.
    #[serde(default, deserialize_with = "bounded")]
    until: Option<DateTime<Utc>>,
}

/// An endpoint to which a test is sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TestedWebhookEndpoint {
    #[serde(flatten)]
    pub endpoint: WebhookEndpointView,
    /// The test's delivery: how it went is listed there in a moment.
    pub delivery_id: Uuid,
}

/// An endpoint to which events are sent again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReplayedWebhookEndpoint {
    #[serde(flatten)]
    pub endpoint: WebhookEndpointView,
    /// How many events are sent again.
    #[schema(example = 12)]
    pub replayed: usize,
    /// Send it as `after` to go on, with the same moments; `null` where the whole range was looked through.
    pub next_after: Option<u64>,
}

/// List what was sent to a webhook endpoint, and how each attempt went. It is forgotten 30 days after its end.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), DeliveryQuery),
    responses((status = 200, body = DeliveryPage))
)]
#[get("/webhook-endpoints/{id}/deliveries")]
pub(crate) async fn list_webhook_deliveries(
    call: Call,
    target: Target,
    query: Query<DeliveryQuery>,
) -> Result<Answer, ApiError> {
    let (by, Target(locator)) = (call.actor.clone(), target);
    let DeliveryQuery { state, event_type, from, until, delivery, after, limit } = query.0;
    let (most, usual) = LIMITS;
    let limit = limit.unwrap_or(usual);
    if !(1..=most).contains(&limit) {
        return Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {most}")));
    }
    let filter = DeliveryFilter { state, event_type, from, until, delivery, before: after };
    let read = move |connection: &mut AnyConnection| -> Result<DeliveryPage, ApiError> {
        let endpoint: WebhookEndpoint = records::get(locator, &by, connection)?;
        let (organisation, endpoint) = (by.organisation, endpoint.head().id);
        let found = webhook_deliveries::list(organisation, endpoint, &filter, limit, connection)?;
        let ids: Vec<Uuid> = found.iter().map(|delivery| delivery.id).collect();
        let mut attempts = webhook_deliveries::attempts(organisation, &ids, connection)?;
        let is_full = i64::try_from(found.len()) == Ok(limit);
        let next_after = ids.last().copied().filter(|_| is_full);
        let view = |delivery: Delivery| {
            let attempts = attempts.remove(&delivery.id).unwrap_or_default();
            DeliveryView::of(delivery, attempts)
        };
        Ok(DeliveryPage { items: found.into_iter().map(view).collect(), next_after })
    };
    Answer::json(StatusCode::OK, &call.app.store.read(read).await?)
}

/// Send a test to a webhook endpoint, also where it is paused or disabled: once, and at once. How it went is listed among the
/// deliveries.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), WriteParameters),
    request_body = TestWebhookEndpoint,
    responses((status = 200, body = TestedWebhookEndpoint))
)]
#[post("/webhook-endpoints/{id}/test")]
pub(crate) async fn send_test_to_webhook_endpoint(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<TestWebhookEndpoint>,
) -> Result<Answer, ApiError> {
    call.verb_telling(
        target,
        Verb::Test,
        parameters,
        body,
        |endpoint: WebhookEndpoint, TestWebhookEndpoint {}, facts, by, tx| {
            let change = endpoint.test(facts, by, tx.now())?;
            let delivery = webhook_deliveries::test(change.after().head().id, tx)?;
            Ok((change, vec![("delivery_id", json!(delivery))]))
        },
    )
    .await
}

/// Send one event to a webhook endpoint again, whatever became of it: at once, and then by the schedule.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), WriteParameters),
    request_body = ResendWebhookDelivery,
    responses((status = 200, body = WebhookEndpointView))
)]
#[post("/webhook-endpoints/{id}/resend")]
pub(crate) async fn resend_webhook_delivery(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<ResendWebhookDelivery>,
) -> Result<Answer, ApiError> {
    call.verb(
        target,
        Verb::Resend,
        parameters,
        body,
        |endpoint: WebhookEndpoint, ResendWebhookDelivery { delivery_id }, facts, by, tx| {
            let change = endpoint.resend(facts, by, tx.now())?;
            if !webhook_deliveries::resend(change.after().head().id, delivery_id, tx)? {
                let detail = "must be one of the endpoint's deliveries";
                return Err(Refusal::invalid("/delivery_id", "unknown_delivery", detail).into());
            }
            Ok(change)
        },
    )
    .await
}

/// Send what happened to a webhook endpoint once more, as far as it takes such events.
///
/// At most 1,000 events are looked through at once, in the order of the journal; `next_after` says from where to go on. No
/// more can be replayed while 1,000 deliveries wait.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), WriteParameters),
    request_body = ReplayWebhookEvents,
    responses((status = 200, body = ReplayedWebhookEndpoint))
)]
#[post("/webhook-endpoints/{id}/replay")]
pub(crate) async fn replay_webhook_endpoint(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<ReplayWebhookEvents>,
) -> Result<Answer, ApiError> {
    call.verb_telling(
        target,
        Verb::Replay,
        parameters,
        body,
        |endpoint: WebhookEndpoint, input: ReplayWebhookEvents, facts, by, tx| {
            let change = endpoint.replay(facts, by, tx.now())?;
            let ReplayWebhookEvents { after, from, until } = input;
            if after.is_none() && from.is_none() {
                return Err(Refusal::invalid("/from", "required", "must be said, or `after`").into());
            }
            if after.is_some_and(|after| after < -1) {
                return Err(Refusal::invalid("/after", "out_of_range", "must be a position, or -1").into());
            }
            let range = Range { after: after.and_then(|after| u64::try_from(after).ok()), from, until };
            let (replayed, next_after) = webhook_deliveries::replay(change.after(), &range, tx)?;
            Ok((change, vec![("replayed", json!(replayed)), ("next_after", json!(next_after))]))
        },
    )
    .await
}
