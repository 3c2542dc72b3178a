//! Groups: the roles. There are six, made by nobody; who is in them is who holds the role.

mod moves;

use self::moves::Moves;
use super::patch::{Op, Step, attributes, steps};
use super::{
    Asked, GROUP, LIST, ScimBody, ScimMeta, ScimQuery, ScimShow, Show, answer, check, fault, filter, place, told, with,
};
use crate::answer::{Answer, hash_of, knows};
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters};
use actix_web::http::{StatusCode, header};
use actix_web::{get, patch, put, web};
use ratchet_domain::access::Role;
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::members::Member;
use ratchet_domain::reference::Locator;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::journal::Receipt;
use ratchet_persistence::members;
use ratchet_persistence::tx::Tx;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use strum::VariantArray;
use uuid::Uuid;

/// Users that come to a group or leave it by one request, at most.
const MOVES: usize = 1_000;

/// Somebody who holds the role.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimGroupMember {
    /// The user's id.
    #[schema(required = false)]
    value: MemberId,
    /// How the member is called.
    #[schema(required = false, example = "Ada Byron")]
    display: String,
    /// Where the user is.
    #[serde(rename = "$ref")]
    #[schema(required = false, example = "https://isms.example/v1/scim/v2/Users/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    place: String,
}

/// A role, as directories have it; `attributes` and `excludedAttributes` leave out all but `schemas` and `id`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScimGroup {
    /// The schema of what follows.
    schemas: Vec<&'static str>,
    /// The role.
    id: Role,
    /// The same.
    #[schema(required = false)]
    display_name: Role,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<ScimGroupMember>>,
    /// Where it is.
    #[schema(required = false)]
    meta: ScimMeta,
}

/// Some of the groups.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimGroupList {
    /// The schema of a list.
    schemas: Vec<&'static str>,
    /// How many there are.
    #[serde(rename = "totalResults")]
    total: i64,
    /// The first one that is shown, from 1.
    #[serde(rename = "startIndex")]
    start: i64,
    /// How many are shown.
    #[serde(rename = "itemsPerPage")]
    shown: usize,
    /// They.
    #[serde(rename = "Resources")]
    #[schema(value_type = Vec<ScimGroup>)]
    groups: Vec<Value>,
}

/// Everybody whom the directory has not removed, with the roles held.
type Holders = Vec<(MemberId, String, Vec<Role>)>;

fn shown(role: Role, holders: &Holders, base: &str) -> ScimGroup {
    let one = |(id, name, _): &(MemberId, String, Vec<Role>)| ScimGroupMember {
        value: *id,
        display: name.clone(),
        place: place(base, "Users", &id.to_string()),
    };
    let members = holders.iter().filter(|(_, _, roles)| roles.contains(&role)).map(one).collect();
    let id: &str = role.into();
    ScimGroup {
        schemas: vec![GROUP],
        id: role,
        display_name: role,
        members: Some(members),
        meta: ScimMeta {
            resource_type: "Group",
            created: None,
            last_modified: None,
            location: place(base, "Groups", id),
        },
    }
}

fn role_of(id: &str) -> Result<Role, ApiError> {
    id.parse().map_err(|_| ApiError::NotFound)
}

/// List the roles as groups.
#[utoipa::path(
    tag = "scim",
    params(ScimQuery),
    responses((status = 200, body = ScimGroupList, content_type = "application/scim+json"))
)]
#[get("/scim/v2/Groups")]
pub(crate) async fn list_scim_groups(call: Call, query: Query<ScimQuery>) -> Result<Answer, ApiError> {
    check(&call)?;
    listed(&call, query.0.asked()).await
}

/// The answer to whoever asks for some.
pub(super) async fn listed(call: &Call, asked: Asked) -> Result<Answer, ApiError> {
    let (total, groups) = found(call, &asked).await?;
    let list = ScimGroupList { schemas: vec![LIST], total, start: asked.skipped + 1, shown: groups.len(), groups };
    answer(StatusCode::OK, &list)
}

