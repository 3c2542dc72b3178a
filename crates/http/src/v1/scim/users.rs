//! Users: the members, as directories read and write them.

mod input;
mod views;

use self::input::{Input, boolean};
pub(super) use self::views::{ScimUser, ScimUserList, shown};
use super::patch::steps;
use super::{
    Asked, LIST, ScimBody, ScimQuery, ScimShow, Show, answer, check, check_member_version, fault, filter, told, with,
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
use serde_json::Value;
use uuid::Uuid;

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
    listed(&call, query.0.asked()).await
}

/// The answer to whoever asks for some.
pub(super) async fn listed(call: &Call, asked: Asked) -> Result<Answer, ApiError> {
    let (total, users) = found(call, &asked).await?;
    let list = ScimUserList { schemas: vec![LIST], total, start: asked.skipped + 1, shown: users.len(), users };
    answer(StatusCode::OK, &list)
}

/// How many there are, and those that are asked for.
pub(super) async fn found(call: &Call, asked: &Asked) -> Result<(i64, Vec<Value>), ApiError> {
    let narrowed = narrowed(asked.filter.as_deref())?;
    let (window, organisation) = ((asked.skipped, asked.most), call.actor.organisation);
    let read = move |connection: &mut AnyConnection| {
        Ok::<_, ApiError>(members::in_directory(organisation, &narrowed, window, connection)?)
    };
    let (total, found) = call.app.store.read(read).await?;
    let base = &call.app.settings.public_url;
    let views = found.iter().map(|(member, address)| asked.show.of_resource(&shown(member, address, base)));
    Ok((total, views.collect::<Result<_, _>>()?))
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
/// Whoever was removed, and has the same address, is there again, with the same id, as `member`.
#[utoipa::path(
    tag = "scim",
    params(ScimShow),
    request_body(
        content = serde_json::Value,
        content_type = "application/scim+json",
        example = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.org",
            "externalId": "00u1a2b3c4", "name": { "givenName": "Ada", "familyName": "Byron" }, "active": true,
        })
    ),
    responses((status = 201, body = ScimUser, content_type = "application/scim+json"))
)]
#[post("/scim/v2/Users")]
pub(crate) async fn create_scim_user(call: Call, show: Query<ScimShow>, body: ScimBody) -> Result<Answer, ApiError> {
    check(&call)?;
    let (ScimBody { said, digest }, show) = (body, show.0.show());
    let base = call.app.settings.public_url.clone();
    let job = move |tx: &mut Tx<'_>| {
        let input = Input::of(&said?)?;
        let address = input.address.clone().ok_or_else(|| fault("invalid_value", "userName must be there"))?;
        let organisation = tx.actor().organisation;
        tx.enter(organisation.0)?;
        let (member, receipt) = match members::by_address(organisation, &address, tx.connection())? {
            Some(id) => {
                let (member, receipt) = come_back(id, tx)?;
                follow(member, Input { address: None, ..input }, Some(receipt), tx)?
            }
            None => {
                let (member, receipt) = provision(input.said, &address, tx)?;
                follow(member, Input { active: input.active, ..Input::default() }, Some(receipt), tx)?
            }
        };
        let place = super::place(&base, "Users", &member.head.id.to_string());
        let answer = told_of(StatusCode::CREATED, &member, &address, &base, &show)?;
        Ok(with(answer, receipt).with(&header::LOCATION, place))
    };
    let app = call.app.clone();
    let answer = call.write(&WriteParameters::default(), &digest, job).await?;
    app.callers.forget_all();
    Ok(answer)
}

/// A member as it was written.
fn told_of(status: StatusCode, member: &Member, address: &str, base: &str, show: &Show) -> Result<Answer, ApiError> {
    let view = show.of_resource(&shown(member, address, base))?;
    Ok(answer(status, &view)?.with_etag(member.head.version).about(member.head.id))
}

/// Whoever is called nothing is called by the address.
fn provision(said: Said, address: &str, tx: &mut Tx<'_>) -> Result<(Member, Receipt), ApiError> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let account = AccountId(tx.next_id());
    accounts::insert(account, by.organisation, (address, ""), now, tx.connection())?;
    let birth = tx.birth(Member::PREFIX)?;
    let name = address.chars().take(text::TITLE).collect();
    let draft = MemberDraft { account, name, unit: None, roles: vec![Role::Member] };
    Ok(tx.save(Member::provision(draft, said, &by, birth).map_err(told)?)?)
}

