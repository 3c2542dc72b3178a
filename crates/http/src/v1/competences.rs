//! Competences over HTTP [7.2].

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Change;
use ratchet_domain::competences::{
    Amendment, Assess, Competence, CompetenceDraft, Holder, Stage, StageName, Standing, Verb,
};
use ratchet_domain::id::MemberId;
use ratchet_persistence::competences::Filter;
use ratchet_persistence::{settings, tx::Tx};
use serde::{Deserialize, Serialize};

/// What a role requires of whoever holds it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CompetenceView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// The role that requires it, as the organisation calls it.
    #[schema(example = "Internal auditor")]
    pub role: String,
    /// What it requires [7.2 a].
    pub requirement: String,
    /// Who holds the role, and how each of them stands.
    pub holders: Vec<HolderView>,
    /// How many of them lack something.
    pub gaps: i64,
    /// Why it is not required any more.
    pub retired_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// A holder of the role.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CompetenceHolder)]
pub(crate) struct HolderView {
    /// Who holds the role.
    pub member_id: MemberId,
    /// Whether that member has what it requires, on which basis [7.2 b] and by what it shows [7.2 d], or what is missing.
    pub standing: Standing,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

impl From<&Holder> for HolderView {
    fn from(holder: &Holder) -> Self {
        let Holder { member, standing, at, by, fell_due_on: _ } = holder.clone();
        Self { member_id: member, standing, at, by }
    }
}

/// What a list of competences can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompetenceQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "required")]
    state: Option<Vec<StageName>>,
    /// Required by this role.
    #[param(example = "Internal auditor")]
    role: Option<String>,
    /// Whether a holder lacks something.
    gap: Option<bool>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Competence {
    type View = CompetenceView;
    type Query = CompetenceQuery;
    const PATH: &'static str = "competences";

    fn view(&self, transitions: Option<Vec<Transition>>) -> CompetenceView {
        let Self { head, role, requirement, holders, stage } = self;
        let retired_because = match stage {
            Stage::Required => None,
            Stage::Retired { reason, at: _ } => Some(reason.clone()),
        };
        CompetenceView {
            head: head.into(),
            state: stage.name(),
            role: role.clone(),
            requirement: requirement.clone(),
            holders: holders.iter().map(Into::into).collect(),
            gaps: self.gaps(),
            retired_because,
            transitions,
        }
    }

    fn filter(query: CompetenceQuery, _: &Actor, _: NaiveDate) -> Filter {
        let CompetenceQuery { state, role, gap, updated_since } = query;
        Filter { stage: state, role, gap, updated_since }
    }
}

/// What a role requires.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateCompetence {
    /// The role that requires it, as the organisation calls it.
    #[schema(example = "Internal auditor", max_length = 200)]
    role: String,
    /// What it requires [7.2 a].
    #[schema(example = "Knows ISO/IEC 27001 and ISO 19011, has audited under supervision", max_length = 10_000)]
    requirement: String,
}

/// Plain fields to change; an absent one stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendCompetence {
    /// The role that requires it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    role: Option<String>,
    /// What it requires.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    requirement: Option<String>,
}

/// How a holder of the role stands.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessCompetence {
    /// Who holds the role; not whoever judges.
    member_id: MemberId,
    /// Whether that member has what it requires.
    standing: Standing,
}

/// Who does not hold the role any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseCompetence {
    /// Who.
    member_id: MemberId,
    /// Why.
    #[schema(example = "Has become head of development", max_length = 10_000)]
    reason: String,
}

/// Why it is not required any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireCompetence {
    /// Kept in the journal.
    #[schema(example = "Audits are bought from outside now", max_length = 10_000)]
    reason: String,
}

/// List competences.
#[utoipa::path(
    tag = "competences",
    params(PageParameters, CompetenceQuery),
    responses((status = 200, body = Page<CompetenceView>))
)]
#[get("/competences")]
pub(crate) async fn list_competences(call: Call, list: List<CompetenceQuery>) -> Result<Answer, ApiError> {
    call.list::<Competence>(list).await
}

/// Say what a role requires of whoever holds it [7.2 a].
#[utoipa::path(
    tag = "competences",
    params(WriteParameters),
    request_body = CreateCompetence,
    responses((status = 201, body = CompetenceView))
)]
#[post("/competences")]
pub(crate) async fn create_competence(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateCompetence>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |CreateCompetence { role, requirement }, by, birth, _| {
        Ok(Competence::define(CompetenceDraft { role, requirement }, by, birth)?)
    })
    .await
}

/// Read a competence.
#[utoipa::path(
    tag = "competences",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = CompetenceView))
)]
#[get("/competences/{id}")]
pub(crate) async fn get_competence(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Competence>(target, parameters).await
}

/// Amend a competence's plain fields.
#[utoipa::path(
    tag = "competences",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendCompetence, content_type = "application/merge-patch+json"),
    responses((status = 200, body = CompetenceView))
)]
#[patch("/competences/{id}")]
pub(crate) async fn amend_competence(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendCompetence>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |competence: Competence, AmendCompetence { role, requirement }, by, tx| {
        Ok(competence.amend(Amendment { role, requirement }, by, tx.now())?)
    })
    .await
}

fn assess(
    competence: Competence,
    input: AssessCompetence,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Competence>, ApiError> {
    let AssessCompetence { member_id, standing } = input;
    existing_member("/member_id", member_id, tx)?;
    let today = settings::rules(by.organisation, tx.connection())?.today(tx.now());
    Ok(competence.assess(Assess { member: member_id, standing }, today, by, tx.now())?)
}

verbs! {
    tag "competences", record Competence, view CompetenceView;

    /// Judge how a holder of the role stands: what it rests on, or what is missing; never oneself [7.2 b-d].
    assess_competence "/competences/{id}/assess" Assess AssessCompetence
    |competence, input, _facts, by, tx| assess(competence, input, by, tx);

    /// Say that a member does not hold the role any more.
    release_competence "/competences/{id}/release" Release ReleaseCompetence
    |competence, ReleaseCompetence { member_id, reason }, _facts, by, tx|
        competence.release(member_id, reason, by, tx.now());

    /// Say that it is not required any more.
    retire_competence "/competences/{id}/retire" Retire RetireCompetence
    |competence, input, _facts, by, tx| competence.retire(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_competences)
        .service(create_competence)
        .service(get_competence)
        .service(amend_competence)
        .service(assess_competence)
        .service(release_competence)
        .service(retire_competence);
}
