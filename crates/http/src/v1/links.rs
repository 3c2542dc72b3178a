//! Links over HTTP.

use crate::answer::Answer;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::annotations::{AnnotationHead, AnnotationQuery, Withdraw};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, TargetView, Transition};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::annotations::Verb;
use ratchet_domain::links::{Edge, Link, Relation, link};
use ratchet_domain::reference::{self, Reference};
use ratchet_persistence::links::Filter;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What one record is to another.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LinkView {
    #[serde(flatten)]
    pub annotation: AnnotationHead,
    /// What the record is to the other.
    pub relation: Relation,
    /// The other.
    pub to: TargetView,
    /// Why.
    pub note: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

impl Resource for Link {
    type View = LinkView;
    type Query = AnnotationQuery;
    const PATH: &'static str = "links";

    fn view(&self, transitions: Option<Vec<Transition>>) -> LinkView {
        let Edge { relation, to, note } = self.body.clone();
        LinkView { annotation: self.into(), relation, to: to.into(), note, transitions }
    }

    fn target(&self) -> Option<reference::Target> {
        Some(self.target)
    }

    fn about(query: &AnnotationQuery) -> Option<Reference> {
        query.record
    }

    fn narrow(filter: &mut Filter, target: Uuid) {
        filter.target = Some(target);
    }

    fn filter(query: AnnotationQuery, by: &Actor, _: NaiveDate) -> Filter {
        query.into_filter(by, ())
    }
}

/// A link to be drawn.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateLink {
    /// The record it begins at, by reference.
    #[schema(example = "NC-2026-0007")]
    record: String,
    /// What it is to the other.
    relation: Relation,
    /// The other record, by reference.
    #[schema(example = "NC-2026-0003")]
    to: String,
    /// Why.
    #[serde(default)]
    #[schema(example = "The same image was at fault", max_length = 10_000)]
    note: Option<String>,
}

/// List links.
#[utoipa::path(
    tag = "annotations",
    params(PageParameters, AnnotationQuery),
    responses((status = 200, body = Page<LinkView>))
)]
#[get("/links")]
pub(crate) async fn list_links(call: Call, list: List<AnnotationQuery>) -> Result<Answer, ApiError> {
    call.list::<Link>(list).await
}

/// Link a record to another; each edge once.
#[utoipa::path(
    tag = "annotations",
    params(WriteParameters),
    request_body = CreateLink,
    responses((status = 201, body = LinkView))
)]
#[post("/links")]
pub(crate) async fn create_link(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateLink>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateLink, by, birth, tx| {
        let CreateLink { record, relation, to, note } = input;
        let target = records::named("/record", &record, by, tx.connection())?;
        let to = records::named("/to", &to, by, tx.connection())?;
        Ok(link(target, Edge { relation, to, note }, by, birth)?)
    })
    .await
}

/// Read a link.
#[utoipa::path(
    tag = "annotations",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = LinkView))
)]
#[get("/links/{id}")]
pub(crate) async fn get_link(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Link>(target, parameters).await
}

verbs! {
    tag "annotations", record Link, view LinkView;

    /// Withdraw a link; it is kept.
    withdraw_link "/links/{id}/withdraw" Withdraw Withdraw
    |edge, input, _facts, by, tx| edge.withdraw(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_links).service(create_link).service(get_link).service(withdraw_link);
}
