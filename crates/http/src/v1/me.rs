//! Whoever calls.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::{Cell, Identity, Permission, Role};
use ratchet_domain::id::{ApiKeyId, MemberId, OrganisationId};
use ratchet_domain::reference::Prefix as RecordKind;
use ratchet_persistence::{organisations, settings, work_items};
use serde::Serialize;
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
    let name =
        call.app.store.read(move |connection| Ok::<_, ApiError>(organisations::name(organisation_id, connection)?));
    let organisation = name.await?;
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
    let me =
        Me { member_id, api_key_id, organisation_id, organisation, on_behalf_of, stands_in_for, roles, permissions };
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
    /// Whether it waits for the caller by name; else for anybody who may.
    pub by_name: bool,
    /// For whom the caller stands in, where it waits for that member: name it in `On-Behalf-Of` to do it.
    pub on_behalf_of: Option<MemberId>,
    /// The day by which it is to be done.
    pub due_on: Option<NaiveDate>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// Since when the caller, or whoever may, is waited for.
    pub since: DateTime<Utc>,
    /// Where to read it.
    #[schema(example = "/v1/actions/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    pub href: String,
}

/// A person's list over all areas.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WorkList {
    /// What is due first comes first; what is never due, last. At most 500.
    pub items: Vec<WorkItem>,
}

/// Items at most.
const LIMIT: i64 = 500;

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
/// assigned to or owned by those for whom the caller stands in.
#[utoipa::path(tag = "me", responses((status = 200, body = WorkList)))]
#[get("/me/work")]
pub(crate) async fn list_work(call: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (by, me, now) = (call.actor.clone(), call.actor.member(), call.app.now());
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let rules = settings::rules(by.organisation, connection)?;
        Ok((work_items::open_for(&by, &rules, LIMIT, connection)?, rules.today(now)))
    };
    let (items, today) = call.app.store.read(read).await?;
    let items = items.into_iter().map(|item| WorkItem::of(item, me, today)).collect();
    Answer::json(StatusCode::OK, &WorkList { items })
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_me).service(list_work);
}
