//! What the rules are, as data: out of the tables that enforce them.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use actix_web::get;
use actix_web::http::{StatusCode, header};
use ratchet_domain::access::{self, Cell, Permission, Role};
use ratchet_domain::catalogue::{self, CLAUSES, CONTROLS, LifecycleTable, Requirement};
use serde::Serialize;

/// All of something that does not change while the server runs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Catalogue<T> {
    /// All of them.
    pub items: Vec<T>,
}

/// One cell of the table role x permission.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PermissionCell {
    /// The row.
    pub role: Role,
    /// The column.
    pub permission: Permission,
    /// What stands there.
    pub cell: Cell,
}

fn catalogue<T: Serialize>(items: Vec<T>) -> Result<Answer, ApiError> {
    let answer = Answer::json(StatusCode::OK, &Catalogue { items })?;
    Ok(answer.with(&header::CACHE_CONTROL, "private, max-age=3600"))
}

/// List every state machine, as data and as Mermaid diagrams.
#[utoipa::path(tag = "catalogue", responses((status = 200, body = Catalogue<LifecycleTable>)))]
#[get("/catalogue/lifecycles")]
pub(crate) async fn list_lifecycles(_: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    catalogue(catalogue::lifecycles())
}

/// List what each role may do.
#[utoipa::path(tag = "catalogue", responses((status = 200, body = Catalogue<PermissionCell>)))]
#[get("/catalogue/permissions")]
pub(crate) async fn list_permissions(_: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let cells = access::table().map(|(role, permission, cell)| PermissionCell { role, permission, cell });
    catalogue(cells.collect())
}

/// List the clauses 4 to 10 and the 93 Annex A controls of ISO/IEC 27001:2022, with labels of our own.
#[utoipa::path(tag = "catalogue", responses((status = 200, body = Catalogue<Requirement>)))]
#[get("/catalogue/clauses")]
pub(crate) async fn list_clauses(_: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    catalogue(CLAUSES.iter().chain(CONTROLS).collect())
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_lifecycles).service(list_permissions).service(list_clauses);
}
