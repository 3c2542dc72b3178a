//! Queries whose words are in a body and not in an address, which is kept in logs (RFC 7644, section 3.4.3).

use super::{Asked, LIST, ScimBody, Show, answer, check, fault, groups, users};
use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::v1::auth::Nothing;
use actix_web::http::StatusCode;
use actix_web::post;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is asked for; order is not followed, as where the address asks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScimSearch {
    #[serde(default)]
    attributes: Vec<String>,
    #[serde(default)]
    excluded_attributes: Vec<String>,
    #[serde(default)]
    filter: Option<String>,
    #[serde(default)]
    start_index: Option<i64>,
    #[serde(default)]
    count: Option<i64>,
}

fn asked(body: ScimBody) -> Result<Asked, ApiError> {
    let wrong = |_| fault("invalid_syntax", "the body must be a SearchRequest");
    let search: ScimSearch = serde_json::from_value(body.said?).map_err(wrong)?;
    let ScimSearch { attributes, excluded_attributes, filter, start_index, count } = search;
    let show = Show::named(attributes.iter().map(String::as_str), excluded_attributes.iter().map(String::as_str));
    Ok(Asked::new(filter, (start_index, count), show))
}

/// List the members as users, asked for by a body.
#[utoipa::path(
    tag = "scim",
    request_body(
        content = serde_json::Value,
        content_type = "application/scim+json",
        example = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": "userName eq \"ada@example.org\"", "attributes": ["userName", "active"],
        })
    ),
    responses((status = 200, body = users::ScimUserList, content_type = "application/scim+json"))
)]
#[post("/scim/v2/Users/.search")]
pub(crate) async fn search_scim_users(call: Call, _: Query<Nothing>, body: ScimBody) -> Result<Answer, ApiError> {
    check(&call)?;
    users::listed(&call, asked(body)?).await
}

/// List the roles as groups, asked for by a body.
#[utoipa::path(
    tag = "scim",
    request_body(
        content = serde_json::Value,
        content_type = "application/scim+json",
        example = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": "displayName eq \"auditor\"", "excludedAttributes": ["members"],
        })
    ),
    responses((status = 200, body = groups::ScimGroupList, content_type = "application/scim+json"))
)]
#[post("/scim/v2/Groups/.search")]
pub(crate) async fn search_scim_groups(call: Call, _: Query<Nothing>, body: ScimBody) -> Result<Answer, ApiError> {
    check(&call)?;
    groups::listed(&call, asked(body)?).await
}

/// List users and then groups, asked for by a body. What a filter compares and a kind has not, none of that kind has.
#[utoipa::path(
    tag = "scim",
    request_body(
        content = serde_json::Value,
        content_type = "application/scim+json",
        example = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 10 })
    ),
    responses((status = 200, body = serde_json::Value, content_type = "application/scim+json"))
)]
#[post("/scim/v2/.search")]
pub(crate) async fn search_scim(call: Call, _: Query<Nothing>, body: ScimBody) -> Result<Answer, ApiError> {
    check(&call)?;
    let asked = asked(body)?;
    let users = users::found(&call, &asked).await;
    let shown = users.as_ref().map_or(0, |(_, users)| users.len());
    let passed = users.as_ref().map_or(0, |(total, _)| *total);
    let left = Asked {
        skipped: (asked.skipped - passed).max(0),
        most: asked.most - i64::try_from(shown).unwrap_or(asked.most),
        ..asked.clone()
    };
    let ((of_users, mut found), (of_groups, groups)) = match (users, groups::found(&call, &left).await) {
        (Ok(users), Ok(groups)) => (users, groups),
        (Ok(users), Err(ApiError::Parameters(_))) => (users, (0, Vec::new())),
        (Err(ApiError::Parameters(_)), Ok(groups)) => ((0, Vec::new()), groups),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    found.extend(groups);
    let list = json!({
        "schemas": [LIST], "totalResults": of_users + of_groups, "startIndex": asked.skipped + 1,
        "itemsPerPage": found.len(), "Resources": Value::Array(found),
    });
    answer(StatusCode::OK, &list)
}
