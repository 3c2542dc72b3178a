//! API keys over HTTP: a machine's way in.

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::api_keys::{ApiKey, ApiKeyDraft, Scope, Verb};
use ratchet_domain::change::Record;
use ratchet_persistence::api_keys::{self, Filter};
use ratchet_persistence::connection::AnyConnection;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A machine's key. Its secret is shown once, when it is issued.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApiKeyView {
    #[serde(flatten)]
    pub head: HeadView,
    /// `issued` or `revoked`.
    #[schema(example = "issued")]
    pub state: &'static str,
    /// What the key is for.
    #[schema(example = "Patch figures from the endpoint tool")]
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it stops working by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// From where it may be used, as CIDR writes it; from everywhere where there is none.
    #[schema(example = json!(["203.0.113.0/24", "2001:db8:42::/48"]))]
    pub networks: Vec<String>,
    /// When it was used last, to the minute or so; `null` where it has not been. It changes without a write, and no version
    /// of the past says it.
    pub last_used_at: Option<DateTime<Utc>>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// A key that was just issued, with its secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IssuedApiKey {
    #[serde(flatten)]
    pub key: ApiKeyView,
    /// Send it as `Authorization: Bearer`. It is not stored and cannot be shown again.
    #[schema(example = "rk_0197a3c27c517d388f0e0d4f3a1b2c3d_9f86d081884c7d659a2feaa0c55ad015")]
    pub token: String,
}

/// What a list of keys can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApiKeyQuery {}

impl Resource for ApiKey {
    type View = ApiKeyView;
    type Query = ApiKeyQuery;
    const PATH: &'static str = "api-keys";

    fn view(&self, transitions: Option<Vec<Transition>>) -> ApiKeyView {
        let Self { head, name, scopes, secret_hash: _, expires_at, revoked_at, networks } = self;
        ApiKeyView {
            head: head.into(),
            state: if revoked_at.is_none() { "issued" } else { "revoked" },
            name: name.clone(),
            scopes: scopes.clone(),
            expires_at: *expires_at,
            revoked_at: *revoked_at,
            networks: networks.iter().map(ToString::to_string).collect(),
            last_used_at: None,
            transitions,
        }
    }

    fn fill(views: &mut [ApiKeyView], by: &Actor, connection: &mut AnyConnection) -> Result<(), ApiError> {
        let ids: Vec<Uuid> = views.iter().map(|view| view.head.id).collect();
        let used = api_keys::last_uses(by.organisation, &ids, connection)?;
        for view in views {
            view.last_used_at = used.get(&view.head.id).copied();
        }
        Ok(())
    }

    fn filter(ApiKeyQuery {}: ApiKeyQuery, _: &Actor, _: NaiveDate) -> Filter {
        Filter {}
    }
}

/// A key to be issued.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApiKey {
    /// What the key is for.
    #[schema(example = "Patch figures from the endpoint tool", max_length = 200)]
    name: String,
    /// At least one.
    scopes: Vec<Scope>,
    /// When it stops working by itself.
    #[serde(default, deserialize_with = "bounded")]
    expires_at: Option<DateTime<Utc>>,
    /// From where it may be used: blocks of addresses as CIDR writes them, IPv4 or IPv6; from everywhere without them. Used
    /// from elsewhere it is answered like a key that nobody has.
    #[serde(default)]
    #[schema(example = json!(["203.0.113.0/24", "2001:db8:42::/48"]), max_items = 50)]
    networks: Vec<String>,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeApiKey {}

/// List API keys.
#[utoipa::path(tag = "api-keys", params(PageParameters), responses((status = 200, body = Page<ApiKeyView>)))]
#[get("/api-keys")]
pub(crate) async fn list_api_keys(call: Call, list: List<ApiKeyQuery>) -> Result<Answer, ApiError> {
    call.list::<ApiKey>(list).await
}

/// Issue an API key. Its secret is in the answer and nowhere else, so `Idempotency-Key` is refused.
#[utoipa::path(
    tag = "api-keys",
    params(WriteParameters),
    request_body = CreateApiKey,
    responses(
        (status = 200, body = ApiKeyView, description = "A dry run: what would be issued, without a secret."),
        (status = 201, body = IssuedApiKey),
    )
)]
#[post("/api-keys")]
pub(crate) async fn create_api_key(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateApiKey>,
) -> Result<Answer, ApiError> {
    ApiKey::may_make(&call.actor)?;
    call.refuse_idempotency_key()?;
    let secret = hex::encode((call.app.source.random)());
    let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    let dry_run = parameters.0.dry_run;
    let answer = call.create(parameters, body, move |input: CreateApiKey, by, birth, _| {
        let CreateApiKey { name, scopes, expires_at, networks } = input;
        Ok(ApiKey::issue(ApiKeyDraft { name, scopes, secret_hash: hash, expires_at, networks }, by, birth)?)
    });
    let answer = answer.await?;
    if dry_run {
        return Ok(answer);
    }
    let view: serde_json::Value =
        serde_json::from_slice(&answer.body).map_err(|error| ApiError::Internal(error.to_string()))?;
    let id = view["id"].as_str().unwrap_or_default().replace('-', "");
    answer.with_secret("token", format!("rk_{id}_{secret}"))
}

/// Read an API key.
#[utoipa::path(
    tag = "api-keys",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ApiKeyView))
)]
#[get("/api-keys/{id}")]
pub(crate) async fn get_api_key(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<ApiKey>(target, parameters).await
}

/// End an API key at once.
#[utoipa::path(
    tag = "api-keys",
    params(("id" = String, Path), WriteParameters),
    request_body = RevokeApiKey,
    responses((status = 200, body = ApiKeyView))
)]
#[post("/api-keys/{id}/revoke")]
pub(crate) async fn revoke_api_key(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<RevokeApiKey>,
) -> Result<Answer, ApiError> {
    let app = call.app.clone();
    let answer = call.verb(target, Verb::Revoke, parameters, body, |key: ApiKey, RevokeApiKey {}, (), by, tx| {
        Ok(key.revoke(by, tx.now())?)
    });
    let answer = answer.await?;
    app.callers.forget_all();
    Ok(answer)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_api_keys).service(create_api_key).service(get_api_key).service(revoke_api_key);
}
