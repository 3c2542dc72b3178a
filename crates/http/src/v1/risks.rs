//! Risks over HTTP [6.1.2, 6.1.3, 8.2, 8.3].

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed, within};
use crate::record::acceptances::{AcceptAsItIs, AcceptanceView};
use crate::record::expand::MemberName;
use crate::record::mistakes::VoidRecord;
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, TargetView, Transition, existing_member};
use crate::routing::Routes;
use crate::v1::imports::MigratedView;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::mistakes::Voidable;
use ratchet_domain::rating::Rating;
use ratchet_domain::reference::Prefix;
use ratchet_domain::risks::{self as domain, Risk, RiskDraft, Stage, StageName, TreatmentOption, Verb};
use ratchet_persistence::risks::Filter;
use serde::{Deserialize, Serialize};

/// What could happen, how grave that is, and what is done about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RiskView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Backups cannot be read")]
    pub title: String,
    /// What could happen, by what, and what it would do.
    pub description: String,
    /// What another tool calls it.
    pub external_reference: Option<String>,
    /// The record that it was born of.
    pub origin: Option<TargetView>,
    /// Controls of Annex A that keep it down.
    pub controls: Vec<String>,
    /// The risk owner; set by `assess`.
    pub owner_id: Option<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// Without treatment; set by `assess`.
    pub inherent: Option<Rating>,
    /// What is left of it; set by `treat`.
    pub residual: Option<Rating>,
    /// How grave it is now, 1 to 25: what is left of it, or what it is without treatment.
    pub level: Option<i64>,
    /// What is done about it.
    pub treatment: Option<TreatmentView>,
    /// The day by which it is looked at again.
    pub review_on: Option<NaiveDate>,
    /// How it was seen, oldest first: the assessment, and every review since.
    pub reviews: Vec<RiskReviewView>,
    /// By whom it is accepted as it is, and until when.
    pub acceptance: Option<AcceptanceView>,
    /// Acceptances that have ended, oldest first.
    pub acceptances: Vec<AcceptanceView>,
    /// Why there is no such risk any more.
    pub retired_because: Option<String>,
    /// What another register says of it, where it was brought in from before go-live: no gate of this program was run for
    /// that.
    pub migrated: Option<MigratedView>,
    /// Why it is void: there never was such a risk.
    pub void_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What is done about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TreatmentView {
    /// In one word.
    pub option: TreatmentOption,
    /// In many.
    pub description: String,
    /// Since when that is in place.
    pub at: DateTime<Utc>,
    /// Who said so.
    pub by: Option<MemberId>,
}

/// How it was seen at one moment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RiskReviewView {
    /// Without treatment.
    pub inherent: Rating,
    /// What is left of it.
    pub residual: Option<Rating>,
    /// Why so.
    pub rationale: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl From<&domain::Treatment> for TreatmentView {
    fn from(treatment: &domain::Treatment) -> Self {
        let domain::Treatment { option, description, at, by } = treatment.clone();
        Self { option, description, at, by }
    }
}

impl From<&domain::Review> for RiskReviewView {
    fn from(review: &domain::Review) -> Self {
        let domain::Review { inherent, residual, rationale, at, by } = review.clone();
        Self { inherent, residual, rationale, at, by }
    }
}

