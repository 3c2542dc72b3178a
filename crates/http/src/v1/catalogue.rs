//! What the rules are, as data: out of the tables that enforce them.

use crate::answer::Answer;
use crate::caller::Call;
use crate::contract::{self, ListedResource};
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::auth::{Nothing, Open};
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

/// What the server offers, and where it is described.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Discovery {
    /// The contract: OpenAPI 3.1.
    #[schema(example = "/openapi.json")]
    pub contract: &'static str,
    /// What is told as it happens: AsyncAPI 3.
    #[schema(example = "/asyncapi.json")]
    pub events: &'static str,
    /// The same for people.
    #[schema(example = "/docs/")]
    pub documentation: &'static str,
    /// Every resource, by its name.
    pub items: &'static [ListedResource],
}

fn catalogue<T: Serialize>(items: Vec<T>) -> Result<Answer, ApiError> {
    let answer = Answer::json(StatusCode::OK, &Catalogue { items })?;
    Ok(answer.with(&header::CACHE_CONTROL, "private, max-age=3600"))
}

/// List the resources: where each lies, what it is about, and which operations it has.
///
/// Whoever has nothing but the server's address begins here. What stands here is taken from the contract, and as public as
/// that is.
#[utoipa::path(tag = "catalogue", responses((status = 200, body = Discovery)), security(()))]
#[get("")]
pub(crate) async fn list_resources(_: Open) -> Result<Answer, ApiError> {
    let items = contract::resources();
    let answer = Answer::json(
        StatusCode::OK,
        &Discovery { contract: "/openapi.json", events: "/asyncapi.json", documentation: "/docs/", items },
    )?;
    Ok(answer.with(&header::CACHE_CONTROL, "public, max-age=300"))
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
    routes.service(list_resources).service(list_lifecycles).service(list_permissions).service(list_clauses);
}
