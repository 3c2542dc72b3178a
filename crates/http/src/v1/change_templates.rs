//! Change templates over HTTP [8.1, A.8.32].

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::approval::ApprovalView;
use crate::record::effect::named_indicators;
use crate::record::verbs::verbs;
use crate::record::{ExceptionView, HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::changes::ChangeRevisionView;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change_templates::{Approve, ChangeTemplate, Procedure, Stage, StageName, TemplateAmendment, Verb};
use ratchet_domain::changes::Assessment;
use ratchet_domain::id::{IndicatorId, MemberId};
use ratchet_persistence::change_templates::Filter;
use serde::{Deserialize, Serialize};

/// A change that is approved once for all times that it is made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeTemplateView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Open a port in the firewall")]
    pub title: String,
    /// Why such changes are made.
    pub purpose: String,
    /// How they are made: the procedure.
    pub description: String,
    /// The clauses and controls they concern.
    pub requirements: Vec<String>,
    /// The indicators that show their effect.
    pub indicator_ids: Vec<IndicatorId>,
    /// What was considered.
    pub assessment: Assessment,
    /// Of the content; starts at 1.
    pub revision: i64,
    /// Earlier revisions, oldest first.
    pub revisions: Vec<ChangeRevisionView>,
    /// Who wrote the present revision: none of them approves it.
    pub author_ids: Vec<MemberId>,
    /// Under which changes are made by it.
    pub approval: Option<ApprovalView>,
    /// Why no change is made by it any more.
    pub retired_because: Option<String>,
    /// Duties that were not kept apart.
    pub exceptions: Vec<ExceptionView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of change templates can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangeTemplateQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "approved")]
    state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for ChangeTemplate {
    type View = ChangeTemplateView;
    type Query = ChangeTemplateQuery;
    const PATH: &'static str = "change-templates";

    fn view(&self, transitions: Option<Vec<Transition>>) -> ChangeTemplateView {
        let Self { head, procedure, revision, revisions, authors, exceptions, stage } = self;
        let Procedure { title, purpose, description, requirements, indicators, assessment } = procedure.clone();
        let (approval, retired_because) = match stage {
            Stage::Draft => (None, None),
            Stage::Approved { approval, note } => {
                (Some(ApprovalView::of(approval, note.as_ref(), Some(!self.is_approved()))), None)
            }
            Stage::Retired { reason, at: _, by: _ } => (None, Some(reason.clone())),
        };
        ChangeTemplateView {
            head: head.into(),
            state: stage.name(),
            title,
            purpose,
            description,
            requirements,
            indicator_ids: indicators,
            assessment,
            revision: *revision,
            revisions: revisions.iter().map(Into::into).collect(),
            author_ids: authors.clone(),
            approval,
            retired_because,
            exceptions: exceptions.iter().map(Into::into).collect(),
            transitions,
        }
    }

    fn filter(query: ChangeTemplateQuery, _: &Actor, _: NaiveDate) -> Filter {
        let ChangeTemplateQuery { state, updated_since } = query;
        Filter { stage: state, updated_since }
    }
}

/// A change template to be defined, as a draft.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateChangeTemplate {
    /// One line.
    #[schema(example = "Open a port in the firewall", max_length = 200)]
    title: String,
    /// Why such changes are made.
    #[schema(example = "A service is to be reached from outside", max_length = 10_000)]
    purpose: String,
    /// How they are made: the procedure.
    #[schema(example = "Check against the list of allowed services, open, try, note in the list", max_length = 10_000)]
    description: String,
    /// The clauses and controls they concern, at most 20.
    #[serde(default)]
    #[schema(example = json!(["A.8.20", "A.8.32"]))]
    requirements: Vec<String>,
    /// The indicators that show their effect, by reference or id, at most 20.
    #[serde(default)]
    indicators: Vec<String>,
    /// What was considered.
    assessment: Assessment,
}

/// Plain fields of the draft to change; an absent one stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendChangeTemplate {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// Why such changes are made.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    purpose: Option<String>,
    /// How they are made.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// The clauses and controls they concern.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
    /// The indicators that show their effect, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    indicators: Option<Vec<String>>,
    /// What was considered, whole.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Assessment)]
    assessment: Option<Assessment>,
}

/// That changes may be made by it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveChangeTemplate {
    /// What is said with it.
    #[serde(default)]
    #[schema(example = "Once a quarter we look at what was opened", max_length = 10_000)]
    note: Option<String>,
    /// Why someone approves who wrote it, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainChangeTemplate {
    /// Kept in the journal.
    #[schema(example = "The firewall is replaced", max_length = 10_000)]
    reason: String,
}

/// List change templates.
#[utoipa::path(
    tag = "changes",
    params(PageParameters, ChangeTemplateQuery),
    responses((status = 200, body = Page<ChangeTemplateView>))
)]
#[get("/change-templates")]
pub(crate) async fn list_change_templates(call: Call, list: List<ChangeTemplateQuery>) -> Result<Answer, ApiError> {
    call.list::<ChangeTemplate>(list).await
}

/// Define a change template, as a draft.
#[utoipa::path(
    tag = "changes",
    params(WriteParameters),
    request_body = CreateChangeTemplate,
    responses((status = 201, body = ChangeTemplateView))
)]
#[post("/change-templates")]
pub(crate) async fn create_change_template(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateChangeTemplate>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateChangeTemplate, by, birth, tx| {
        let CreateChangeTemplate { title, purpose, description, requirements, indicators, assessment } = input;
        let indicators = named_indicators("/indicators", &indicators, tx)?;
        let procedure = Procedure { title, purpose, description, requirements, indicators, assessment };
        Ok(ChangeTemplate::define(procedure, by, birth)?)
    })
    .await
}

/// Read a change template.
#[utoipa::path(
    tag = "changes",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ChangeTemplateView))
)]
#[get("/change-templates/{id}")]
pub(crate) async fn get_change_template(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<ChangeTemplate>(target, parameters).await
}

/// Amend the draft of a change template; whoever does is one of its authors.
#[utoipa::path(
    tag = "changes",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendChangeTemplate, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ChangeTemplateView))
)]
#[patch("/change-templates/{id}")]
pub(crate) async fn amend_change_template(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendChangeTemplate>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |template: ChangeTemplate, input: AmendChangeTemplate, by, tx| {
        let AmendChangeTemplate { title, purpose, description, requirements, indicators, assessment } = input;
        let indicators = indicators.map(|named| named_indicators("/indicators", &named, tx)).transpose()?;
        let amendment = TemplateAmendment { title, purpose, description, requirements, indicators, assessment };
        Ok(template.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "changes", record ChangeTemplate, view ChangeTemplateView;

    /// Approve a change template: changes may be made by it; never by who wrote it.
    approve_change_template "/change-templates/{id}/approve" Approve ApproveChangeTemplate
    |template, ApproveChangeTemplate { note, exception_reason }, facts, by, tx|
        template.approve(Approve { note, exception_reason }, facts, by, tx.now());

    /// Revise a change template: it becomes a draft again, and needs another approval.
    revise_change_template "/change-templates/{id}/revise" Revise ExplainChangeTemplate
    |template, input, facts, by, tx| template.revise(input.reason, facts, by, tx.now());

    /// Retire a change template: no change is made by it any more.
    retire_change_template "/change-templates/{id}/retire" Retire ExplainChangeTemplate
    |template, input, facts, by, tx| template.retire(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_change_templates)
        .service(create_change_template)
        .service(get_change_template)
        .service(amend_change_template)
        .service(approve_change_template)
        .service(revise_change_template)
        .service(retire_change_template);
}
