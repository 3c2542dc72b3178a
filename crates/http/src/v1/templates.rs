//! Templates over HTTP: what the starting set holds, and the call that applies it.

use crate::answer::Answer;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters, listed};
use crate::record::existing_member;
use crate::routing::Routes;
use crate::v1::management_reviews::check_chair;
use crate::v1::records::{self, RecordView};
use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::{Prefix, Target};
use ratchet_domain::refusal::{Fault, Faults, Refusal};
use ratchet_domain::templates::{self as domain, Area, Language, Owners, Skipped, Template};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::templates::{self, Applied, Left, Made};
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use strum::VariantArray;
use uuid::Uuid;

/// What the list can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TemplateQuery {
    /// Of these areas, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Area>>, example = "policies")]
    area: Option<Vec<Area>>,
    /// In this language.
    language: Option<Language>,
}

/// A template.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TemplateView {
    /// By what it is known: it stays the same.
    #[schema(example = "policy-access")]
    pub id: String,
    /// What it makes.
    pub area: Area,
    /// The language of its words.
    pub language: Language,
    /// What its record is called.
    #[schema(example = "Access")]
    pub title: String,
    /// What it is about.
    #[schema(example = "Everybody has the access that the work needs, no more, and no longer")]
    pub summary: String,
    /// The clauses and controls it serves.
    #[schema(example = json!(["A.5.15", "A.5.18"]))]
    pub clauses: Vec<&'static str>,
    /// Templates whose records its own refers to.
    #[schema(example = json!(["policy-information-security"]))]
    pub needs: Vec<&'static str>,
    /// Its longer text in Markdown, where it has one.
    pub text: Option<&'static str>,
    /// The record that was made of it here, as far as the caller may see it.
    pub applied: Option<RecordView>,
}

/// The set.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Templates {
    /// The languages in which there are templates; all others are refused.
    #[schema(example = json!(["en"]))]
    pub languages: &'static [Language],
    /// In the order in which it is applied.
    pub items: Vec<TemplateView>,
}

/// Who answers for what is made of one area.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AreaOwner {
    /// Which area.
    area: Area,
    /// Who.
    member_id: MemberId,
}

/// What is applied, and who answers for it. Without `areas` and `templates` it is the whole set.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyTemplates {
    /// Everything of these areas.
    #[serde(default)]
    areas: Option<Vec<Area>>,
    /// These templates, too.
    #[serde(default)]
    #[schema(example = json!(["policy-access", "course-awareness"]))]
    templates: Option<Vec<String>>,
    /// Who answers for what is made; the caller without it.
    #[serde(default)]
    owner_id: Option<MemberId>,
    /// Who answers for what is made of single areas, each named once.
    #[serde(default)]
    owners: Vec<AreaOwner>,
    /// Who chairs the management review, an active member with the role `management`; without it, of those the one who
    /// joined first.
    #[serde(default)]
    chair_id: Option<MemberId>,
}

/// Who answers for what is made of one template.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyTemplate {
    /// Who answers for what is made; the caller without it.
    #[serde(default)]
    owner_id: Option<MemberId>,
    /// Of the management review alone: who chairs it, an active member with the role `management`; without it, of those the
    /// one who joined first.
    #[serde(default)]
    chair_id: Option<MemberId>,
}

impl From<ApplyTemplate> for ApplyTemplates {
    fn from(body: ApplyTemplate) -> Self {
        let ApplyTemplate { owner_id, chair_id } = body;
        Self { areas: None, templates: None, owner_id, owners: Vec::new(), chair_id }
    }
}

/// A record that was made of a template. A policy comes with its first version, the review with its agenda as a comment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MadeView {
    /// The template.
    #[schema(example = "policy-access")]
    pub template: String,
    /// The record.
    pub record: RecordView,
}

/// A template that made nothing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SkippedView {
    /// The template.
    #[schema(example = "objective-updates")]
    pub template: String,
    /// Why.
    pub reason: Skipped,
    /// The same in a sentence.
    #[schema(example = "needs policy-information-security: neither applied nor chosen")]
    pub detail: String,
    /// The record that is there already.
    pub record: Option<RecordView>,
}

