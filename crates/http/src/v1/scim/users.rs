//! Users: the members, as directories read and write them.

use super::patch::{Op, Step, attributes, steps};
use super::{
    ENTERPRISE, LIST, ScimBody, ScimMeta, ScimQuery, ScimShow, USER, answer, check, check_member_version, fault,
    filter, told, with,
};
use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters};
use actix_web::http::{StatusCode, header};
use actix_web::{delete, get, patch, post, put, web};
use ratchet_domain::access::Role;
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, MemberId, OrganisationId};
use ratchet_domain::members::{Member, MemberDraft, Said};
use ratchet_domain::reference::Locator;
use ratchet_domain::text;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::journal::Receipt;
use ratchet_persistence::members::{self, InDirectory};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{accounts, sessions};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// How somebody is called.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimName {
    /// In full.
    #[schema(example = "Ada Byron")]
    formatted: String,
}

/// An address.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimEmail {
    /// The address.
    #[schema(example = "ada@example.org")]
    value: String,
    /// `work`.
    #[serde(rename = "type")]
    #[schema(example = "work")]
    kind: &'static str,
    /// `true`: there is one alone.
    primary: bool,
}

/// A group of which somebody is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimMembership {
    /// The group's id: a role.
    value: Role,
    /// The same.
    display: Role,
    /// Where it is.
    #[serde(rename = "$ref")]
    #[schema(example = "https://isms.example/v1/scim/v2/Groups/member")]
    place: String,
}

/// What the enterprise extension says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimEnterprise {
    /// The part of the organisation in which the member works.
    #[schema(example = "Shipyard")]
    department: String,
}

/// A member, as directories have it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScimUser {
    /// The schemas of what follows.
    schemas: Vec<&'static str>,
    /// The member's id.
    id: Uuid,
    /// The directory's own name for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// The address to log in with.
    #[schema(example = "ada@example.org")]
    user_name: String,
    /// How the member is called.
    name: ScimName,
    /// The same.
    display_name: String,
    /// Whether the member may act at all.
    active: bool,
    /// The address to log in with.
    emails: Vec<ScimEmail>,
    /// The roles.
    groups: Vec<ScimMembership>,
    /// The enterprise extension, where it says anything.
    #[serde(
        rename = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        skip_serializing_if = "Option::is_none"
    )]
    enterprise: Option<ScimEnterprise>,
    /// Where it is, and how it stands.
    meta: ScimMeta,
}

/// Some of the users.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScimUserList {
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
    users: Vec<ScimUser>,
}

pub(super) fn place(base: &str, kind: &str, id: &str) -> String {
    format!("{}{}{kind}/{id}", base.trim_end_matches('/'), super::SCIM)
}

