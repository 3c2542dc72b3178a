//! Webhook endpoints over HTTP: where events are sent as they happen.

mod deliveries;
mod secrets;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::webhooks::look_up;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use deliveries::{
    list_webhook_deliveries, replay_webhook_endpoint, resend_webhook_delivery, send_test_to_webhook_endpoint,
};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Record;
use ratchet_domain::webhook_endpoints::{
    Amendment, Destination, DisabledBecause, Found, Payload, Rotation, Stage, StageName, Terms, Verb, WebhookEndpoint,
    WebhookEndpointDraft,
};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::webhook_deliveries;
use ratchet_persistence::webhook_endpoints::{self, Filter, kept};
use secrets::{WebhookEndpointWithSecret, new_secret, rotate_webhook_secret};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where events are sent. Its secret is shown once, when it is made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookEndpointView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// Where events are sent.
    #[schema(example = "https://hooks.example.org/ratchet")]
    pub url: String,
    /// What it is for.
    #[schema(example = "The security team's chat")]
    pub description: String,
    /// Which types of events are sent.
    #[schema(example = json!(["nonconformity.*", "*.closed"]))]
    pub events: Vec<String>,
    /// How much an event says.
    pub payload: Payload,
    /// When the secret was changed last; `null` where it has not been.
    pub secret_rotated_at: Option<DateTime<Utc>>,
    /// Until when the secret before signs, too.
    pub former_secret_until: Option<DateTime<Utc>>,
    /// Why events wait, where somebody said so.
    pub paused_because: Option<String>,
    /// Why events wait, where the receiver does not take them.
    pub disabled_because: Option<DisabledBecause>,
    /// Since when it is paused, disabled or retired.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Why nothing is sent any more.
    pub retired_because: Option<String>,
    /// How many events wait to be sent. This and what follows change without a write: `null` in versions of the past.
    #[schema(example = 0)]
    pub waiting: Option<i64>,
    /// Since when the receiver has taken nothing; `null` while it takes what is sent.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it has taken an event last.
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of webhook endpoints can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WebhookEndpointQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "active,disabled")]
    state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for WebhookEndpoint {
    type View = WebhookEndpointView;
    type Query = WebhookEndpointQuery;
    const PATH: &'static str = "webhook-endpoints";

    fn view(&self, transitions: Option<Vec<Transition>>) -> WebhookEndpointView {
        let Self { head, terms, stage, rotation } = self;
        let Terms { url, description, events, payload } = terms.clone();
        let (mut paused_because, mut disabled_because, mut retired_because) = (None, None, None);
        let stopped_at = match stage {
            Stage::Active => None,
            Stage::Paused { reason, at } => {
                paused_because = Some(reason.clone());
                Some(*at)
            }
            Stage::Disabled { because, at } => {
                disabled_because = Some(*because);
                Some(*at)
            }
            Stage::Retired { reason, at } => {
                retired_because = Some(reason.clone());
                Some(*at)
            }
        };
        WebhookEndpointView {
            head: head.into(),
            state: stage.name(),
            url,
            description,
            events,
            payload,
            secret_rotated_at: rotation.as_ref().map(|Rotation { at, overlaps_until: _ }| *at),
            former_secret_until: rotation.as_ref().map(|Rotation { at: _, overlaps_until }| *overlaps_until),
            paused_because,
            disabled_because,
            stopped_at,
            retired_because,
            waiting: None,
            failing_since: None,
            last_delivered_at: None,
            transitions,
        }
    }

    fn fill(views: &mut [WebhookEndpointView], by: &Actor, connection: &mut AnyConnection) -> Result<(), ApiError> {
        let ids: Vec<Uuid> = views.iter().map(|view| view.head.id).collect();
        let progress = webhook_endpoints::progress(by.organisation, &ids, connection)?;
        for view in views {
            let progress = progress.get(&view.head.id).copied().unwrap_or_default();
            view.waiting = Some(progress.waiting);
            view.failing_since = progress.failing_since;
            view.last_delivered_at = progress.succeeded_at;
        }
        Ok(())
    }

    fn filter(query: WebhookEndpointQuery, _: &Actor, _: NaiveDate) -> Filter {
        let WebhookEndpointQuery { state, updated_since } = query;
        Filter { stage: state, updated_since }
    }
}

