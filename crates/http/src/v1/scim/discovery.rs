//! What is spoken here, for programs: features, kinds, attributes (RFC 7643, sections 5 to 7).

use super::{ENTERPRISE, GROUP, LIST, PAGE, ScimShow, USER, answer, check, place};
use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use actix_web::http::StatusCode;
use actix_web::{get, web};
use serde_json::{Value, json};

/// What of SCIM is spoken here.
#[utoipa::path(
    tag = "scim",
    params(ScimShow),
    responses((status = 200, body = serde_json::Value, content_type = "application/scim+json"))
)]
#[get("/scim/v2/ServiceProviderConfig")]
pub(crate) async fn get_scim_service_provider_config(call: Call, _: Query<ScimShow>) -> Result<Answer, ApiError> {
    check(&call)?;
    let base = call.app.settings.public_url.trim_end_matches('/');
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": format!("{base}/docs/"),
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": PAGE.0 },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "API key", "primary": true,
            "description": "An API key with the scope members:provision, as a bearer token.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig", "location": format!("{base}{}ServiceProviderConfig", super::SCIM),
        },
    });
    answer(StatusCode::OK, &config)
}

/// The kinds that there are: users and groups.
#[utoipa::path(
    tag = "scim",
    params(ScimShow),
    responses((status = 200, body = serde_json::Value, content_type = "application/scim+json"))
)]
#[get("/scim/v2/ResourceTypes")]
pub(crate) async fn list_scim_resource_types(call: Call, _: Query<ScimShow>) -> Result<Answer, ApiError> {
    check(&call)?;
    listed(resource_types(&call.app.settings.public_url))
}

/// One of the kinds.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    responses((status = 200, body = serde_json::Value, content_type = "application/scim+json"))
)]
#[get("/scim/v2/ResourceTypes/{id}")]
pub(crate) async fn get_scim_resource_type(
    call: Call,
    id: web::Path<String>,
    _: Query<ScimShow>,
) -> Result<Answer, ApiError> {
    check(&call)?;
    one_of(&call, resource_types(&call.app.settings.public_url), &id)
}

fn resource_types(base: &str) -> Vec<Value> {
    let kind = |name: &str, endpoint: &str, schema: &str, extensions: Value| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": name, "name": name,
            "endpoint": endpoint, "description": format!("{name}s"), "schema": schema, "schemaExtensions": extensions,
            "meta": { "resourceType": "ResourceType", "location": place(base, "ResourceTypes", name) },
        })
    };
    let extension = json!([{ "schema": ENTERPRISE, "required": false }]);
    vec![kind("User", "/Users", USER, extension), kind("Group", "/Groups", GROUP, json!([]))]
}

/// The attributes that are kept.
#[utoipa::path(
    tag = "scim",
    params(ScimShow),
    responses((status = 200, body = serde_json::Value, content_type = "application/scim+json"))
)]
#[get("/scim/v2/Schemas")]
pub(crate) async fn list_scim_schemas(call: Call, _: Query<ScimShow>) -> Result<Answer, ApiError> {
    check(&call)?;
    listed(schemas(&call.app.settings.public_url))
}

/// The attributes of one kind.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    responses((status = 200, body = serde_json::Value, content_type = "application/scim+json"))
)]
#[get("/scim/v2/Schemas/{id}")]
pub(crate) async fn get_scim_schema(call: Call, id: web::Path<String>, _: Query<ScimShow>) -> Result<Answer, ApiError> {
    check(&call)?;
    one_of(&call, schemas(&call.app.settings.public_url), &id)
}

fn schemas(base: &str) -> Vec<Value> {
    let schema = |id: &str, name: &str, attributes: Value| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name,
            "description": name, "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": place(base, "Schemas", id) },
        })
    };
    let user = json!([
        attribute("userName", "string", "readWrite", json!({ "required": true, "uniqueness": "server" })),
        attribute("displayName", "string", "readWrite", json!({})),
        attribute(
            "name",
            "complex",
            "readWrite",
            json!({ "subAttributes": [
            attribute("formatted", "string", "readWrite", json!({})),
            attribute("givenName", "string", "readWrite", json!({})),
            attribute("familyName", "string", "readWrite", json!({})),
        ] })
        ),
        // Nobody is neither in nor out: it cannot be removed. Whoever is made without it is active.
        attribute("active", "boolean", "readWrite", json!({})),
        attribute(
            "emails",
            "complex",
            "readOnly",
            json!({ "multiValued": true, "subAttributes": [
            attribute("value", "string", "readOnly", json!({})),
            attribute("type", "string", "readOnly", json!({})),
            attribute("primary", "boolean", "readOnly", json!({})),
        ] })
        ),
        attribute("groups", "complex", "readOnly", json!({ "multiValued": true, "subAttributes": member_of("Group") })),
    ]);
    let group = json!([
        attribute("displayName", "string", "readOnly", json!({ "required": true, "uniqueness": "server" })),
        attribute(
            "members",
            "complex",
            "readWrite",
            json!({ "multiValued": true, "subAttributes": member_of("User") })
        ),
    ]);
    let enterprise = json!([attribute("department", "string", "readWrite", json!({}))]);
    vec![schema(USER, "User", user), schema(GROUP, "Group", group), schema(ENTERPRISE, "EnterpriseUser", enterprise)]
}

fn member_of(kind: &str) -> Value {
    json!([
        attribute("value", "string", "immutable", json!({})),
        attribute("display", "string", "readOnly", json!({})),
        attribute("$ref", "reference", "readOnly", json!({ "referenceTypes": [kind] })),
    ])
}

fn attribute(name: &str, kind: &str, mutability: &str, more: Value) -> Value {
    let mut attribute = json!({
        "name": name, "type": kind, "multiValued": false, "description": name, "required": false, "caseExact": false,
        "mutability": mutability, "returned": "default", "uniqueness": "none",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        attribute[name] = value.clone();
    }
    attribute
}

fn one_of(call: &Call, all: Vec<Value>, id: &str) -> Result<Answer, ApiError> {
    let known = call.header("if-none-match")?;
    let one = all.into_iter().find(|one| one["id"] == id).ok_or(ApiError::NotFound)?;
    Ok(answer(StatusCode::OK, &one)?.with_hash_as_etag().unless_known(known))
}

fn listed(resources: Vec<Value>) -> Result<Answer, ApiError> {
    let count = resources.len();
    let list = json!({
        "schemas": [LIST], "totalResults": count, "startIndex": 1, "itemsPerPage": count, "Resources": resources,
    });
    answer(StatusCode::OK, &list)
}
