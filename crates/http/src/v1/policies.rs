//! Policies over HTTP [5.2, 7.5]. What a policy says is published version by version: `policy_versions.rs`.

mod view;

pub(crate) use view::{CoverageView, PolicyView};

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::mistakes::VoidRecord;
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member, existing_members};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::http::StatusCode;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::{Actor, Cell, Permission};
use ratchet_domain::audience::Audience;
use ratchet_domain::id::MemberId;
use ratchet_domain::mistakes::Voidable;
use ratchet_domain::policies::{
    Classification, Control, Disposition, Policy, PolicyAmendment, PolicyDraft, StageName, Verb,
};
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::policies::Filter;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{acknowledgements, settings};
use serde::{Deserialize, Serialize};

/// What a list of policies can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PolicyQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "published")]
    state: Option<Vec<StageName>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Whether it is the information security policy itself.
    top_level: Option<bool>,
    /// To be looked at again before this day.
    #[serde(default, deserialize_with = "bounded")]
    review_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Policy {
    type View = PolicyView;
    type Query = PolicyQuery;
    const PATH: &'static str = "policies";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> PolicyView {
        PolicyView::of(self, transitions)
    }

    fn settle(query: &mut PolicyQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: PolicyQuery, by: &Actor, _: NaiveDate) -> Filter {
        let PolicyQuery { state, owner, top_level, review_before, updated_since } = query;
        let owner = owner.map(|who| who.resolve(by));
        Filter { stage: state, owner, top_level, review_before, updated_since }
    }
}

/// How the document is kept under control [7.5.3].
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentControl {
    /// For how many months a version is kept after it held, 1 to 1,200; `null` for good.
    #[serde(default)]
    #[schema(example = 36)]
    pub retention_months: Option<u32>,
    /// What becomes of it then.
    pub disposition: Disposition,
    /// Where the document comes from, when it was made outside the organisation.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub external_origin: Option<String>,
}

impl From<DocumentControl> for Control {
    fn from(body: DocumentControl) -> Self {
        let DocumentControl { retention_months, disposition, external_origin } = body;
        Self { retention_months, disposition, external_origin }
    }
}

impl From<Control> for DocumentControl {
    fn from(control: Control) -> Self {
        let Control { retention_months, disposition, external_origin } = control;
        Self { retention_months, disposition, external_origin }
    }
}

/// A policy to be established. What it says comes with its first version.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePolicy {
    /// One line.
    #[schema(example = "Use of laptops", max_length = 200)]
    title: String,
    /// What it is for.
    #[schema(example = "That a lost laptop is a loss of money alone", max_length = 10_000)]
    purpose: String,
    /// Where it holds.
    #[schema(example = "Every laptop of the company", max_length = 10_000)]
    scope: String,
    /// Who may see what it says.
    classification: Classification,
    /// The accountable member.
    owner_id: MemberId,
    /// Who must acknowledge it.
    audience: Audience,
    /// How many days those people have for it, 1 to 365; 14 without it.
    #[serde(default)]
    #[schema(example = 14)]
    acknowledge_within_days: Option<u32>,
    /// How many months pass between two reviews, 1 to 60; 12 without it.
    #[serde(default)]
    #[schema(example = 12)]
    review_months: Option<u32>,
    /// The clauses and controls it serves, at most 50.
    #[serde(default)]
    #[schema(example = json!(["A.5.10", "A.8.1"]))]
    requirements: Vec<String>,
    /// Whether it is the information security policy itself [5.2]; what 5.2 a to d asks for is then confirmed on submitting.
    #[serde(default)]
    top_level: bool,
    /// Parties outside to whom it is available, at most 50 [5.2 g].
    #[serde(default)]
    #[schema(example = json!(["Customers", "Suppliers"]))]
    available_to: Vec<String>,
    /// How the document is kept under control [7.5.3].
    control: DocumentControl,
}

impl From<CreatePolicy> for PolicyDraft {
    fn from(body: CreatePolicy) -> Self {
        let CreatePolicy {
            title,
            purpose,
            scope,
            classification,
            owner_id,
            audience,
            acknowledge_within_days,
            review_months,
            requirements,
            top_level,
            available_to,
            control,
        } = body;
        Self {
            title,
            purpose,
            scope,
            classification,
            owner: owner_id,
            audience,
            acknowledge_within_days: acknowledge_within_days.unwrap_or(14),
            review_months: review_months.unwrap_or(12),
            requirements,
            top_level,
            available_to,
            control: control.into(),
        }
    }
}

/// Plain fields to change; an absent one stays. What is part of an approval makes it stale: title, purpose, scope,
/// classification, audience, requirements and `top_level`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendPolicy {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    purpose: Option<String>,
    /// Where it holds.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    scope: Option<String>,
    /// Who may see what it says.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Classification)]
    classification: Option<Classification>,
    /// The accountable member.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
    /// Who must acknowledge it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Audience)]
    audience: Option<Audience>,
    /// How many days those people have for it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u32)]
    acknowledge_within_days: Option<u32>,
    /// How many months pass between two reviews.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u32)]
    review_months: Option<u32>,
    /// The clauses and controls it serves.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
    /// Whether it is the information security policy itself.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    top_level: Option<bool>,
    /// Parties outside to whom it is available.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    available_to: Option<Vec<String>>,
    /// How the document is kept under control; given whole.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = DocumentControl)]
    control: Option<DocumentControl>,
}

