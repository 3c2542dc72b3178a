//! Groups: the roles. There are six, made by nobody; who is in them is who holds the role.

use super::patch::{Op, Step, steps};
use super::users::place;
use super::{
    GROUP, LIST, ScimBody, ScimMeta, ScimQuery, ScimShow, answer, check, fault, filter, leaves_out_members, told, with,
};
use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters};
use actix_web::http::StatusCode;
use actix_web::{get, patch, web};
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
use std::collections::BTreeSet;
use strum::VariantArray;
use uuid::Uuid;

/// Somebody who holds the role.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimGroupMember {
    /// The user's id.
    value: MemberId,
    /// How the member is called.
    #[schema(example = "Ada Byron")]
    display: String,
    /// Where the user is.
    #[serde(rename = "$ref")]
    #[schema(example = "https://isms.example/v1/scim/v2/Users/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    place: String,
}

/// A role, as directories have it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScimGroup {
    /// The schema of what follows.
    schemas: Vec<&'static str>,
    /// The role.
    id: Role,
    /// The same.
    display_name: Role,
    /// Who holds it; not there where it is not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<ScimGroupMember>>,
    /// Where it is.
    meta: ScimMeta,
}

/// Some of the groups.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimGroupList {
    /// The schema of a list.
    schemas: Vec<&'static str>,
    /// How many there are.
    #[serde(rename = "totalResults")]
    total: usize,
    /// The first one that is shown, from 1.
    #[serde(rename = "startIndex")]
    start: i64,
    /// How many are shown.
    #[serde(rename = "itemsPerPage")]
    shown: usize,
    /// They.
    #[serde(rename = "Resources")]
    groups: Vec<ScimGroup>,
}

/// Everybody with the roles held.
type Holders = Vec<(MemberId, String, Vec<Role>)>;

fn shown(role: Role, holders: Option<&Holders>, base: &str) -> ScimGroup {
    let one = |(id, name, _): &(MemberId, String, Vec<Role>)| ScimGroupMember {
        value: *id,
        display: name.clone(),
        place: place(base, "Users", &id.to_string()),
    };
    let members =
        holders.map(|holders| holders.iter().filter(|(_, _, roles)| roles.contains(&role)).map(one).collect());
    let id: &str = role.into();
    ScimGroup {
        schemas: vec![GROUP],
        id: role,
        display_name: role,
        members,
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
    let Query(query) = query;
    let compared = query.filter.as_deref().map(filter::read).transpose()?.unwrap_or_default();
    if let Some((other, _)) = compared.iter().find(|(name, _)| !["id", "displayname"].contains(&name.as_str())) {
        return Err(fault("invalid_filter", format!("groups are not found by {other}")));
    }
    let is_meant = |role: &&Role| {
        let name: &str = (**role).into();
        compared.iter().all(|(_, value)| value.as_str().is_some_and(|said| said.eq_ignore_ascii_case(name)))
    };
    let meant: Vec<Role> = Role::VARIANTS.iter().filter(is_meant).copied().collect();
    let (skipped, most) = query.window();
    let organisation = call.actor.organisation;
    let holders = if leaves_out_members(query.excluded_attributes.as_deref()) {
        None
    } else {
        Some(call.app.store.read(move |connection| holders(organisation, connection)).await?)
    };
    let base = &call.app.settings.public_url;
    let page = meant.iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX));
    let page = page.take(usize::try_from(most).unwrap_or_default());
    let groups: Vec<ScimGroup> = page.map(|role| shown(*role, holders.as_ref(), base)).collect();
    let list =
        ScimGroupList { schemas: vec![LIST], total: meant.len(), start: skipped + 1, shown: groups.len(), groups };
    answer(StatusCode::OK, &list)
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
    let organisation = call.actor.organisation;
    let holders = if leaves_out_members(show.0.excluded_attributes.as_deref()) {
        None
    } else {
        Some(call.app.store.read(move |connection| holders(organisation, connection)).await?)
    };
    let view = shown(role, holders.as_ref(), &call.app.settings.public_url);
    Ok(answer(StatusCode::OK, &view)?.with_hash_as_etag().unless_known(known.as_deref()))
}

/// Who is to hold the role, and who is not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Moves {
    /// Whether nobody else is to hold it.
    is_whole: bool,
    come: BTreeSet<Uuid>,
    go: BTreeSet<Uuid>,
}

impl Moves {
    fn of(role: Role, steps: Vec<Step>) -> Result<Self, ApiError> {
        let mut moves = Self::default();
        for Step { op, attribute, named, value } in steps {
            match attribute.as_str() {
                "members" => moves.hear(op, named.as_deref(), &value)?,
                // Directories say who the group is beside whatever they change.
                "id" | "displayname" if value.as_str() == Some(<&str>::from(role)) => {}
                "externalid" | "schemas" => {}
                "id" | "displayname" => return Err(fault("mutability", "a group is called as its role is")),
                other => return Err(fault("invalid_path", format!("no attribute of a group is called {other}"))),
            }
        }
        Ok(moves)
    }