/// What a list of risks can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RiskQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "assessed,treated")]
    state: Option<Vec<StageName>>,
    /// Treated in one of these ways, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<TreatmentOption>>, example = "modify,share")]
    treatment: Option<Vec<TreatmentOption>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// What another tool calls it.
    #[param(example = "GRC-17")]
    external_reference: Option<String>,
    /// Of this level or a graver one.
    #[serde(default, deserialize_with = "within::<1, 25, _>")]
    #[param(minimum = 1, maximum = 25)]
    level_from: Option<i64>,
    /// To be looked at again before this day.
    #[serde(default, deserialize_with = "bounded")]
    review_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Risk {
    type View = RiskView;
    type Query = RiskQuery;
    const PATH: &'static str = "risks";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> RiskView {
        let Self {
            head,
            title,
            description,
            external_reference,
            origin,
            controls,
            owner,
            inherent,
            residual,
            treatment,
            review_on,
            review_fell_due_on: _,
            reviews,
            acceptances,
            migrated,
            stage,
        } = self;
        let (acceptance, retired_because, void_because) = match stage {
            Stage::Identified | Stage::Assessed | Stage::Treated => (None, None, None),
            Stage::Accepted { acceptance } => (Some(acceptance.into()), None, None),
            Stage::Retired { reason, .. } => (None, Some(reason.clone()), None),
            Stage::Void { voided } => (None, None, Some(voided.reason.clone())),
        };
        RiskView {
            head: head.into(),
            state: stage.name(),
            title: title.clone(),
            description: description.clone(),
            external_reference: external_reference.clone(),
            origin: origin.map(Into::into),
            controls: controls.clone(),
            owner_id: *owner,
            owner: None,
            inherent: *inherent,
            residual: *residual,
            level: self.level(),
            treatment: treatment.as_ref().map(Into::into),
            review_on: *review_on,
            reviews: reviews.iter().map(Into::into).collect(),
            acceptance,
            acceptances: acceptances.iter().map(Into::into).collect(),
            retired_because,
            migrated: migrated.as_ref().map(Into::into),
            void_because,
            transitions,
        }
    }

    fn settle(query: &mut RiskQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: RiskQuery, by: &Actor, _: NaiveDate) -> Filter {
        let RiskQuery { state, treatment, owner, external_reference, level_from, review_before, updated_since } = query;
        let owner = owner.map(|who| who.resolve(by));
        Filter { stage: state, treatment, owner, external_reference, level_from, review_before, updated_since }
    }
}

/// A risk to be registered.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRisk {
    /// One line.
    #[schema(example = "Backups cannot be read", max_length = 200)]
    title: String,
    /// What could happen, by what, and what it would do.
    #[schema(
        example = "A tape drive writes what it cannot read; a restore fails when it is needed",
        max_length = 10_000
    )]
    description: String,
    /// What another tool calls it; unique in the organisation.
    #[serde(default)]
    #[schema(example = "GRC-17", max_length = 200)]
    external_reference: Option<String>,
    /// Controls of Annex A that keep it down.
    #[serde(default)]
    #[schema(example = json!(["A.8.13"]))]
    controls: Vec<String>,
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendRisk {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What could happen, by what, and what it would do.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// What another tool calls it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    external_reference: Option<Option<String>>,
    /// Controls of Annex A that keep it down.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    controls: Option<Vec<String>>,
    /// The risk owner, once it is assessed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
}

/// How grave it is without treatment [6.1.2].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessRisk {
    /// Without treatment.
    inherent: Rating,
    /// Why so.
    #[schema(example = "Three of twenty restores failed", max_length = 10_000)]
    rationale: String,
    /// The risk owner.
    owner_id: MemberId,
    /// The day by which it is looked at again.
    #[serde(deserialize_with = "bounded")]
    review_on: NaiveDate,
}

/// What is done about it, and what is left of it [6.1.3].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreatRisk {
    /// `modify`, `avoid` or `share`: to retain a risk is to accept it.
    option: TreatmentOption,
    /// What is in place.
    #[schema(example = "Restores are tried every month", max_length = 10_000)]
    description: String,
    /// What is left of it.
    residual: Rating,
}

/// How it is seen now [8.2].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewRisk {
    /// Without treatment.
    inherent: Rating,
    /// What is left of it; needed where it is treated, and nowhere else.
    #[serde(default)]
    residual: Option<Rating>,
    /// Why so.
    #[schema(example = "Twelve restores in a row have worked", max_length = 10_000)]
    rationale: String,
    /// The day by which it is looked at again.
    #[serde(deserialize_with = "bounded")]
    review_on: NaiveDate,
}