/// How many there are, and those that are asked for.
pub(super) async fn found(call: &Call, asked: &Asked) -> Result<(i64, Vec<Value>), ApiError> {
    let compared = asked.filter.as_deref().map(filter::read).transpose()?.unwrap_or_default();
    let known = ["id", "displayname", "externalid", "members", "members.value"];
    if let Some((other, _)) = compared.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(fault("invalid_filter", format!("groups are not found by {other}")));
    }
    let organisation = call.actor.organisation;
    let asks_who = compared.iter().any(|(name, _)| name.starts_with("members"));
    let holders = if asks_who || asked.show.shows("members") {
        call.app.store.read(move |connection| holders(organisation, connection)).await?
    } else {
        Holders::new()
    };
    let is_meant = |role: &&Role| compared.iter().all(|comparison| is_so(**role, comparison, &holders));
    let meant: Vec<Role> = Role::VARIANTS.iter().filter(is_meant).copied().collect();
    let page = meant.iter().skip(usize::try_from(asked.skipped).unwrap_or(usize::MAX));
    let page = page.take(usize::try_from(asked.most).unwrap_or_default());
    let base = &call.app.settings.public_url;
    let views = page.map(|role| asked.show.of_resource(&shown(*role, &holders, base)));
    Ok((i64::try_from(meant.len()).unwrap_or(i64::MAX), views.collect::<Result<_, _>>()?))
}

/// Groups have no name of the directory's own.
fn is_so(role: Role, (attribute, value): &(String, Value), holders: &Holders) -> bool {
    let Some(said) = value.as_str() else { return false };
    match attribute.as_str() {
        "id" | "displayname" => said.eq_ignore_ascii_case(role.into()),
        "externalid" => false,
        _ => holders.iter().any(|(id, _, roles)| roles.contains(&role) && id.to_string().eq_ignore_ascii_case(said)),
    }
}

fn holders(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Holders, ApiError> {
    Ok(members::with_names_and_roles(organisation, connection)?)
}

/// Read a role as a group.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    responses((status = 200, body = ScimGroup, content_type = "application/scim+json"))
)]
#[get("/scim/v2/Groups/{id}")]
pub(crate) async fn get_scim_group(
    call: Call,
    id: web::Path<String>,
    show: Query<ScimShow>,
) -> Result<Answer, ApiError> {
    check(&call)?;
    let (role, known) = (role_of(&id)?, call.header("if-none-match")?.map(str::to_owned));
    let (organisation, show) = (call.actor.organisation, show.0.show());
    let holders = call.app.store.read(move |connection| holders(organisation, connection)).await?;
    let group = shown(role, &holders, &call.app.settings.public_url);
    Ok(told_of(&group, &show)?.unless_known(known.as_deref()))
}

/// Say who holds a role. Nobody becomes an admin by it, the last admin stays one, and whoever is left with no role is `member`.
/// Where nothing is said of members, they stay.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    request_body(
        content = serde_json::Value,
        content_type = "application/scim+json",
        example = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "auditor",
            "members": [{ "value": "0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d" }],
        })
    ),
    responses((status = 200, body = ScimGroup, content_type = "application/scim+json"))
)]
#[put("/scim/v2/Groups/{id}")]
pub(crate) async fn replace_scim_group(
    call: Call,
    id: web::Path<String>,
    show: Query<ScimShow>,
    body: ScimBody,
) -> Result<Answer, ApiError> {
    let ScimBody { said, digest } = body;
    let read = move || -> Result<Vec<Step>, ApiError> {
        let said = said?;
        let said = said.as_object().map(attributes).unwrap_or_default().into_iter();
        let whole = said.filter(|(attribute, _)| attribute != "meta");
        Ok(whole.map(|(attribute, value)| Step { op: Op::Set, attribute, named: None, value }).collect())
    };
    change(call, (id.as_str(), show.0.show()), &digest, read).await
}