fn shown(member: &Member, address: String, base: &str) -> ScimUser {
    let at = |role: &Role| {
        let id: &str = (*role).into();
        ScimMembership { value: *role, display: *role, place: place(base, "Groups", id) }
    };
    let enterprise = member.unit.clone().map(|department| ScimEnterprise { department });
    let extension = enterprise.is_some().then_some(ENTERPRISE);
    ScimUser {
        schemas: std::iter::once(USER).chain(extension).collect(),
        id: member.head.id,
        external_id: member.external_id.clone(),
        user_name: address.clone(),
        name: ScimName { formatted: member.name.clone() },
        display_name: member.name.clone(),
        active: member.active,
        emails: vec![ScimEmail { value: address, kind: "work", primary: true }],
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

/// What a directory says of somebody.
#[derive(Debug, Default)]
struct Input {
    address: Option<String>,
    active: Option<bool>,
    said: Said,
    given: Option<String>,
    family: Option<String>,
}

/// Attributes of the schema that are not kept: what is said of them is taken, and forgotten.
const FORGOTTEN: [&str; 24] = [
    "schemas",
    "id",
    "meta",
    "groups",
    "nickname",
    "profileurl",
    "title",
    "usertype",
    "preferredlanguage",
    "locale",
    "timezone",
    "password",
    "emails",
    "phonenumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509certificates",
    "employeenumber",
    "costcenter",
    "division",
    "organization",
];

impl Input {
    fn of(body: &Value) -> Result<Self, ApiError> {
        let said = body.as_object().map(attributes).unwrap_or_default();
        let mut input = Self::default();
        for (attribute, value) in said {
            input.hear(Op::Set, &attribute, &value)?;
        }
        Ok(input.named())
    }

    fn of_steps(steps: Vec<Step>) -> Result<Self, ApiError> {
        let mut input = Self::default();
        for Step { op, attribute, named: _, value } in steps {
            input.hear(op, &attribute, &value)?;
        }
        Ok(input.named())
    }

    fn hear(&mut self, op: Op, attribute: &str, value: &Value) -> Result<(), ApiError> {
        // What is removed, or set to nothing, is said to be none.
        let is_none = op == Op::Remove || value.is_null();
        let text = || match value.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(fault("invalid_value", format!("{attribute} must be a text"))),
        };
        match attribute {
            "username" if is_none => return Err(fault("invalid_value", "userName must be there")),
            "username" => self.address = Some(address(&text()?)?),
            "active" if is_none => return Err(fault("invalid_value", "active must be true or false")),
            "active" => self.active = Some(boolean(value)?),
            "externalid" if is_none => self.said.external_id = Some(None),
            "externalid" => self.said.external_id = Some(Some(text()?)),
            "department" if is_none => self.said.unit = Some(None),
            "department" => self.said.unit = Some(Some(text()?)),
            "displayname" | "name.formatted" if is_none => {}
            "displayname" => self.said.name = Some(text()?),
            "name.formatted" if self.said.name.is_none() => self.said.name = Some(text()?),
            "name.givenname" if !is_none => self.given = Some(text()?),
            "name.familyname" if !is_none => self.family = Some(text()?),
            other => {
                let root = other.split(['.', ':']).next().unwrap_or_default();
                let is_known = FORGOTTEN.contains(&root) || matches!(root, "name" | "manager" | "urn");
                if !is_known {
                    return Err(fault("invalid_path", format!("no attribute is called {other}")));
                }
            }
        }
        Ok(())
    }

    /// Of whoever is called in parts alone, the parts.
    fn named(mut self) -> Self {
        if self.said.name.is_none()
            && let (Some(given), Some(family)) = (&self.given, &self.family)
        {
            self.said.name = Some(format!("{given} {family}"));
        }
        self
    }
}

fn address(said: &str) -> Result<String, ApiError> {
    text::email("userName", said).map_err(|wrong| fault("invalid_value", format!("userName {}", wrong.detail)))
}

/// Entra ID writes it as a text.
fn boolean(value: &Value) -> Result<bool, ApiError> {
    match value {
        Value::Bool(said) => Ok(*said),
        Value::String(said) if said.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(said) if said.eq_ignore_ascii_case("false") => Ok(false),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Err(fault("invalid_value", "active must be true or false"))
        }
    }
}

/// The member whom the path names, where the directory has not removed it.
fn find(organisation: OrganisationId, id: &str, connection: &mut AnyConnection) -> Result<(Member, String), ApiError> {
    let id = Uuid::try_parse(id).ok().filter(|_| id.len() == 36).ok_or(ApiError::NotFound)?;
    let one = InDirectory { id: Some(MemberId(id)), ..InDirectory::default() };
    let (_, mut found) = members::in_directory(organisation, &one, (0, 1), connection)?;
    found.pop().ok_or(ApiError::NotFound)
}

/// List the members as users.
#[utoipa::path(
    tag = "scim",
    params(ScimQuery),
    responses((status = 200, body = ScimUserList, content_type = "application/scim+json"))
)]
#[get("/scim/v2/Users")]
pub(crate) async fn list_scim_users(call: Call, query: Query<ScimQuery>) -> Result<Answer, ApiError> {
    check(&call)?;
    let Query(query) = query;
    let narrowed = narrowed(query.filter.as_deref())?;
    let ((skipped, most), organisation) = (query.window(), call.actor.organisation);
    let read = move |connection: &mut AnyConnection| {
        Ok::<_, ApiError>(members::in_directory(organisation, &narrowed, (skipped, most), connection)?)
    };
    let (total, found) = call.app.store.read(read).await?;
    let base = &call.app.settings.public_url;
    let users: Vec<ScimUser> = found.into_iter().map(|(member, address)| shown(&member, address, base)).collect();
    answer(StatusCode::OK, &ScimUserList { schemas: vec![LIST], total, start: skipped + 1, shown: users.len(), users })
}

fn narrowed(filter: Option<&str>) -> Result<InDirectory, ApiError> {
    let mut narrowed = InDirectory::default();
    for (attribute, value) in filter.map(filter::read).transpose()?.unwrap_or_default() {
        let text = || match &value {
            Value::String(text) => Ok(text.clone()),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(fault("invalid_filter", format!("{attribute} is a text, and not {other}")))
            }
        };
        match attribute.as_str() {
            "id" => narrowed.id = Some(MemberId(Uuid::try_parse(&text()?).unwrap_or_default())),
            "username" | "emails.value" | "emails" => narrowed.address = Some(text()?.to_ascii_lowercase()),
            "externalid" => narrowed.external_id = Some(text()?),
            "active" => {
                narrowed.active = Some(boolean(&value).map_err(|_| fault("invalid_filter", "active is true or false"))?)
            }
            other => return Err(fault("invalid_filter", format!("users are not found by {other}"))),
        }
    }
    Ok(narrowed)
}

