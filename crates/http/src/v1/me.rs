//! Whoever calls.

use crate::answer::Answer;
use crate::app::App;
use crate::caller::Call;
use crate::cursor::Cursor;
use crate::error::ApiError;
use crate::listing::{Page, Who, link_to};
use crate::parameters::{Query, within};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::get;
use actix_web::http::{StatusCode, header};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::{Actor, Cell, Identity, Permission, Role};
use ratchet_domain::change::Record;
use ratchet_domain::id::{ApiKeyId, MemberId, OrganisationId};
use ratchet_domain::members::Member;
use ratchet_domain::reference::{Locator, Prefix as RecordKind};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::table::{SortValue, Table};
use ratchet_persistence::work_items::{self, Place};
use ratchet_persistence::{accounts, members, organisations, settings};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use uuid::Uuid;

/// Whoever calls, and what that caller may do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Me {
    /// The member, when a person calls.
    pub member_id: Option<MemberId>,
    /// The key, when a machine calls.
    pub api_key_id: Option<ApiKeyId>,
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// The tenant's name.
    #[schema(example = "Harbour Robotics")]
    pub organisation: String,
    /// Until when the password opens anything, where the program made it up: choose another by then
    /// (`POST /v1/auth/password`). `null` for a password of the member's own, and for a machine.
    pub password_until: Option<DateTime<Utc>>,
    /// On whose behalf the call is made (`On-Behalf-Of`).
    pub on_behalf_of: Option<MemberId>,
    /// Those for whom the member stands in today, and may be named in `On-Behalf-Of`.
    pub stands_in_for: Vec<MemberId>,
    /// The roles held now.
    pub roles: Vec<Role>,
    /// What this caller may do.
    pub permissions: Vec<Granted>,
}

/// One permission of a caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Granted {
    /// Which.
    pub permission: Permission,
    /// How far it goes.
    pub cell: Cell,
}

/// Read who calls and what that caller may do.
#[utoipa::path(tag = "me", responses((status = 200, body = Me)))]
#[get("/me")]
pub(crate) async fn get_me(call: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let organisation_id = call.actor.organisation;
    let member = call.actor.member();
    let read = call.app.store.read(move |connection| -> Result<_, ApiError> {
        let account = member.map(|member| accounts::of_member(member, connection)).transpose()?.flatten();
        let password_until = account.and_then(|account| account.password_until);
        Ok((organisations::name(organisation_id, connection)?, password_until))
    });
    let (organisation, password_until) = read.await?;
    let (member_id, api_key_id, roles) = match &call.actor.identity {
        Identity::Member { id, roles, .. } => (Some(*id), None, roles.clone()),
        Identity::ApiKey { id, .. } => (None, Some(*id), Vec::new()),
        Identity::System { .. } | Identity::Anonymous => (None, None, Vec::new()),
    };
    let permissions = Permission::VARIANTS
        .iter()
        .map(|permission| Granted { permission: *permission, cell: call.actor.cell(*permission) })
        .collect();
    let (on_behalf_of, stands_in_for) = (call.actor.on_behalf_of(), call.actor.stands_in_for().collect());
    let me = Me {
        member_id,
        api_key_id,
        organisation_id,
        organisation,
        password_until,
        on_behalf_of,
        stands_in_for,
        roles,
        permissions,
    };
    Answer::json(StatusCode::OK, &me)
}

/// Something that a record waits for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WorkItem {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub id: Uuid,
    /// Its reference.
    #[schema(example = "ACT-2026-0003")]
    pub reference: String,
    /// One line by which people know it, where it has one.
    pub title: Option<String>,
    /// Where it stands.
    #[schema(example = "in_progress")]
    pub state: String,
    /// Whether it waits for the member by name; else for anybody who may.
    pub by_name: bool,
    /// For whom the member stands in, where it waits for that one, who is then named in `On-Behalf-Of` to do it.
    pub on_behalf_of: Option<MemberId>,
    /// The day by which it is to be done.
    pub due_on: Option<NaiveDate>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// Since when the member, or whoever may, is waited for.
    pub since: DateTime<Utc>,
    /// Where to read it.
    #[schema(example = "/v1/actions/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    pub href: String,
}

/// Whose list is read, and which page of it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkQuery {
    /// Whose list: `me`, as without it, or the id or reference of any member. Whoever reads all records may read another's.
    #[param(value_type = Option<String>, example = "me")]
    assignee: Option<Who>,
    /// Items per page, 1 to 200.
    #[serde(default, deserialize_with = "within::<1, 200, _>")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before; opaque.
    cursor: Option<String>,
}

