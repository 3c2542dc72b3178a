//! Comments over HTTP.

use crate::answer::Answer;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::annotations::{AnnotationHead, AnnotationQuery, Withdraw};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::annotations::Verb;
use ratchet_domain::comments::{Comment, Remark};
use ratchet_domain::reference::{self, Reference};
use ratchet_persistence::comments::Filter;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What somebody says about a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CommentView {
    #[serde(flatten)]
    pub annotation: AnnotationHead,
    /// What is said.
    pub text: String,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

impl Resource for Comment {
    type View = CommentView;
    type Query = AnnotationQuery;
    const PATH: &'static str = "comments";

    fn view(&self, transitions: Option<Vec<Transition>>) -> CommentView {
        CommentView { annotation: self.into(), text: self.body.text.clone(), transitions }
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

/// Something to be said.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateComment {
    /// The record it is about, by reference.
    #[schema(example = "NC-2026-0007")]
    record: String,
    /// Several lines.
    #[schema(example = "The same was seen in week 12", max_length = 10_000)]
    text: String,
}

/// List comments.
#[utoipa::path(
    tag = "annotations",
    params(PageParameters, AnnotationQuery),
    responses((status = 200, body = Page<CommentView>))
)]
#[get("/comments")]
pub(crate) async fn list_comments(call: Call, list: List<AnnotationQuery>) -> Result<Answer, ApiError> {
    call.list::<Comment>(list).await
}

/// Comment on a record.
#[utoipa::path(
    tag = "annotations",
    params(WriteParameters),
    request_body = CreateComment,
    responses((status = 201, body = CommentView))
)]
#[post("/comments")]
pub(crate) async fn create_comment(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateComment>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateComment, by, birth, tx| {
        let CreateComment { record, text } = input;
        let target = records::named("/record", &record, by, tx.connection())?;
        Ok(Comment::attach(target, Remark { text }, by, birth)?)
    })
    .await
}

/// Read a comment.
#[utoipa::path(
    tag = "annotations",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = CommentView))
)]
#[get("/comments/{id}")]
pub(crate) async fn get_comment(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Comment>(target, parameters).await
}

verbs! {
    tag "annotations", record Comment, view CommentView;

    /// Withdraw a comment; it is kept.
    withdraw_comment "/comments/{id}/withdraw" Withdraw Withdraw
    |comment, input, _facts, by, tx| comment.withdraw(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_comments).service(create_comment).service(get_comment).service(withdraw_comment);
}