/// Make a member of a user: with the role `member`, and without a password.
///
/// Whoever was removed, and has the same address, is there again, with the same id and the roles there were.
#[utoipa::path(
    tag = "scim",
    params(ScimShow),
    request_body(content = serde_json::Value, content_type = "application/scim+json"),
    responses((status = 201, body = ScimUser, content_type = "application/scim+json"))
)]
#[post("/scim/v2/Users")]
pub(crate) async fn create_scim_user(call: Call, _: Query<ScimShow>, body: ScimBody) -> Result<Answer, ApiError> {
    check(&call)?;
    let ScimBody { said, digest } = body;
    let base = call.app.settings.public_url.clone();
    let job = move |tx: &mut Tx<'_>| {
        let input = Input::of(&said?)?;
        let address = input.address.clone().ok_or_else(|| fault("invalid_value", "userName must be there"))?;
        let organisation = tx.actor().organisation;
        tx.enter(organisation.0)?;
        let (member, receipt) = match members::by_address(organisation, &address, tx.connection())? {
            Some(id) => come_back(id, tx)?,
            None => provision(&input, &address, tx)?,
        };
        let (member, receipt) = follow(member, Input { address: None, ..input }, Some(receipt), tx)?;
        let view = shown(&member, address, &base);
        let place = view.meta.location.clone();
        let answer = answer(StatusCode::CREATED, &view)?.with_etag(member.head.version).about(member.head.id);
        Ok(with(answer, receipt).with(&header::LOCATION, place))
    };
    let app = call.app.clone();
    let answer = call.write(&WriteParameters::default(), &digest, job).await?;
    app.callers.forget_all();
    Ok(answer)
}

fn provision(input: &Input, address: &str, tx: &mut Tx<'_>) -> Result<(Member, Receipt), ApiError> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let account = AccountId(tx.next_id());
    accounts::insert(account, by.organisation, (address, ""), now, tx.connection())?;
    let birth = tx.birth(Member::PREFIX)?;
    let name = input.said.name.clone().unwrap_or_else(|| address.to_owned());
    let draft = MemberDraft { account, name, unit: input.said.unit.clone().flatten(), roles: vec![Role::Member] };
    let external_id = input.said.external_id.clone().flatten();
    Ok(tx.save(Member::provision(draft, external_id, &by, birth).map_err(told)?)?)
}

/// Whoever was removed comes back; whoever is there is there already.
fn come_back(id: MemberId, tx: &mut Tx<'_>) -> Result<(Member, Receipt), ApiError> {
    let member: Member = tx.load(Locator::Id(id.0))?;
    if !member.has_left_directory {
        return Err(ApiError::Taken("userName"));
    }
    let (facts, by, now) = (tx.facts(&member)?, tx.actor().clone(), tx.now());
    Ok(tx
        .save(member.reactivate("The directory has made the user again".to_owned(), &facts, &by, now).map_err(told)?)?)
}

/// Brings a member to what is said; what was written last.
fn follow(
    mut member: Member,
    input: Input,
    mut receipt: Option<Receipt>,
    tx: &mut Tx<'_>,
) -> Result<(Member, Option<Receipt>), ApiError> {
    let Input { address, active, said, given: _, family: _ } = input;
    let (by, now) = (tx.actor().clone(), tx.now());
    if let Some(change) = member.clone().follow_directory(said, &by, now).map_err(told)? {
        let (saved, written) = tx.save(change)?;
        (member, receipt) = (saved, Some(written));
    }
    if let Some(address) = address {
        let taken = members::by_address(by.organisation, &address, tx.connection())?;
        if taken.is_some_and(|other| other.0 != member.head.id) {
            return Err(ApiError::Taken("userName"));
        }
        if taken.is_none() {
            let (saved, written) = tx.save(member.note_new_address(&by, now)?)?;
            accounts::change_address(saved.account, &address, tx.connection())?;
            (member, receipt) = (saved, Some(written));
        }
    }
    if let Some(active) = active.filter(|active| *active != member.active) {
        let (facts, id) = (tx.facts(&member)?, MemberId(member.head.id));
        let change = if active {
            member.reactivate("The directory has activated the user".to_owned(), &facts, &by, now)?
        } else {
            sessions::end_of_member(id, now, tx.connection())?;
            member.deactivate("The directory has deactivated the user".to_owned(), &facts, &by, now)?
        };
        let (saved, written) = tx.save(change)?;
        (member, receipt) = (saved, Some(written));
    }
    Ok((member, receipt))
}

