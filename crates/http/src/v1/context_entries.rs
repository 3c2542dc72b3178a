//! The context that the management system starts from, over HTTP [4.1, 4.2].

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::{bounded, bounded_given};
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::expand::MemberName;
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::context_entries::{
    ContextAmendment, ContextDraft, ContextEntry, Kind, LastReview, Matter, Need, Review, Stage, StageName, Verb,
};
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::context_entries::{self, Filter};
use serde::{Deserialize, Serialize};

/// Something that the management system starts from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ContextEntryView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// What it speaks of.
    pub kind: Kind,
    /// One line: the issue, or who the party is.
    #[schema(example = "Customers that run our robots in their yards")]
    pub title: String,
    /// What it is and how it bears on the system; for climate change why it matters or not.
    pub description: String,
    /// What an interested party requires; `null` for other kinds.
    pub requirements: Option<Vec<NeedView>>,
    /// Whether climate change is a relevant issue; `null` for other kinds.
    pub relevant: Option<bool>,
    /// Who watches it.
    pub owner_id: Option<MemberId>,
    /// The name of who watches it; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// When it was last reviewed.
    pub last_review: LastReviewView,
    /// The day by which it is to be reviewed again.
    pub review_due_on: Option<NaiveDate>,
    /// When what it says last changed: recorded, amended or retired, not merely reviewed.
    pub changed_at: DateTime<Utc>,
    /// Why it does not hold any more.
    pub retired_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// A requirement of an interested party.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NeedView {
    /// What is required.
    pub text: String,
    /// How the management system addresses it; `null` where it does not.
    pub addressed_by: Option<String>,
}

/// When somebody last asked whether it still holds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LastReviewView {
    /// On which day.
    pub on: NaiveDate,
    /// Who; `null` for a machine.
    pub by: Option<MemberId>,
    /// What was concluded; `null` for the day on which the entry was recorded.
    pub conclusion: Option<String>,
}

impl From<&LastReview> for LastReviewView {
    fn from(review: &LastReview) -> Self {
        let LastReview { on, by, conclusion } = review.clone();
        Self { on, by, conclusion }
    }
}

impl From<&Need> for NeedView {
    fn from(need: &Need) -> Self {
        let Need { text, addressed_by } = need.clone();
        Self { text, addressed_by }
    }
}

/// What a list of context entries can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContextEntryQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "current")]
    state: Option<Vec<StageName>>,
    /// Of one of these kinds, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Kind>>, example = "external_issue,internal_issue")]
    kind: Option<Vec<Kind>>,
    /// Watched by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// To be reviewed before this day.
    #[serde(default, deserialize_with = "bounded")]
    review_due_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for ContextEntry {
    type View = ContextEntryView;
    type Query = ContextEntryQuery;
    const PATH: &'static str = "context-entries";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> ContextEntryView {
        let Self {
            head,
            title,
            description,
            matter,
            owner,
            last_review,
            review_due_on,
            review_fell_due_on: _,
            changed_at,
            stage,
        } = self;
        let (requirements, relevant) = match matter {
            Matter::ExternalIssue | Matter::InternalIssue => (None, None),
            Matter::InterestedParty { requirements } => (Some(requirements.iter().map(Into::into).collect()), None),
            Matter::ClimateChange { relevant } => (None, Some(*relevant)),
        };
        let retired_because = match stage {
            Stage::Current => None,
            Stage::Retired { reason, .. } => Some(reason.clone()),
        };
        ContextEntryView {
            head: head.into(),
            state: stage.name(),
            kind: matter.kind(),
            title: title.clone(),
            description: description.clone(),
            requirements,
            relevant,
            owner_id: *owner,
            owner: None,
            last_review: last_review.into(),
            review_due_on: *review_due_on,
            changed_at: *changed_at,
            retired_because,
            transitions,
        }
    }

    fn settle(query: &mut ContextEntryQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: ContextEntryQuery, by: &Actor, _: NaiveDate) -> Filter {
        let ContextEntryQuery { state, kind, owner, review_due_before, updated_since } = query;
        let owner = owner.map(|who| who.resolve(by));
        Filter { stage: state, kind, owner, review_due_before, updated_since }
    }
}

/// A requirement of an interested party.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NeedBody {
    /// What is required.
    #[schema(example = "To be told of incidents that touch them within a day", max_length = 10_000)]
    text: String,
    /// How the management system addresses it; left out where it does not.
    #[serde(default)]
    #[schema(example = "Incident procedure, section 4", max_length = 10_000)]
    addressed_by: Option<String>,
}

fn needs(bodies: Vec<NeedBody>) -> Vec<Need> {
    bodies.into_iter().map(|NeedBody { text, addressed_by }| Need { text, addressed_by }).collect()
}