/// Whoever was removed comes back, without the password of before: it may be somebody else by now. Whoever is there is there
/// already.
fn come_back(id: MemberId, tx: &mut Tx<'_>) -> Result<(Member, Receipt), ApiError> {
    let member: Member = tx.load(Locator::Id(id.0))?;
    if !member.has_left_directory {
        return Err(ApiError::Taken("userName"));
    }
    let (by, now, account) = (tx.actor().clone(), tx.now(), member.account);
    let written = tx.save(member.return_to_directory(&by, now)?)?;
    accounts::change_password(account, "", tx.connection())?;
    Ok(written)
}

/// Brings a member to what is said; what was written last.
fn follow(
    mut member: Member,
    input: Input,
    mut receipt: Option<Receipt>,
    tx: &mut Tx<'_>,
) -> Result<(Member, Option<Receipt>), ApiError> {
    let Input { address, active, said } = input;
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
    if let Some(is_active) = active {
        let (facts, id) = (tx.facts(&member)?, MemberId(member.head.id));
        if let Some(change) = member.clone().follow_activity(is_active, &facts, &by, now)? {
            if !is_active {
                sessions::end_of_member(id, now, tx.connection())?;
            }
            let (saved, written) = tx.save(change)?;
            (member, receipt) = (saved, Some(written));
        }
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
pub(crate) async fn get_scim_user(
    call: Call,
    id: web::Path<String>,
    show: Query<ScimShow>,
) -> Result<Answer, ApiError> {
    check(&call)?;
    let known = call.header("if-none-match")?.map(str::to_owned);
    let organisation = call.actor.organisation;
    let read = move |connection: &mut AnyConnection| find(organisation, &id, connection);
    let (member, address) = call.app.store.read(read).await?;
    let view = show.0.show().of_resource(&shown(&member, &address, &call.app.settings.public_url))?;
    Ok(answer(StatusCode::OK, &view)?.with_etag(member.head.version).unless_known(known.as_deref()))
}

/// Bring a member to what a user is said to be. What is not said is none, but whether the member is active, which stays.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    request_body(
        content = serde_json::Value,
        content_type = "application/scim+json",
        example = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.org",
            "displayName": "Ada Byron", "active": true,
        })
    ),
    responses((status = 200, body = ScimUser, content_type = "application/scim+json"))
)]
#[put("/scim/v2/Users/{id}")]
pub(crate) async fn replace_scim_user(
    call: Call,
    id: web::Path<String>,
    show: Query<ScimShow>,
    body: ScimBody,
) -> Result<Answer, ApiError> {
    let ScimBody { said, digest } = body;
    let read = move || {
        let Input { address, active, said } = Input::of(&said?)?;
        if address.is_none() {
            return Err(fault("invalid_value", "userName must be there"));
        }
        Ok(Input { address, active, said: said.whole() })
    };
    change(call, (id.as_str(), show.0.show()), &digest, read).await
}

/// Change what is said of a user. Ending a member's access (`active` is `false`) ends it at once.
#[utoipa::path(
    tag = "scim",
    params(("id" = String, Path), ScimShow),
    request_body(
        content = serde_json::Value,
        content_type = "application/scim+json",
        example = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "active", "value": false }],
        })
    ),
    responses((status = 200, body = ScimUser, content_type = "application/scim+json"))
)]
#[patch("/scim/v2/Users/{id}")]
pub(crate) async fn patch_scim_user(
    call: Call,
    id: web::Path<String>,
    show: Query<ScimShow>,
    body: ScimBody,
) -> Result<Answer, ApiError> {
    let ScimBody { said, digest } = body;
    change(call, (id.as_str(), show.0.show()), &digest, move || Input::of_steps(steps(&said?)?)).await
}

async fn change(
    call: Call,
    (id, show): (&str, Show),
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
        Ok(with(told_of(StatusCode::OK, &member, &address, &base, &show)?, receipt))
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
