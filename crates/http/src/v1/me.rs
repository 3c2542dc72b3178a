//! Whoever calls.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::record::Resource;
use crate::v1::auth::Nothing;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::NaiveDate;
use ratchet_domain::access::{Cell, Identity, Permission, Role};
use ratchet_domain::actions::{Action, StageName as ActionState};
use ratchet_domain::id::{ApiKeyId, MemberId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::nonconformities::{Nonconformity, StageName as CaseState};
use ratchet_domain::reference::Prefix as RecordKind;
use ratchet_domain::signals::{Signal, StageName as SignalState};
use ratchet_persistence::table::{Listed, Order, Scope, Table};
use ratchet_persistence::{actions, nonconformities, organisations, signals};
use serde::Serialize;
use strum::VariantArray;
use utoipa_actix_web::service_config::ServiceConfig;
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
        Identity::Member { id, roles } => (Some(*id), None, roles.clone()),
        Identity::ApiKey { id, .. } => (None, Some(*id), Vec::new()),
        Identity::System { .. } => (None, None, Vec::new()),
    };
    let permissions = Permission::VARIANTS
        .iter()
        .map(|permission| Granted { permission: *permission, cell: call.actor.cell(*permission) })
        .collect();
    Answer::json(StatusCode::OK, &Me { member_id, api_key_id, organisation_id, organisation, roles, permissions })
}

/// Something open that a member owns or is assigned.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WorkItem {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub id: Uuid,
    /// Its reference.
    #[schema(example = "ACT-2026-0003")]
    pub reference: String,
    /// One line.
    pub title: String,
    /// Where it stands.
    #[schema(example = "in_progress")]
    pub state: &'static str,
    /// The day by which it is to be done.
    pub due_on: Option<NaiveDate>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// Where to read it.
    #[schema(example = "/v1/actions/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    pub href: String,
}

/// A person's list over all areas.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Work {
    /// What is due first comes first; what is never due, last. At most 200 of each kind.
    pub items: Vec<WorkItem>,
}

/// Items of each kind at most.
const LIMIT: i64 = 200;

fn item<T: Resource>(record: &T, title: &str, due_on: Option<NaiveDate>, today: NaiveDate) -> WorkItem {
    let head = record.head();
    WorkItem {
        kind: T::PREFIX,
        id: head.id,
        reference: head.reference.to_string(),
        title: title.to_owned(),
        state: record.stage_name(),
        due_on,
        overdue: due_on.is_some_and(|day| day < today),
        href: format!("/v1/{}/{}", T::PATH, head.id),
    }
}

/// Read what is open for whoever calls: actions assigned, cases owned, and signals that nobody has looked at.
#[utoipa::path(tag = "me", responses((status = 200, body = Work)))]
#[get("/me/work")]
pub(crate) async fn list_work(call: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let Some(me) = call.actor.member() else { return Answer::json(StatusCode::OK, &Work { items: Vec::new() }) };
    let (organisation, today) = (call.actor.organisation, call.app.now().date_naive());
    let read = move |connection: &mut _| {
        let order = Order { keys: vec![("due_on", false)], after: None };
        let filter = actions::Filter { assignee: Some(me), stage: Some(UNDONE.to_vec()), ..Default::default() };
        let assigned = Action::page(&Scope { organisation, own: None, filter }, &order, LIMIT, connection)?;
        let filter = nonconformities::Filter { owner: Some(me), stage: Some(OPEN.to_vec()), ..Default::default() };
        let owned = Nonconformity::page(&Scope { organisation, own: None, filter }, &order, LIMIT, connection)?;
        // Newest first: a signal has no day.
        let order = Order::default();
        let filter = signals::Filter { stage: Some(vec![SignalState::Raised]), ..Default::default() };
        let raised = Signal::page(&Scope { organisation, own: Some(me), filter }, &order, LIMIT, connection)?;
        let names =
            Indicator::many(organisation, &raised.iter().map(|one| one.indicator.0).collect::<Vec<_>>(), connection)?;
        Ok::<_, ApiError>((assigned, owned, raised, names))
    };
    let (assigned, owned, raised, names) = call.app.store.read(read).await?;
    let assigned = assigned.iter().map(|action| item(action, &action.title, Some(action.due_on), today));
    let owned = owned.iter().map(|case| item(case, &case.title, case.due_on, today));
    let name_of = |signal: &Signal| {
        let indicator = names.iter().find(|indicator| indicator.id() == signal.indicator);
        indicator.map_or("", |indicator| indicator.name.as_str()).to_owned()
    };
    let raised = raised.iter().map(|signal| item(signal, &name_of(signal), None, today));
    let mut items: Vec<WorkItem> = assigned.chain(owned).chain(raised).collect();
    items.sort_by_key(|item| (item.due_on.is_none(), item.due_on));
    Answer::json(StatusCode::OK, &Work { items })
}

/// Stages of an action in which its assignee has something to do.
const UNDONE: [ActionState; 3] = [ActionState::Open, ActionState::InProgress, ActionState::Blocked];
/// Stages of a case in which its owner has something to do.
const OPEN: [CaseState; 5] =
    [CaseState::Confirmed, CaseState::Analysed, CaseState::Planned, CaseState::Verifying, CaseState::Verified];

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_me).service(list_work);
}