/// Items per page, unless asked otherwise.
const DEFAULT: i64 = 50;

impl WorkItem {
    fn of(item: work_items::WorkItem, me: Option<MemberId>, today: NaiveDate) -> Self {
        let work_items::WorkItem { kind, id, reference, title, state, member, due_on, number: _, since, changed_at: _ } =
            item;
        Self {
            kind,
            id,
            reference: reference.to_string(),
            title,
            state,
            by_name: member.is_some(),
            on_behalf_of: member.filter(|_| member != me),
            due_on,
            overdue: due_on.is_some_and(|day| day < today),
            since,
            href: records::href(kind, id),
        }
    }
}

/// Read what is open for whoever calls: what is assigned to or owned by the caller, what waits for somebody with a
/// permission that the caller has, the published versions of policies that the caller has not acknowledged, and what is
/// assigned to or owned by those for whom the caller stands in. What is due first comes first; what is never due, last.
///
/// With `assignee` the same list as that member reads it, without what the caller may not see, and without the kinds that
/// the caller does not read whole. Of a member who has left it is what still names that one.
#[utoipa::path(tag = "me", params(WorkQuery), responses((status = 200, body = Page<WorkItem>)))]
#[get("/me/work")]
pub(crate) async fn list_work(call: Call, Query(query): Query<WorkQuery>) -> Result<Answer, ApiError> {
    let WorkQuery { assignee, limit, cursor } = query;
    let (by, app, now, limit) = (call.actor.clone(), call.app.clone(), call.app.now(), limit.unwrap_or(DEFAULT));
    let path = call.request.path().to_owned();
    let original = call.request.query_string().to_owned();
    let asked = format!("{path}?{assignee:?}");
    let after = cursor.map(|text| place(&app, &text, &call, &asked)).transpose()?;
    let read = move |connection: &mut _| -> Result<Answer, ApiError> {
        let rules = settings::rules(by.organisation, connection)?;
        let another = another(assignee, &by, now, connection)?;
        let (whose, reader) = another.as_ref().map_or((&by, None), |another| (another, Some(&by)));
        let part = work_items::Asked { reader, after: after.as_ref(), limit: limit + 1 };
        let mut items = work_items::open_for(whose, &rules, part, connection)?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > page;
        items.truncate(page);
        let next_cursor = items.last().filter(|_| more).map(|last| {
            let Place { due_on, id, number } = last.place();
            let values = vec![SortValue::Text(due_on), SortValue::Number(number)];
            app.seal(&Cursor { values, id }, by.organisation, &asked)
        });
        let link = next_cursor.as_deref().map(|cursor| link_to(&path, &original, cursor));
        let (me, today) = (whose.member(), rules.today(now));
        let items = items.into_iter().map(|item| WorkItem::of(item, me, today)).collect();
        let answer = Answer::json(StatusCode::OK, &Page { items, next_cursor, total: None })?;
        Ok(match link {
            Some(link) => answer.with(&header::LINK, link),
            None => answer,
        })
    };
    call.app.store.read(read).await
}

/// The other member whose list is read; `None` where it is one's own. Whoever reads not all sees no other's.
fn another(
    assignee: Option<Who>,
    by: &Actor,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Option<Actor>, ApiError> {
    let locator = match assignee {
        None | Some(Who::Me) => return Ok(None),
        Some(Who::Member(id)) => Locator::Id(id.0),
        Some(Who::Reference(reference)) => Locator::Reference(reference),
    };
    let found = Member::find(by.organisation, locator, connection)?.map(|(member, _)| member);
    let unknown = || ApiError::parameter("assignee", "unknown_record", "names no member");
    let member = found.filter(|member| member.is_visible(by)).ok_or_else(unknown)?;
    if Some(MemberId(member.head.id)) == by.principal() {
        return Ok(None);
    }
    if by.cell(Permission::ReadRecords) != Cell::Yes {
        return Err(Refusal::Forbidden.into());
    }
    Ok(Some(members::as_caller(member, now, connection)?))
}

/// Where a page begins.
fn place(app: &App, text: &str, call: &Call, asked: &str) -> Result<Place, ApiError> {
    let foreign = || ApiError::parameter("cursor", "malformed", "must be a next_cursor of this very list");
    let Cursor { values, id } = app.unseal(text, call.actor.organisation, asked).ok_or_else(foreign)?;
    match values.as_slice() {
        [SortValue::Text(due_on), SortValue::Number(number)] => {
            Ok(Place { due_on: due_on.clone(), id, number: *number })
        }
        _ => Err(foreign()),
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_me).service(list_work);
}