/// Something that the management system starts from.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateContextEntry {
    /// What it speaks of.
    kind: Kind,
    /// One line: the issue, or who the party is.
    #[schema(example = "Customers that run our robots in their yards", max_length = 200)]
    title: String,
    /// What it is and how it bears on the system; for climate change why it matters or not.
    #[schema(example = "Nine of ten ask how we handle vulnerabilities before they sign", max_length = 10_000)]
    description: String,
    /// What an interested party requires, 1 to 50; for that kind alone.
    #[serde(default)]
    requirements: Option<Vec<NeedBody>>,
    /// Whether climate change is a relevant issue; for that kind alone.
    #[serde(default)]
    relevant: Option<bool>,
    /// Who watches it.
    #[serde(default)]
    owner_id: Option<MemberId>,
    /// The day by which it is to be reviewed again.
    #[serde(default, deserialize_with = "bounded")]
    review_due_on: Option<NaiveDate>,
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendContextEntry {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What it is and how it bears on the system.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// What an interested party requires, all of it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<NeedBody>)]
    requirements: Option<Vec<NeedBody>>,
    /// Whether climate change is a relevant issue.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    relevant: Option<bool>,
    /// Who watches it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MemberId>)]
    owner_id: Option<Option<MemberId>>,
    /// The day by which it is to be reviewed again.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = Option<NaiveDate>)]
    review_due_on: Option<Option<NaiveDate>>,
}

/// That it was asked whether it still holds.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewContextEntry {
    /// What was concluded.
    #[schema(example = "Still so: two more tenders asked for a certificate", max_length = 10_000)]
    conclusion: String,
    /// The day by which it is to be reviewed again; none without it.
    #[serde(default, deserialize_with = "bounded")]
    review_due_on: Option<NaiveDate>,
}

/// Why it does not hold any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireContextEntry {
    /// Kept in the journal.
    #[schema(example = "The joint venture has ended", max_length = 10_000)]
    reason: String,
}

/// List context entries.
#[utoipa::path(
    tag = "context-entries",
    params(PageParameters, ContextEntryQuery),
    responses((status = 200, body = Page<ContextEntryView>))
)]
#[get("/context-entries")]
pub(crate) async fn list_context_entries(call: Call, list: List<ContextEntryQuery>) -> Result<Answer, ApiError> {
    call.list::<ContextEntry>(list).await
}

/// Record an issue, an interested party or the decision about climate change [4.1, 4.2].
#[utoipa::path(
    tag = "context-entries",
    params(WriteParameters),
    request_body = CreateContextEntry,
    responses((status = 201, body = ContextEntryView))
)]
#[post("/context-entries")]
pub(crate) async fn create_context_entry(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateContextEntry>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateContextEntry, by, birth, tx| {
        let CreateContextEntry { kind, title, description, requirements, relevant, owner_id, review_due_on } = input;
        if let Some(owner) = owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        let facts = context_entries::facts(by.organisation, tx.now(), tx.connection())?;
        let requirements = requirements.map(needs);
        let draft = ContextDraft { kind, title, description, requirements, relevant, owner: owner_id, review_due_on };
        Ok(ContextEntry::record(draft, &facts, by, birth)?)
    })
    .await
}

/// Read a context entry.
#[utoipa::path(
    tag = "context-entries",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ContextEntryView))
)]
#[get("/context-entries/{id}")]
pub(crate) async fn get_context_entry(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<ContextEntry>(target, parameters).await
}

/// Amend a context entry's plain fields.
#[utoipa::path(
    tag = "context-entries",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendContextEntry, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ContextEntryView))
)]
#[patch("/context-entries/{id}")]
pub(crate) async fn amend_context_entry(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendContextEntry>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |entry: ContextEntry, input, by, tx| {
        let AmendContextEntry { title, description, requirements, relevant, owner_id, review_due_on } = input;
        if let Some(Some(owner)) = owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        let facts = tx.facts(&entry)?;
        let requirements = requirements.map(needs);
        let amendment = ContextAmendment { title, description, requirements, relevant, owner: owner_id, review_due_on };
        Ok(entry.amend(amendment, &facts, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "context-entries", record ContextEntry, view ContextEntryView;

    /// Record that somebody asked whether it still holds, and what was concluded.
    review_context_entry "/context-entries/{id}/review" Review ReviewContextEntry
    |entry, ReviewContextEntry { conclusion, review_due_on }, facts, by, tx|
        entry.review(Review { conclusion, review_due_on }, facts, by, tx.now());

    /// Retire an entry: it does not hold any more.
    retire_context_entry "/context-entries/{id}/retire" Retire RetireContextEntry
    |entry, input, facts, by, tx| entry.retire(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_context_entries)
        .service(create_context_entry)
        .service(get_context_entry)
        .service(amend_context_entry)
        .service(review_context_entry)
        .service(retire_context_entry);
}
