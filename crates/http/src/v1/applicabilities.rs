//! The statement of applicability over HTTP [6.1.3 d]: one record for each control of Annex A.

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed, listed_controls};
use crate::record::expand::MemberName;
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::applicabilities::{
    self as domain, Applicability, ApplicabilityDraft, Stage, StageName, Status, Verb,
};
use ratchet_domain::change::Record;
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::applicabilities::Filter;
use serde::{Deserialize, Serialize};

/// What the organisation says of a control.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApplicabilityView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Whether the control is needed.
    pub state: StageName,
    /// The control.
    #[schema(example = "A.5.18")]
    pub control: String,
    /// What the control is about, in our own words.
    #[schema(example = "Granting and withdrawing access")]
    pub label: Option<String>,
    /// Why it is needed, or why not.
    pub justification: String,
    /// How far it is put into practice; `null` where it is excluded.
    pub status: Option<Status>,
    /// How it is put into practice, or will be.
    pub implementation: Option<String>,
    /// The accountable member.
    pub owner_id: Option<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of applicabilities can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApplicabilityQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "excluded")]
    state: Option<Vec<StageName>>,
    /// So far put into practice, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Status>>, example = "not_started,planned")]
    status: Option<Vec<Status>>,
    /// Of one of these controls, separated by commas.
    #[serde(default, deserialize_with = "listed_controls")]
    #[param(value_type = Option<Vec<String>>, example = "A.5.18")]
    control: Option<Vec<String>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Applicability {
    type View = ApplicabilityView;
    type Query = ApplicabilityQuery;
    const PATH: &'static str = "applicabilities";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> ApplicabilityView {
        let Self { head, control, justification, owner, stage } = self;
        let (status, implementation) = match stage {
            Stage::Applicable { status, implementation } => (Some(*status), implementation.clone()),
            Stage::Excluded => (None, None),
        };
        ApplicabilityView {
            head: head.into(),
            state: stage.name(),
            control: control.clone(),
            label: self.title().map(str::to_owned),
            justification: justification.clone(),
            status,
            implementation,
            owner_id: *owner,
            owner: None,
            transitions,
        }
    }

    fn settle(query: &mut ApplicabilityQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: ApplicabilityQuery, by: &Actor, _: NaiveDate) -> Filter {
        let ApplicabilityQuery { state, status, control, owner, updated_since } = query;
        Filter { stage: state, status, control, owner: owner.map(|who| who.resolve(by)), updated_since }
    }
}

/// A control of which nothing was said yet.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApplicability {
    /// The control.
    #[schema(example = "A.5.18")]
    control: String,
    /// Whether it is needed.
    state: StageName,
    /// Why it is needed, or why not.
    #[schema(example = "Drawings are protected by who has access to them", max_length = 10_000)]
    justification: String,
    /// How far it is put into practice; `not_started` without it. Not for an excluded control.
    #[serde(default)]
    status: Option<Status>,
    /// How it is put into practice, or will be. Not for an excluded control.
    #[serde(default)]
    #[schema(example = "Rights are reviewed each quarter, by whoever owns the system", max_length = 10_000)]
    implementation: Option<String>,
    /// The accountable member: answers for the control, and does not audit it.
    #[serde(default)]
    owner_id: Option<MemberId>,
}

impl From<CreateApplicability> for ApplicabilityDraft {
    fn from(body: CreateApplicability) -> Self {
        let CreateApplicability { control, state, justification, status, implementation, owner_id } = body;
        Self { control, state, justification, status, implementation, owner: owner_id }
    }
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendApplicability {
    /// How far it is put into practice.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Status)]
    status: Option<Status>,
    /// How it is put into practice, or will be.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    implementation: Option<Option<String>>,
    /// The accountable member; the owner does not pass it on alone.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MemberId>)]
    owner_id: Option<Option<MemberId>>,
}

/// Why the control is needed, or why not.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideApplicability {
    /// Takes the place of what was said before; the journal keeps both.
    #[schema(example = "No software is developed here since the portal was sold", max_length = 10_000)]
    justification: String,
}

/// List what was said of each control; `sort=control&limit=200` is the statement of applicability.
#[utoipa::path(
    tag = "applicabilities",
    params(PageParameters, ApplicabilityQuery),
    responses((status = 200, body = Page<ApplicabilityView>))
)]
#[get("/applicabilities")]
pub(crate) async fn list_applicabilities(call: Call, list: List<ApplicabilityQuery>) -> Result<Answer, ApiError> {
    call.list::<Applicability>(list).await
}

/// Say whether a control is needed, for the first time.
#[utoipa::path(
    tag = "applicabilities",
    params(WriteParameters),
    request_body = CreateApplicability,
    responses((status = 201, body = ApplicabilityView))
)]
#[post("/applicabilities")]
pub(crate) async fn create_applicability(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateApplicability>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateApplicability, by, birth, tx| {
        if let Some(owner) = input.owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        Ok(Applicability::declare(input.into(), by, birth)?)
    })
    .await
}

/// Read what was said of a control.
#[utoipa::path(
    tag = "applicabilities",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ApplicabilityView))
)]
#[get("/applicabilities/{id}")]
pub(crate) async fn get_applicability(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Applicability>(target, parameters).await
}

/// Say how far a control is put into practice, and who answers for it.
#[utoipa::path(
    tag = "applicabilities",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendApplicability, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ApplicabilityView))
)]
#[patch("/applicabilities/{id}")]
pub(crate) async fn amend_applicability(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendApplicability>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |declared: Applicability, input, by, tx| {
        let AmendApplicability { status, implementation, owner_id } = input;
        if let Some(Some(owner)) = owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        Ok(declared.amend(domain::Amendment { status, implementation, owner: owner_id }, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "applicabilities", record Applicability, view ApplicabilityView;

    /// Include a control that was excluded: it is needed after all.
    include_applicability "/applicabilities/{id}/include" Include DecideApplicability
    |declared, input, _facts, by, tx| declared.include(input.justification, by, tx.now());

    /// Exclude a control: it is not needed any more.
    exclude_applicability "/applicabilities/{id}/exclude" Exclude DecideApplicability
    |declared, input, _facts, by, tx| declared.exclude(input.justification, by, tx.now());

    /// Justify anew what was decided: for other reasons, or in other words.
    justify_applicability "/applicabilities/{id}/justify" Justify DecideApplicability
    |declared, input, _facts, by, tx| declared.justify(input.justification, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_applicabilities)
        .service(create_applicability)
        .service(get_applicability)
        .service(amend_applicability)
        .service(include_applicability)
        .service(exclude_applicability)
        .service(justify_applicability);
}