/// Where events are to be sent.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWebhookEndpoint {
    /// The receiver's address: `https`, without a user name, at port 443 or 8443, leading to public addresses alone. In
    /// networks that whoever runs this server allows, `http`, other ports and private addresses may be used, too.
    #[schema(example = "https://192.0.2.10/ratchet", max_length = 2_000)]
    url: String,
    /// What it is for.
    #[schema(example = "The security team's chat", max_length = 200)]
    description: String,
    /// Which types of events are sent: those that `GET /v1/events` names; `*` stands for any characters, `?` for one.
    #[schema(example = json!(["nonconformity.*", "*.closed"]), min_items = 1, max_items = 50)]
    events: Vec<String>,
    /// How much an event says; `thin` without it.
    #[serde(default)]
    payload: Option<Payload>,
}

/// What changes; an absent member stays. It holds for what is sent from then on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendWebhookEndpoint {
    /// The receiver's address.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, example = "https://192.0.2.10/ratchet")]
    url: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// Which types of events are sent; what waits already is sent all the same.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, example = json!(["nonconformity.*"]))]
    events: Option<Vec<String>>,
    /// How much an event says.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Payload)]
    payload: Option<Payload>,
}

/// Why events wait.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseWebhookEndpoint {
    /// Kept in the journal.
    #[schema(example = "The receiver moves", max_length = 10_000)]
    reason: String,
}

/// From where on it goes on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeWebhookEndpoint {
    /// Whether what happened meanwhile is passed over, and what waits is dropped. Without it everything is sent, in its
    /// order.
    #[serde(default)]
    skip_missed: Option<bool>,
}

/// Why nothing is sent any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireWebhookEndpoint {
    /// Kept in the journal.
    #[schema(example = "The chat was closed", max_length = 10_000)]
    reason: String,
}

/// What the host of an address is. Nobody looks names up here who may not name addresses.
async fn found(call: &Call, url: Option<&str>) -> Found {
    let is_allowed = WebhookEndpoint::may_make(&call.actor).is_ok();
    match url.filter(|_| is_allowed).and_then(|url| Destination::parse(url).ok()) {
        Some(Destination { literal: None, host, .. }) => look_up(&host).await,
        Some(Destination { literal: Some(_), .. }) | None => Found::Nothing,
    }
}

/// List webhook endpoints.
#[utoipa::path(
    tag = "webhooks",
    params(PageParameters, WebhookEndpointQuery),
    responses((status = 200, body = Page<WebhookEndpointView>))
)]
#[get("/webhook-endpoints")]
pub(crate) async fn list_webhook_endpoints(call: Call, list: List<WebhookEndpointQuery>) -> Result<Answer, ApiError> {
    call.list::<WebhookEndpoint>(list).await
}

