//! Tags over HTTP.

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, label, listed};
use crate::record::annotations::{AnnotationHead, AnnotationQuery, Withdraw};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::annotations::StageName;
use ratchet_domain::annotations::Verb;
use ratchet_domain::reference::{self, Reference};
use ratchet_domain::tags::{Label, Tag};
use ratchet_persistence::tags::Filter;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A word under which a record is found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TagView {
    #[serde(flatten)]
    pub annotation: AnnotationHead,
    /// The word.
    #[schema(example = "patching")]
    pub label: String,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of tags can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TagQuery {
    /// With this label: the records that it stands on.
    #[serde(default, deserialize_with = "label")]
    #[param(example = "patching")]
    label: Option<String>,
    /// About the record of this reference. Who may see it sees everything about it.
    #[param(value_type = Option<String>, example = "NC-2026-0007")]
    record: Option<Reference>,
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "attached")]
    state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Tag {
    type View = TagView;
    type Query = TagQuery;
    const PATH: &'static str = "tags";

    fn view(&self, transitions: Option<Vec<Transition>>) -> TagView {
        TagView { annotation: self.into(), label: self.body.label.clone(), transitions }
    }

    fn target(&self) -> Option<reference::Target> {
        Some(self.target)
    }

    fn about(query: &TagQuery) -> Option<Reference> {
        query.record
    }

    fn narrow(filter: &mut Filter, target: Uuid) {
        filter.target = Some(target);
    }

    fn filter(query: TagQuery, by: &Actor, _: NaiveDate) -> Filter {
        let TagQuery { label, record, state, updated_since } = query;
        AnnotationQuery { record, state, updated_since }.into_filter(by, label)
    }
}

/// A tag to be attached.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTag {
    /// The record it is about, by reference.
    #[schema(example = "NC-2026-0007")]
    record: String,
    /// Lower-case letters, digits, `-`, `_`, `.` and `:`.
    #[schema(example = "patching", max_length = 64)]
    label: String,
}

/// List tags.
#[utoipa::path(
    tag = "annotations",
    params(PageParameters, TagQuery),
    responses((status = 200, body = Page<TagView>))
)]
#[get("/tags")]
pub(crate) async fn list_tags(call: Call, list: List<TagQuery>) -> Result<Answer, ApiError> {
    call.list::<Tag>(list).await
}

/// Tag a record; each label once.
#[utoipa::path(
    tag = "annotations",
    params(WriteParameters),
    request_body = CreateTag,
    responses((status = 201, body = TagView))
)]
#[post("/tags")]
pub(crate) async fn create_tag(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateTag>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateTag, by, birth, tx| {
        let CreateTag { record, label } = input;
        let target = records::named("/record", &record, by, tx.connection())?;
        Ok(Tag::attach(target, Label { label }, by, birth)?)
    })
    .await
}

/// Read a tag.
#[utoipa::path(
    tag = "annotations",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = TagView))
)]
#[get("/tags/{id}")]
pub(crate) async fn get_tag(call: Call, target: Target, parameters: Query<ShowParameters>) -> Result<Answer, ApiError> {
    call.show::<Tag>(target, parameters).await
}

verbs! {
    tag "annotations", record Tag, view TagView;

    /// Withdraw a tag; it is kept.
    withdraw_tag "/tags/{id}/withdraw" Withdraw Withdraw
    |tag, input, _facts, by, tx| tag.withdraw(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_tags).service(create_tag).service(get_tag).service(withdraw_tag);
}