/// Read a member as a user.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    responses((status = 200, body = ScimUser, content_type = "application/scim+json"))
)]
#[get("/scim/v2/Users/{id}")]
pub(crate) async fn get_scim_user(call: Call, id: web::Path<String>, _: Query<ScimShow>) -> Result<Answer, ApiError> {
    check(&call)?;
    let known = call.header("if-none-match")?.map(str::to_owned);
    let organisation = call.actor.organisation;
    let read = move |connection: &mut AnyConnection| find(organisation, &id, connection);
    let (member, address) = call.app.store.read(read).await?;
    let view = shown(&member, address, &call.app.settings.public_url);
    Ok(answer(StatusCode::OK, &view)?.with_etag(member.head.version).unless_known(known.as_deref()))
}

/// Bring a member to what a user is said to be. Attributes that are not said stay, but for those of which there is none.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    request_body(content = serde_json::Value, content_type = "application/scim+json"),
    responses((status = 200, body = ScimUser, content_type = "application/scim+json"))
)]
#[put("/scim/v2/Users/{id}")]
pub(crate) async fn replace_scim_user(
    call: Call,
    id: web::Path<String>,
    _: Query<ScimShow>,
    body: ScimBody,
) -> Result<Answer, ApiError> {
    let ScimBody { said, digest } = body;
    let read = move || {
        let input = Input::of(&said?)?;
        if input.address.is_none() {
            return Err(fault("invalid_value", "userName must be there"));
        }
        // What is not said of a user that is replaced is none.
        let Input { address, active, said: Said { name, unit, external_id }, given, family } = input;
        let said = Said { name, unit: Some(unit.flatten()), external_id: Some(external_id.flatten()) };
        Ok(Input { address, active, said, given, family })
    };
    change(call, &id, &digest, read).await
}

/// Change what is said of a user. Ending a member's access (`active` is `false`) ends it at once.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    request_body(content = serde_json::Value, content_type = "application/scim+json"),
    responses((status = 200, body = ScimUser, content_type = "application/scim+json"))
)]
#[patch("/scim/v2/Users/{id}")]
pub(crate) async fn patch_scim_user(
    call: Call,
    id: web::Path<String>,
    _: Query<ScimShow>,
    body: ScimBody,
) -> Result<Answer, ApiError> {
    let ScimBody { said, digest } = body;
    change(call, &id, &digest, move || Input::of_steps(steps(&said?)?)).await
}

async fn change(
    call: Call,
    id: &str,
    digest: &[u8; 32],
    read: impl FnOnce() -> Result<Input, ApiError> + Send + 'static,
) -> Result<Answer, ApiError> {
    check(&call)?;
    let if_match = call.header("if-match")?.map(str::to_owned);
    let (id, base, app) = (id.to_owned(), call.app.settings.public_url.clone(), call.app.clone());
    let job = move |tx: &mut Tx<'_>| {
        let organisation = tx.actor().organisation;
        tx.enter(organisation.0)?;
        let (found, _) = find(organisation, &id, tx.connection())?;
        let member: Member = tx.load(Locator::Id(found.head.id))?;
        check_member_version(if_match.as_deref(), &member)?;
        let (member, receipt) = follow(member, read()?, None, tx)?;
        let (_, address) = find(organisation, &id, tx.connection())?;
        let view = shown(&member, address, &base);
        let answer = answer(StatusCode::OK, &view)?.with_etag(member.head.version).about(member.head.id);
        Ok(with(answer, receipt))
    };
    let answer = call.write(&WriteParameters::default(), digest, job).await?;
    // Whoever was shut out is so with the next request.
    app.callers.forget_all();
    Ok(answer)
}

/// End a member's access at once: the directory has removed the user. The member and what was done stays.
#[utoipa::path(tag = "scim", params(("id" = String, Path), ScimShow), responses((status = 204)))]
#[delete("/scim/v2/Users/{id}")]
pub(crate) async fn delete_scim_user(
    call: Call,
    id: web::Path<String>,
    _: Query<ScimShow>,
) -> Result<Answer, ApiError> {
    check(&call)?;
    let if_match = call.header("if-match")?.map(str::to_owned);
    let app = call.app.clone();
    let job = move |tx: &mut Tx<'_>| {
        let organisation = tx.actor().organisation;
        tx.enter(organisation.0)?;
        let (found, _) = find(organisation, &id, tx.connection())?;
        let member: Member = tx.load(Locator::Id(found.head.id))?;
        check_member_version(if_match.as_deref(), &member)?;
        let (facts, by, now, whose) = (tx.facts(&member)?, tx.actor().clone(), tx.now(), MemberId(member.head.id));
        sessions::end_of_member(whose, now, tx.connection())?;
        let receipt = match member.leave_directory(&facts, &by, now)? {
            Some(change) => Some(tx.save(change)?.1),
            None => None,
        };
        Ok(with(Answer::empty(StatusCode::NO_CONTENT), receipt))
    };
    let answer = call.write(&WriteParameters::default(), &[0; 32], job).await?;
    app.callers.forget_all();
    Ok(answer)
}
