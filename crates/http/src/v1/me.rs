//! Whoever calls.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::v1::auth::Nothing;
use actix_web::get;
use actix_web::http::StatusCode;
use ratchet_domain::access::{Cell, Identity, Permission, Role};
use ratchet_domain::id::{ApiKeyId, MemberId, OrganisationId};
use ratchet_persistence::organisations;
use serde::Serialize;
use strum::VariantArray;
use utoipa_actix_web::service_config::ServiceConfig;

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

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_me);
}