/// Why there is no such risk any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireRisk {
    /// Kept in the journal.
    #[schema(example = "The tapes are gone", max_length = 10_000)]
    reason: String,
}

/// List risks; `sort=-level` tells the gravest first.
#[utoipa::path(tag = "risks", params(PageParameters, RiskQuery), responses((status = 200, body = Page<RiskView>)))]
#[get("/risks")]
pub(crate) async fn list_risks(call: Call, list: List<RiskQuery>) -> Result<Answer, ApiError> {
    call.list::<Risk>(list).await
}

/// Register a risk.
#[utoipa::path(
    tag = "risks",
    params(WriteParameters),
    request_body = CreateRisk,
    responses((status = 201, body = RiskView))
)]
#[post("/risks")]
pub(crate) async fn create_risk(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateRisk>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateRisk, by, birth, _| {
        let CreateRisk { title, description, external_reference, controls } = input;
        Ok(Risk::register(RiskDraft { title, description, external_reference, origin: None, controls }, by, birth)?)
    })
    .await
}

/// Read a risk.
#[utoipa::path(
    tag = "risks",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = RiskView))
)]
#[get("/risks/{id}")]
pub(crate) async fn get_risk(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Risk>(target, parameters).await
}

/// Amend a risk's plain fields.
#[utoipa::path(
    tag = "risks",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendRisk, content_type = "application/merge-patch+json"),
    responses((status = 200, body = RiskView))
)]
#[patch("/risks/{id}")]
pub(crate) async fn amend_risk(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendRisk>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |risk: Risk, input, by, tx| {
        let AmendRisk { title, description, external_reference, controls, owner_id } = input;
        if let Some(owner) = owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        let amendment = domain::Amendment { title, description, external_reference, controls, owner: owner_id };
        Ok(risk.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "risks", record Risk, view RiskView;

    /// Assess how grave it is without treatment, and who owns it [6.1.2].
    assess_risk "/risks/{id}/assess" Assess AssessRisk
    |risk, AssessRisk { inherent, rationale, owner_id, review_on }, facts, by, tx|
        existing_member("/owner_id", owner_id, tx).and_then(|()| {
            let input = domain::Assess { inherent, rationale, owner: owner_id, review_on };
            Ok(risk.assess(input, facts, by, tx.now())?)
        });

    /// Say what is done about it, and what is left of it; its actions are done [6.1.3, 8.3].
    treat_risk "/risks/{id}/treat" Treat TreatRisk
    |risk, TreatRisk { option, description, residual }, facts, by, tx|
        risk.treat(domain::Treat { option, description, residual }, facts, by, tx.now());

    /// Accept what is left of it, until a day; then it returns by itself [6.1.3 f].
    accept_risk "/risks/{id}/accept" Accept AcceptAsItIs
    |risk, input, facts, by, tx| risk.accept(input.into(), facts, by, tx.now());

    /// Look at it again: both levels are kept; above the accepted one the acceptance ends [8.2].
    review_risk "/risks/{id}/review" Review ReviewRisk
    |risk, ReviewRisk { inherent, residual, rationale, review_on }, facts, by, tx|
        risk.review(domain::ReviewRisk { inherent, residual, rationale, review_on }, facts, by, tx.now());

    /// Retire it: there is no such risk any more.
    retire_risk "/risks/{id}/retire" Retire RetireRisk
    |risk, input, facts, by, tx| risk.retire(input.reason, facts, by, tx.now());

    /// Void it: it was registered by mistake, and never was a risk. Before it was accepted.
    void_risk "/risks/{id}/void" Void VoidRecord
    |risk, input, facts, by, tx| risk.void(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_risks)
        .service(create_risk)
        .service(get_risk)
        .service(amend_risk)
        .service(assess_risk)
        .service(treat_risk)
        .service(accept_risk)
        .service(review_risk)
        .service(retire_risk)
        .service(void_risk);
}