/// Say who holds a role and who does not. Nobody becomes an admin by it, the last admin stays one, and whoever is left with no
/// role is `member`.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    request_body(
        content = serde_json::Value,
        content_type = "application/scim+json",
        example = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{
                "op": "add", "path": "members", "value": [{ "value": "0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d" }],
            }],
        })
    ),
    responses((status = 200, body = ScimGroup, content_type = "application/scim+json"))
)]
#[patch("/scim/v2/Groups/{id}")]
pub(crate) async fn patch_scim_group(
    call: Call,
    id: web::Path<String>,
    show: Query<ScimShow>,
    body: ScimBody,
) -> Result<Answer, ApiError> {
    let ScimBody { said, digest } = body;
    change(call, (id.as_str(), show.0.show()), &digest, move || steps(&said?)).await
}

async fn change(
    call: Call,
    (id, show): (&str, Show),
    digest: &[u8; 32],
    read: impl FnOnce() -> Result<Vec<Step>, ApiError> + Send + 'static,
) -> Result<Answer, ApiError> {
    check(&call)?;
    let (role, if_match) = (role_of(id)?, call.header("if-match")?.map(str::to_owned));
    let (base, app) = (call.app.settings.public_url.clone(), call.app.clone());
    let job = move |tx: &mut Tx<'_>| {
        let moves = Moves::of(role, read()?)?;
        let organisation = tx.actor().organisation;
        tx.enter(organisation.0)?;
        let everybody = holders(organisation, tx.connection())?;
        check_group_version(if_match.as_deref(), &shown(role, &everybody, &base))?;
        let receipt = carry_out(role, moves, &everybody, tx)?;
        let holders = holders(organisation, tx.connection())?;
        Ok(with(told_of(&shown(role, &holders, &base), &show)?, receipt))
    };
    let answer = call.write(&WriteParameters::default(), digest, job).await?;
    app.callers.forget_all();
    Ok(answer)
}

/// A group has no version: what it is known by is the whole of it, however much of it is shown.
fn etag_of(group: &ScimGroup) -> Result<String, ApiError> {
    let whole = answer(StatusCode::OK, &Show::default().of_resource(group)?)?;
    Ok(format!("\"{}\"", hash_of(&whole.body)))
}

fn told_of(group: &ScimGroup, show: &Show) -> Result<Answer, ApiError> {
    Ok(answer(StatusCode::OK, &show.of_resource(group)?)?.with(&header::ETAG, etag_of(group)?))
}

/// The protocol's failures have no place for a version.
fn check_group_version(if_match: Option<&str>, group: &ScimGroup) -> Result<(), ApiError> {
    let Some(known) = if_match else { return Ok(()) };
    if knows(known, &etag_of(group)?) { Ok(()) } else { Err(ApiError::Stale(0)) }
}

fn carry_out(role: Role, moves: Moves, everybody: &Holders, tx: &mut Tx<'_>) -> Result<Option<Receipt>, ApiError> {
    let Moves { is_whole, come, mut go, replaced } = moves;
    let is_held: HashMap<Uuid, bool> =
        everybody.iter().map(|(member, _, roles)| (member.0, roles.contains(&role))).collect();
    if let Some(unknown) = come.iter().find(|id| !is_held.contains_key(id)) {
        return Err(fault("invalid_value", format!("{unknown} is no user")));
    }
    let held = |id: &Uuid| is_held.get(id).copied().unwrap_or_default();
    if let Some(other) = replaced.iter().find(|id| !held(id)) {
        return Err(fault("no_target", format!("{other} is not in the group")));
    }
    if is_whole {
        go = everybody.iter().map(|(member, _, _)| member.0).filter(|id| !come.contains(id)).collect();
    }
    let come = come.iter().filter(|id| !held(id)).map(|id| (*id, true));
    let moved: Vec<(Uuid, bool)> = come.chain(go.iter().filter(|id| held(id)).map(|id| (*id, false))).collect();
    if moved.len() > MOVES {
        return Err(fault("too_many", format!("at most {MOVES} users come or go at once")));
    }
    let mut receipt = None;
    for (id, is_in) in moved {
        let member: Member = tx.load(Locator::Id(id))?;
        let (facts, by, now) = (tx.facts(&member)?, tx.actor().clone(), tx.now());
        if let Some(change) = member.follow_group((role, is_in), &facts, &by, now).map_err(told)? {
            receipt = Some(tx.save(change)?.1);
        }
    }
    Ok(receipt)
}