impl From<AmendPolicy> for PolicyAmendment {
    fn from(body: AmendPolicy) -> Self {
        let AmendPolicy {
            title,
            purpose,
            scope,
            classification,
            owner_id,
            audience,
            acknowledge_within_days,
            review_months,
            requirements,
            top_level,
            available_to,
            control,
        } = body;
        Self {
            title,
            purpose,
            scope,
            classification,
            owner: owner_id,
            audience,
            acknowledge_within_days,
            review_months,
            requirements,
            top_level,
            available_to,
            control: control.map(Into::into),
        }
    }
}

/// What management has looked at.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReaffirmPolicy {
    /// What was looked at, and why nothing changes.
    #[schema(example = "Read against the year's incidents; nothing in it was wrong", max_length = 10_000)]
    note: String,
}

/// Refuses members that a body names and that are not active here.
fn people(owner: Option<MemberId>, audience: Option<&Audience>, tx: &mut Tx<'_>) -> Result<(), ApiError> {
    if let Some(owner) = owner {
        existing_member("/owner_id", owner, tx)?;
    }
    existing_members("/audience/members", audience.map_or(&[], Audience::named), tx)
}

/// List policies.
#[utoipa::path(
    tag = "policies",
    params(PageParameters, PolicyQuery),
    responses((status = 200, body = Page<PolicyView>))
)]
#[get("/policies")]
pub(crate) async fn list_policies(call: Call, list: List<PolicyQuery>) -> Result<Answer, ApiError> {
    call.list::<Policy>(list).await
}

/// Establish a policy; what it says comes with its first version.
#[utoipa::path(
    tag = "policies",
    params(WriteParameters),
    request_body = CreatePolicy,
    responses((status = 201, body = PolicyView))
)]
#[post("/policies")]
pub(crate) async fn create_policy(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreatePolicy>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreatePolicy, by, birth, tx| {
        people(Some(input.owner_id), Some(&input.audience), tx)?;
        Ok(Policy::establish(input.into(), by, birth)?)
    })
    .await
}

/// Read a policy. Every member may read one that was published.
#[utoipa::path(
    tag = "policies",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = PolicyView))
)]
#[get("/policies/{id}")]
pub(crate) async fn get_policy(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Policy>(target, parameters).await
}

/// Amend a policy's plain fields.
#[utoipa::path(
    tag = "policies",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendPolicy, content_type = "application/merge-patch+json"),
    responses((status = 200, body = PolicyView))
)]
#[patch("/policies/{id}")]
pub(crate) async fn amend_policy(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendPolicy>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |policy: Policy, input: AmendPolicy, by, tx| {
        people(input.owner_id, input.audience.as_ref(), tx)?;
        Ok(policy.amend(input.into(), by, tx.now())?)
    })
    .await
}

/// Read how far a policy is acknowledged, and by whom it is not yet.
///
/// Derived now from the audience, the members and the version that holds; nobody is asked while none does.
#[utoipa::path(tag = "policies", params(("id" = String, Path)), responses((status = 200, body = CoverageView)))]
#[get("/policies/{id}/coverage")]
pub(crate) async fn get_policy_coverage(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    let (by, now) = (call.actor.clone(), call.app.now());
    let read = move |connection: &mut _| -> Result<CoverageView, ApiError> {
        let policy: Policy = records::get(locator, &by, connection)?;
        reads_everybody(&by)?;
        let rules = settings::rules(by.organisation, connection)?;
        let coverage = acknowledgements::coverage_of(&policy, &rules, now, connection)?;
        Ok(CoverageView::of(policy.id(), coverage))
    };
    let coverage = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &coverage)
}

/// Who has acknowledged what is not told to everybody.
pub(crate) fn reads_everybody(by: &Actor) -> Result<(), ApiError> {
    if by.cell(Permission::ReadRecords) == Cell::Yes { Ok(()) } else { Err(Refusal::Forbidden.into()) }
}

verbs! {
    tag "policies", record Policy, view PolicyView;

    /// Record that management has looked at a policy and leaves it as it is; the next review is counted from today.
    reaffirm_policy "/policies/{id}/reaffirm" Reaffirm ReaffirmPolicy
    |policy, input, facts, by, tx| policy.reaffirm(input.note, facts, by, tx.now());

    /// Void a policy: it was established by mistake. Before a version of it is published, and with none pending.
    void_policy "/policies/{id}/void" Void VoidRecord
    |policy, input, facts, by, tx| policy.void(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_policies)
        .service(create_policy)
        .service(get_policy)
        .service(amend_policy)
        .service(get_policy_coverage)
        .service(reaffirm_policy)
        .service(void_policy);
}
