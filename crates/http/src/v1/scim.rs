//! SCIM 2.0 (RFC 7643, RFC 7644): a directory says who the members are. Users are members, groups are roles.

mod discovery;
mod filter;
mod groups;
mod once;
mod patch;
mod search;
mod show;
mod users;

use self::once::Once;
use self::show::Show;

use crate::answer::Answer;
use crate::app::App;
use crate::body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::record::check_version;
use crate::routing::Routes;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use ratchet_domain::access::Permission;
use ratchet_domain::change::Record;
use ratchet_domain::members::Member;
use ratchet_domain::refusal::{Fault, Refusal};
use ratchet_domain::text;
use ratchet_persistence::journal::Receipt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::pin::Pin;

/// Where a directory finds it.
pub(crate) const SCIM: &str = "/v1/scim/v2/";
/// Its media type.
pub(crate) const SCIM_JSON: &str = "application/scim+json";
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(super) const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Where something is, and how it stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScimMeta {
    /// `User` or `Group`.
    #[schema(example = "User")]
    pub resource_type: &'static str,
    /// When it was made; of a user alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<chrono::DateTime<chrono::Utc>>,
    /// When it was last written; of a user alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<chrono::DateTime<chrono::Utc>>,
    /// Where it is.
    pub location: String,
}

/// Which attributes are shown.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct ScimShow {
    /// Attributes to be shown, with a comma between them; `schemas` and `id` are always.
    #[serde(default)]
    #[param(example = "userName,active")]
    attributes: Option<String>,
    /// Attributes to be left out, with a comma between them; `schemas` and `id` never are.
    #[serde(default)]
    #[param(example = "members")]
    excluded_attributes: Option<String>,
}

impl ScimShow {
    fn show(&self) -> Show {
        Show::of(self.attributes.as_deref(), self.excluded_attributes.as_deref())
    }
}

/// Which of them, and how many.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct ScimQuery {
    /// `eq` of one attribute, several joined by `and`: of users `id`, `userName`, `externalId`, `emails.value`, `active`; of groups
    /// `id`, `displayName`, `members`.
    #[serde(default)]
    #[param(example = "userName eq \"ada@example.org\"")]
    filter: Option<String>,
    /// The first one, from 1.
    #[serde(default)]
    #[param(example = 1)]
    start_index: Option<i64>,
    /// How many, at most 200; 100 without it.
    #[serde(default)]
    #[param(example = 100)]
    count: Option<i64>,
    /// Attributes to be shown, with a comma between them; `schemas` and `id` are always.
    #[serde(default)]
    #[param(example = "userName,active")]
    attributes: Option<String>,
    /// Attributes to be left out, with a comma between them; `schemas` and `id` never are.
    #[serde(default)]
    #[param(example = "members")]
    excluded_attributes: Option<String>,
}

/// The most of a page, and how many are on one unless somebody says otherwise.
pub(super) const PAGE: (i64, i64) = (200, 100);

/// What is asked for: which, from where on and how many at most, and what of them.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    filter: Option<String>,
    skipped: i64,
    most: i64,
    show: Show,
}

impl Asked {
    /// What is less than the least counts as that (RFC 7644, section 3.4.2.4).
    fn new(filter: Option<String>, (start, count): (Option<i64>, Option<i64>), show: Show) -> Self {
        let (most, usual) = PAGE;
        Self { filter, skipped: start.unwrap_or(1).max(1) - 1, most: count.unwrap_or(usual).clamp(0, most), show }
    }
}

impl ScimQuery {
    fn asked(self) -> Asked {
        let Self { filter, start_index, count, attributes, excluded_attributes } = self;
        let show = Show::of(attributes.as_deref(), excluded_attributes.as_deref());
        Asked::new(filter, (start_index, count), show)
    }
}

pub(super) fn place(base: &str, kind: &str, id: &str) -> String {
    format!("{}{SCIM}{kind}/{id}", base.trim_end_matches('/'))
}

