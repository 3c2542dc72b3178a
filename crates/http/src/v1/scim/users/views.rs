//! A member as directories read it.

use crate::v1::scim::{ENTERPRISE, ScimMeta, USER, place};
use ratchet_domain::access::Role;
use ratchet_domain::members::{Called, Member};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// How somebody is called, as the directory said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::scim) struct ScimName {
    /// In full.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ada Byron")]
    formatted: Option<String>,
    /// The given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ada")]
    given_name: Option<String>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Byron")]
    family_name: Option<String>,
}

/// An address.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::v1::scim) struct ScimEmail {
    /// The address.
    #[schema(required = false, example = "ada@example.org")]
    value: String,
    /// `work`.
    #[serde(rename = "type")]
    #[schema(required = false, example = "work")]
    kind: &'static str,
    /// `true`: there is one alone.
    #[schema(required = false)]
    primary: bool,
}

/// A group of which somebody is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::v1::scim) struct ScimMembership {
    /// The group's id: a role.
    #[schema(required = false)]
    value: Role,
    /// The same.
    #[schema(required = false)]
    display: Role,
    /// Where it is.
    #[serde(rename = "$ref")]
    #[schema(required = false, example = "https://isms.example/v1/scim/v2/Groups/member")]
    place: String,
}

/// What the enterprise extension says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::v1::scim) struct ScimEnterprise {
    /// The part of the organisation in which the member works.
    #[schema(required = false, example = "Shipyard")]
    department: String,
}

/// A member, as directories have it; `attributes` and `excludedAttributes` leave out all but `schemas` and `id`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::scim) struct ScimUser {
    /// The schemas of what follows.
    schemas: Vec<&'static str>,
    /// The member's id.
    id: Uuid,
    /// The directory's own name for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// The address to log in with.
    #[schema(required = false, example = "ada@example.org")]
    user_name: String,
    /// How the directory calls the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<ScimName>,
    /// As the directory shows the member; of whom it has said no name, how the member is called here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ada Byron")]
    display_name: Option<String>,
    /// Whether the member may act at all.
    #[schema(required = false)]
    active: bool,
    /// The address to log in with.
    #[schema(required = false)]
    emails: Vec<ScimEmail>,
    /// The roles.
    #[schema(required = false)]
    groups: Vec<ScimMembership>,
    /// The enterprise extension, where it says anything.
    #[serde(
        rename = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        skip_serializing_if = "Option::is_none"
    )]
    enterprise: Option<ScimEnterprise>,
    /// Where it is, and how it stands.
    #[schema(required = false)]
    meta: ScimMeta,
}

/// Some of the users.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::v1::scim) struct ScimUserList {
    /// The schema of a list.
    pub schemas: Vec<&'static str>,
    /// How many there are.
    #[serde(rename = "totalResults")]
    pub total: i64,
    /// The first one that is shown, from 1.
    #[serde(rename = "startIndex")]
    pub start: i64,
    /// How many are shown.
    #[serde(rename = "itemsPerPage")]
    pub shown: usize,
    /// They.
    #[serde(rename = "Resources")]
    #[schema(value_type = Vec<ScimUser>)]
    pub users: Vec<Value>,
}

/// A member with the address that it logs in with.
pub(in crate::v1::scim) fn shown(member: &Member, address: &str, base: &str) -> ScimUser {
    let at = |role: &Role| {
        let id: &str = (*role).into();
        ScimMembership { value: *role, display: *role, place: place(base, "Groups", id) }
    };
    let enterprise = member.unit.clone().map(|department| ScimEnterprise { department });
    let extension = enterprise.is_some().then_some(ENTERPRISE);
    let Called { display, formatted, given, family } = member.called.clone();
    let has_name = formatted.is_some() || given.is_some() || family.is_some();
    ScimUser {
        schemas: std::iter::once(USER).chain(extension).collect(),
        id: member.head.id,
        external_id: member.external_id.clone(),
        user_name: address.to_owned(),
        name: has_name.then_some(ScimName { formatted, given_name: given, family_name: family }),
        display_name: if member.called.is_empty() { Some(member.name.clone()) } else { display },
        active: member.active,
        emails: vec![ScimEmail { value: address.to_owned(), kind: "work", primary: true }],
        groups: member.roles.iter().map(at).collect(),
        enterprise,
        meta: ScimMeta {
            resource_type: "User",
            created: Some(member.head.created_at),
            last_modified: Some(member.head.updated_at),
            location: place(base, "Users", &member.head.id.to_string()),
        },
    }
}