    fn hear(&mut self, op: Op, named: Option<&str>, value: &Value) -> Result<(), ApiError> {
        let said = match (named, value) {
            (Some(named), _) => BTreeSet::from([id_of(named)?]),
            (None, Value::Null) => BTreeSet::new(),
            (None, value) => ids_of(value)?,
        };
        match op {
            Op::Add => self.come(said),
            Op::Set => {
                (self.is_whole, self.come, self.go) = (true, BTreeSet::new(), BTreeSet::new());
                self.come(said);
            }
            Op::Remove if named.is_none() && value.is_null() => {
                (self.is_whole, self.come, self.go) = (true, BTreeSet::new(), BTreeSet::new());
            }
            Op::Remove => {
                self.come.retain(|id| !said.contains(id));
                self.go.extend(said);
            }
        }
        Ok(())
    }

    fn come(&mut self, said: BTreeSet<Uuid>) {
        self.go.retain(|id| !said.contains(id));
        self.come.extend(said);
    }
}

fn ids_of(value: &Value) -> Result<BTreeSet<Uuid>, ApiError> {
    let wrong = || fault("invalid_value", "members are named by {\"value\": \"id\"}");
    let one = |member: &Value| id_of(member["value"].as_str().ok_or_else(wrong)?);
    match value {
        Value::Array(members) => members.iter().map(one).collect(),
        Value::Object(_) => Ok(BTreeSet::from([one(value)?])),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(wrong()),
    }
}

fn id_of(text: &str) -> Result<Uuid, ApiError> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
    id.ok_or_else(|| fault("invalid_value", "a member is named by the id of a user"))
}

/// Say who holds a role and who does not. Nobody becomes an admin by it, the last admin stays one, and whoever is left with no
/// role is `member`.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    request_body(content = serde_json::Value, content_type = "application/scim+json"),
    responses((status = 200, body = ScimGroup, content_type = "application/scim+json"))
)]
#[patch("/scim/v2/Groups/{id}")]
pub(crate) async fn patch_scim_group(
    call: Call,
    id: web::Path<String>,
    show: Query<ScimShow>,
    body: ScimBody,
) -> Result<Answer, ApiError> {
    check(&call)?;
    let (role, ScimBody { said, digest }) = (role_of(&id)?, body);
    let is_bare = leaves_out_members(show.0.excluded_attributes.as_deref());
    let (base, app) = (call.app.settings.public_url.clone(), call.app.clone());
    let job = move |tx: &mut Tx<'_>| {
        let moves = Moves::of(role, steps(&said?)?)?;
        let organisation = tx.actor().organisation;
        tx.enter(organisation.0)?;
        let receipt = carry_out(role, moves, tx)?;
        let holders = if is_bare { None } else { Some(holders(organisation, tx.connection())?) };
        let answer = answer(StatusCode::OK, &shown(role, holders.as_ref(), &base))?.with_hash_as_etag();
        Ok(with(answer, receipt))
    };
    let answer = call.write(&WriteParameters::default(), &digest, job).await?;
    app.callers.forget_all();
    Ok(answer)
}

fn carry_out(role: Role, moves: Moves, tx: &mut Tx<'_>) -> Result<Option<Receipt>, ApiError> {
    let Moves { is_whole, come, mut go } = moves;
    let organisation = tx.actor().organisation;
    let everybody = holders(organisation, tx.connection())?;
    let is_there = |id: &Uuid| everybody.iter().any(|(member, _, _)| member.0 == *id);
    if let Some(unknown) = come.iter().find(|id| !is_there(id)) {
        return Err(fault("invalid_value", format!("{unknown} is no user who is active")));
    }
    let holds = |id: &Uuid| everybody.iter().any(|(member, _, roles)| member.0 == *id && roles.contains(&role));
    if is_whole {
        go = everybody.iter().map(|(member, _, _)| member.0).filter(|id| !come.contains(id)).collect();
    }
    let mut receipt = None;
    let moved = come.iter().filter(|id| !holds(id)).map(|id| (*id, true));
    let moved: Vec<(Uuid, bool)> = moved.chain(go.iter().filter(|id| holds(id)).map(|id| (*id, false))).collect();
    for (id, comes) in moved {
        let member: Member = tx.load(Locator::Id(id))?;
        let others = member.roles.iter().copied().filter(|held| *held != role);
        let said: Vec<Role> = others.chain(comes.then_some(role)).collect();
        let (facts, by, now) = (tx.facts(&member)?, tx.actor().clone(), tx.now());
        if let Some(change) = member.follow_groups(&said, &facts, &by, now).map_err(told)? {
            receipt = Some(tx.save(change)?.1);
        }
    }
    Ok(receipt)
}