/// A body, and what is wrong with it: told to whoever may ask.
pub(super) struct ScimBody {
    pub said: Result<Value, ApiError>,
    pub digest: [u8; 32],
}

impl FromRequest for ScimBody {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let app = request.app_data::<web::Data<App>>().ok_or(ApiError::Unauthenticated)?;
            let is_json = [SCIM_JSON, "application/json"].contains(&body::media_type(&request).as_str());
            let bytes = if is_json {
                body::read(&request, payload, app.settings.body_limit).await
            } else {
                Err(ApiError::MediaType("Content-Type must be application/scim+json."))
            };
            let digest = Sha256::digest(bytes.as_deref().unwrap_or_default()).into();
            let said = bytes.and_then(|bytes| {
                let said: Value = serde_json::from_slice(&bytes)
                    .map_err(|_| fault("invalid_syntax", "the body must be JSON of at most 128 levels"))?;
                if let Err(error) = serde_json::from_slice::<Once>(&bytes) {
                    return Err(fault("invalid_syntax", body::plain(&error)));
                }
                if !said.is_object() {
                    return Err(fault("invalid_syntax", "the body must be an object"));
                }
                if holds_forbidden(&said) {
                    return Err(fault("invalid_value", "the body holds a character that no text may hold"));
                }
                Ok(said)
            });
            Ok(Self { said, digest })
        })
    }
}

/// Whether a text in it holds what no text may: one database would take it, the other would not.
fn holds_forbidden(said: &Value) -> bool {
    let is_bad = |text: &str| text::forbidden_character("", text).is_some();
    match said {
        Value::String(text) => is_bad(text),
        Value::Array(items) => items.iter().any(holds_forbidden),
        Value::Object(members) => members.iter().any(|(name, value)| is_bad(name) || holds_forbidden(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What is wrong with what a directory says: its code is the protocol's (RFC 7644, 3.12).
pub(super) fn fault(code: &'static str, detail: impl Into<String>) -> ApiError {
    ApiError::Parameters(vec![Fault::new("", code, detail)])
}

/// Refuses who may not say who the members are.
pub(super) fn check(call: &Call) -> Result<(), ApiError> {
    if call.actor.may(Permission::ProvisionMembers, false) { Ok(()) } else { Err(Refusal::Forbidden.into()) }
}

/// What a rule refuses is told as the protocol has it.
pub(super) fn told(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Invalid(faults) => {
            let each = faults.iter().map(|fault| format!("{} {}", fault.pointer.trim_start_matches('/'), fault.detail));
            fault("invalid_value", each.collect::<Vec<_>>().join("; "))
        }
        other @ (Refusal::Forbidden | Refusal::State(_)) => other.into(),
    }
}

/// In the protocol's own media type.
pub(super) fn answer(status: StatusCode, body: &impl Serialize) -> Result<Answer, ApiError> {
    let body = serde_json::to_vec(body).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(Answer::bytes(status, SCIM_JSON, body))
}

/// With the entry that carries it, where something was written.
pub(super) fn with(answer: Answer, receipt: Option<Receipt>) -> Answer {
    match receipt {
        Some(receipt) => answer.with_receipt(receipt),
        None => answer,
    }
}

/// Whether the version that is named, where one is, is the member's.
pub(super) fn check_member_version(if_match: Option<&str>, member: &Member) -> Result<(), ApiError> {
    check_version(if_match, member.head().version)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(discovery::get_scim_service_provider_config)
        .service(discovery::list_scim_resource_types)
        .service(discovery::get_scim_resource_type)
        .service(discovery::list_scim_schemas)
        .service(discovery::get_scim_schema)
        .service(users::list_scim_users)
        .service(users::create_scim_user)
        .service(users::get_scim_user)
        .service(users::replace_scim_user)
        .service(users::patch_scim_user)
        .service(users::delete_scim_user)
        .service(groups::list_scim_groups)
        .service(groups::get_scim_group)
        .service(groups::replace_scim_group)
        .service(groups::patch_scim_group)
        .service(search::search_scim_users)
        .service(search::search_scim_groups)
        .service(search::search_scim);
}