/// What came of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AppliedView {
    /// In the order in which it was made.
    pub made: Vec<MadeView>,
    /// What was left out, and why.
    pub skipped: Vec<SkippedView>,
}

/// List the templates of the starting set, and what was made of them here.
#[utoipa::path(tag = "templates", params(TemplateQuery), responses((status = 200, body = Templates)))]
#[get("/templates")]
pub(crate) async fn list_templates(call: Call, query: Query<TemplateQuery>) -> Result<Answer, ApiError> {
    let (by, TemplateQuery { area, language }) = (call.actor.clone(), query.0);
    let read = move |connection: &mut AnyConnection| -> Result<Templates, ApiError> {
        let uses = templates::uses(by.organisation, connection)?;
        let mut chosen = domain::starter();
        chosen.retain(|template| area.as_ref().is_none_or(|areas| areas.contains(&template.content.area())));
        match language {
            // The one that there is.
            Some(Language::En) | None => {}
        }
        let used = chosen.iter().filter_map(|one| Some((one.content.area().kind(), *uses.get(&one.id)?)));
        let mut seen = seen(used, &by, connection)?;
        let view = |template: Template| {
            let applied = uses.get(&template.id).and_then(|record| seen.remove(record));
            TemplateView::of(template, applied)
        };
        Ok(Templates { languages: Language::VARIANTS, items: chosen.into_iter().map(view).collect() })
    };
    Answer::json(StatusCode::OK, &call.app.store.read(read).await?)
}

impl TemplateView {
    fn of(template: Template, applied: Option<RecordView>) -> Self {
        let Template { id, title, summary, clauses, needs, content } = template;
        let (area, text) = (content.area(), content.text());
        Self { id, area, language: Language::En, title, summary, clauses, needs, text, applied }
    }
}

/// Apply the starting set, or a part of it.
///
/// Records are made as drafts, or where their kind begins otherwise there, in one transaction: nothing is approved by it.
/// What was applied before, or is there by another way, is left out, so that applying it again makes nothing twice.
#[utoipa::path(
    tag = "templates",
    params(WriteParameters),
    request_body = ApplyTemplates,
    responses(
        (status = 201, description = "Records were made", body = AppliedView),
        (status = 200, description = "There was nothing to make, or a dry run", body = AppliedView),
    )
)]
#[post("/templates/starter/apply")]
pub(crate) async fn apply_starter_templates(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<ApplyTemplates>,
) -> Result<Answer, ApiError> {
    let choice = |input: &ApplyTemplates| chosen(input.areas.as_deref(), input.templates.as_deref());
    apply(call, parameters, body, choice).await
}

/// Apply one template: what it needs must have been applied before.
///
/// Its record is made as a draft, or where its kind begins otherwise there; nothing is approved by it. Applied before, or
/// there by another way, it is left out, and so it is when a template that it needs was not applied.
#[utoipa::path(
    tag = "templates",
    params(("template" = String, Path, description = "What the template is known by.", example = "policy-access"), WriteParameters),
    request_body = ApplyTemplate,
    responses(
        (status = 201, description = "A record was made", body = AppliedView),
        (status = 200, description = "There was nothing to make, or a dry run", body = AppliedView),
    )
)]
#[post("/templates/{template}/apply")]
pub(crate) async fn apply_template(
    call: Call,
    template: web::Path<String>,
    parameters: Query<WriteParameters>,
    body: Body<ApplyTemplate>,
) -> Result<Answer, ApiError> {
    let wanted = template.into_inner();
    let Body { parsed, digest } = body;
    let body = Body { parsed: parsed.map(ApplyTemplates::from), digest };
    let mut all = domain::starter();
    all.retain(|template| template.id == wanted);
    if all.is_empty() {
        return Err(ApiError::NotFound);
    }
    apply(call, parameters, body, move |_| Ok(all)).await
}

async fn apply(
    call: Call,
    Query(parameters): Query<WriteParameters>,
    Body { parsed, digest }: Body<ApplyTemplates>,
    choice: impl FnOnce(&ApplyTemplates) -> Result<Vec<Template>, ApiError> + Send + 'static,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let dry_run = parameters.dry_run;
    call.write(&parameters, &digest, move |tx| {
        domain::may_apply(&by)?;
        let input = parsed?;
        let chosen = choice(&input)?;
        let owners = owners(&input, &by, tx)?;
        let applied = templates::apply(&chosen, &owners, tx)?;
        let last = applied.last.filter(|_| !dry_run);
        let status = if last.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        let answer = Answer::json(status, &AppliedView::of(applied, &by, tx.connection())?)?;
        Ok(last.into_iter().fold(answer, Answer::with_receipt))
    })
    .await
}