/// Say where events are sent, from now on. The secret is in the answer and nowhere else, so `Idempotency-Key` is refused.
///
/// Each event of the journal whose type matches is sent by `POST`, signed as Standard Webhooks has it, at least once, and in
/// the order of the journal for each record. What is restricted, or reported in confidence, is told as far as
/// `GET /v1/events` tells it to an API key: that something happened. At most 20 endpoints are not retired.
#[utoipa::path(
    tag = "webhooks",
    params(WriteParameters),
    request_body = CreateWebhookEndpoint,
    responses(
        (status = 200, body = WebhookEndpointView, description = "A dry run: what would be made, without a secret."),
        (status = 201, body = WebhookEndpointWithSecret),
    )
)]
#[post("/webhook-endpoints")]
pub(crate) async fn create_webhook_endpoint(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateWebhookEndpoint>,
) -> Result<Answer, ApiError> {
    WebhookEndpoint::may_make(&call.actor)?;
    call.refuse_idempotency_key()?;
    let found = found(&call, body.parsed.as_ref().ok().map(|input| input.url.as_str())).await;
    let ((secret, written), dry_run) = (new_secret(&call), parameters.0.dry_run);
    let app = call.app.clone();
    let answer = call.create(parameters, body, move |input: CreateWebhookEndpoint, by, birth, tx| {
        let CreateWebhookEndpoint { url, description, events, payload } = input;
        let terms = Terms { url, description, events, payload: payload.unwrap_or(Payload::Thin) };
        let draft = WebhookEndpointDraft { terms, found, kept: kept(by.organisation, tx.connection())? };
        let change = WebhookEndpoint::register(draft, &app.settings.webhook_reach, by, birth)?;
        let sealed = app.webhook_seal.seal(birth.id, &secret).map_err(ApiError::Internal)?;
        webhook_endpoints::begin(birth.id, &sealed, tx)?;
        Ok(change)
    });
    let answer = answer.await?;
    if dry_run { Ok(answer) } else { answer.with_secret("secret", written) }
}

/// Read a webhook endpoint.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = WebhookEndpointView))
)]
#[get("/webhook-endpoints/{id}")]
pub(crate) async fn get_webhook_endpoint(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<WebhookEndpoint>(target, parameters).await
}

/// Amend a webhook endpoint: it holds for what is sent from then on.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendWebhookEndpoint, content_type = "application/merge-patch+json"),
    responses((status = 200, body = WebhookEndpointView))
)]
#[patch("/webhook-endpoints/{id}")]
pub(crate) async fn amend_webhook_endpoint(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendWebhookEndpoint>,
) -> Result<Answer, ApiError> {
    let found = found(&call, body.parsed.as_ref().ok().and_then(|input| input.url.as_deref())).await;
    let app = call.app.clone();
    call.amend(target, parameters, body, move |endpoint: WebhookEndpoint, input: AmendWebhookEndpoint, by, tx| {
        let AmendWebhookEndpoint { url, description, events, payload } = input;
        let amendment = Amendment { url, description, events, payload };
        Ok(endpoint.amend(amendment, (&app.settings.webhook_reach, &found), by, tx.now())?)
    })
    .await
}

verbs! {
    tag "webhooks", record WebhookEndpoint, view WebhookEndpointView;

    /// Let events wait for the time being. They stay in the journal, and are sent once the endpoint is resumed.
    pause_webhook_endpoint "/webhook-endpoints/{id}/pause" Pause PauseWebhookEndpoint
    |endpoint, input, facts, by, tx| endpoint.pause(input.reason, facts, by, tx.now());

    /// Send events again: those that wait and those that happened meanwhile, or only what happens from now on.
    resume_webhook_endpoint "/webhook-endpoints/{id}/resume" Resume ResumeWebhookEndpoint
    |endpoint, input, facts, by, tx| {
        let change = endpoint.resume(facts, by, tx.now())?;
        webhook_deliveries::resume(change.after().head().id, input.skip_missed.unwrap_or(false), tx)?;
        Ok::<_, ApiError>(change)
    };

    /// Say that nothing is sent to an endpoint any more. What waits is dropped.
    retire_webhook_endpoint "/webhook-endpoints/{id}/retire" Retire RetireWebhookEndpoint
    |endpoint, input, facts, by, tx| {
        let change = endpoint.retire(input.reason, facts, by, tx.now())?;
        webhook_deliveries::drop_waiting(change.after().head().id, tx)?;
        Ok::<_, ApiError>(change)
    };
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_webhook_endpoints)
        .service(create_webhook_endpoint)
        .service(get_webhook_endpoint)
        .service(amend_webhook_endpoint)
        .service(rotate_webhook_secret)
        .service(pause_webhook_endpoint)
        .service(resume_webhook_endpoint)
        .service(list_webhook_deliveries)
        .service(send_test_to_webhook_endpoint)
        .service(resend_webhook_delivery)
        .service(replay_webhook_endpoint)
        .service(retire_webhook_endpoint);
}