/// The templates that a body chooses, in the order in which they are applied.
fn chosen(areas: Option<&[Area]>, named: Option<&[String]>) -> Result<Vec<Template>, ApiError> {
    let mut all = domain::starter();
    if areas.is_none() && named.is_none() {
        return Ok(all);
    }
    let (areas, named) = (areas.unwrap_or_default(), named.unwrap_or_default());
    let mut faults = Faults::default();
    for (index, id) in named.iter().enumerate() {
        if !all.iter().any(|template| template.id == *id) {
            let detail = "must be the id of a template";
            faults.push(Fault::new(format!("/templates/{index}"), "unknown_template", detail));
        }
    }
    if areas.is_empty() && named.is_empty() {
        faults.push(Fault::new("/areas", "required", "must choose something; leave it out for the whole set"));
    }
    faults.refuse()?;
    all.retain(|template| areas.contains(&template.content.area()) || named.contains(&template.id));
    Ok(all)
}

/// Who answers for what, as the body says; each of them is an active member.
fn owners(input: &ApplyTemplates, by: &Actor, tx: &mut Tx<'_>) -> Result<Owners, ApiError> {
    let everything = input
        .owner_id
        .or(by.member())
        .ok_or_else(|| Refusal::invalid("/owner_id", "required", "a machine must say who answers for what it makes"))?;
    if let Some(owner) = input.owner_id {
        existing_member("/owner_id", owner, tx)?;
    }
    let mut of_area = BTreeMap::new();
    for (index, AreaOwner { area, member_id }) in input.owners.iter().enumerate() {
        existing_member(&format!("/owners/{index}/member_id"), *member_id, tx)?;
        if of_area.insert(*area, *member_id).is_some() {
            let pointer = format!("/owners/{index}/area");
            return Err(Refusal::invalid(pointer, "duplicate", "must name each area once").into());
        }
    }
    if let Some(chair) = input.chair_id {
        check_chair(chair, tx)?;
    }
    Ok(Owners { everything, of_area, chair: input.chair_id })
}

/// Records by id, as far as the caller may see them.
fn seen(
    records: impl Iterator<Item = (Prefix, Uuid)>,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<HashMap<Uuid, RecordView>, ApiError> {
    let seen = records::seen_of(&records.collect::<Vec<_>>(), by, connection)?;
    Ok(seen.into_iter().map(|view| (view.id, view)).collect())
}

impl AppliedView {
    fn of(applied: Applied, by: &Actor, connection: &mut AnyConnection) -> Result<Self, ApiError> {
        let Applied { made, skipped, last: _ } = applied;
        let records = made.iter().map(|made| made.record).chain(skipped.iter().filter_map(|left| left.record));
        let seen = seen(records.map(|Target { kind, id }| (kind, id.0)), by, connection)?;
        let view = |record: Target| seen.get(&record.id.0).cloned();
        let made =
            made.into_iter().filter_map(|Made { template, record }| Some(MadeView { template, record: view(record)? }));
        let skipped = skipped.into_iter().map(|left| {
            let (detail, record) = (detail(&left), left.record.and_then(view));
            SkippedView { template: left.template, reason: left.reason, detail, record }
        });
        Ok(Self { made: made.collect(), skipped: skipped.collect() })
    }
}

/// Why, in a sentence.
fn detail(left: &Left) -> String {
    match left.reason {
        Skipped::Applied => "was applied before, whatever its record is called now".to_owned(),
        Skipped::Exists => "a record that would be the same is there already".to_owned(),
        Skipped::Needs => {
            let needs = left.needs.join(" and ");
            format!("needs {needs}: neither applied nor chosen")
        }
        Skipped::NoTopManagement => "nobody holds the role management, so that nobody can chair it".to_owned(),
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    // The set first: no template is called `starter`.
    routes.service(list_templates).service(apply_starter_templates).service(apply_template);
}
