//! Identity providers over HTTP: who says who members are.

mod check;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::issuers::look_at;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::{Actor, Role};
use ratchet_domain::change::Record;
use ratchet_domain::identity_providers::{
    Amendment, IdentityProvider, IdentityProviderDraft, RoleRule, Stage, StageName, Terms, Verb,
};
use ratchet_persistence::identity_providers::{Filter, kept};
use serde::{Deserialize, Serialize};

/// The roles of whoever has a value.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentityProviderRoleRule)]
pub(crate) struct RoleRuleView {
    /// What the claim, or one of its items, is.
    #[schema(example = "isms-managers", max_length = 200)]
    pub value: String,
    /// The roles of whoever has it, each once.
    #[schema(example = json!(["isms_manager"]), min_items = 1)]
    pub roles: Vec<Role>,
}

/// An OpenID Connect issuer, and what its claims mean here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityProviderView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// How people call it.
    #[schema(example = "Harbour login")]
    pub name: String,
    /// As whom it signs (`iss`).
    #[schema(example = "https://login.example.org")]
    pub issuer: String,
    /// For whom tokens must be meant (`aud`).
    #[schema(example = json!(["ratchet-web"]))]
    pub client_ids: Vec<String>,
    /// The claim that says the roles; `null` where roles are given here.
    #[schema(example = "groups")]
    pub roles_claim: Option<String>,
    /// What its values mean.
    pub role_rules: Vec<RoleRuleView>,
    /// The roles of whoever has none of these values.
    pub default_roles: Vec<Role>,
    /// The claim that says the e-mail address.
    #[schema(example = "email")]
    pub email_claim: String,
    /// The claim that says that the address is verified.
    #[schema(example = "email_verified")]
    pub verified_claim: String,
    /// The claim that says the name.
    #[schema(example = "name")]
    pub name_claim: String,
    /// Of which domains the address of whoever comes for the first time must be; of any where there is none.
    #[schema(example = json!(["example.org"]))]
    pub email_domains: Vec<String>,
    /// Whether whoever comes for the first time and is no member becomes one.
    pub just_in_time: bool,
    /// Whether whoever comes for the first time with a member's verified address is that member.
    pub link_by_email: bool,
    /// Why nobody signs in by it for the time being.
    pub paused_because: Option<String>,
    /// Why nobody signs in by it any more.
    pub retired_because: Option<String>,
    /// Since when it is paused or retired.
    pub stopped_at: Option<DateTime<Utc>>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of identity providers can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IdentityProviderQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "active,paused")]
    state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for IdentityProvider {
    type View = IdentityProviderView;
    type Query = IdentityProviderQuery;
    const PATH: &'static str = "identity-providers";

    fn view(&self, transitions: Option<Vec<Transition>>) -> IdentityProviderView {
        let Self { head, terms, stage } = self;
        let Terms {
            name,
            issuer,
            client_ids,
            roles_claim,
            role_rules,
            default_roles,
            email_claim,
            verified_claim,
            name_claim,
            email_domains,
            just_in_time,
            link_by_email,
        } = terms.clone();
        let (paused_because, retired_because, stopped_at) = match stage {
            Stage::Active => (None, None, None),
            Stage::Paused { reason, at } => (Some(reason.clone()), None, Some(*at)),
            Stage::Retired { reason, at } => (None, Some(reason.clone()), Some(*at)),
        };
        let told = |RoleRule { value, roles }| RoleRuleView { value, roles };
        IdentityProviderView {
            head: head.into(),
            state: stage.name(),
            name,
            issuer,
            client_ids,
            roles_claim,
            role_rules: role_rules.into_iter().map(told).collect(),
            default_roles,
            email_claim,
            verified_claim,
            name_claim,
            email_domains,
            just_in_time,
            link_by_email,
            paused_because,
            retired_because,
            stopped_at,
            transitions,
        }
    }

    fn filter(query: IdentityProviderQuery, _: &Actor, _: NaiveDate) -> Filter {
        let IdentityProviderQuery { state, updated_since } = query;
        Filter { stage: state, updated_since }
    }
}

/// An issuer by which people are to sign in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateIdentityProvider {
    /// How people call it.
    #[schema(example = "Harbour login", max_length = 200)]
    name: String,
    /// As whom it signs (`iss`), as `/.well-known/openid-configuration` under this address says it. `https` at public addresses
    /// alone; what whoever runs this server allows for webhooks may be used, too.
    #[schema(example = "https://login.example.org", max_length = 500)]
    issuer: String,
    /// For whom tokens must be meant (`aud`): the clients of the organisation's frontends.
    #[schema(example = json!(["ratchet-web"]), min_items = 1, max_items = 10)]
    client_ids: Vec<String>,
    /// The claim that says the roles: its name, such as `groups`, or a JSON Pointer, such as `/realm_access/roles`. They are
    /// taken over at each sign-in. Without one roles are given here.
    #[serde(default)]
    #[schema(example = "groups", max_length = 200)]
    roles_claim: Option<String>,
    /// What its values mean.
    #[serde(default)]
    #[schema(max_items = 100)]
    role_rules: Vec<RoleRuleView>,
    /// The roles of whoever has none of these values. Whoever has no role at all is not let in.
    #[serde(default)]
    #[schema(example = json!(["member"]))]
    default_roles: Vec<Role>,
    /// The claim that says the e-mail address; `email` without it.
    #[serde(default)]
    #[schema(example = "email", max_length = 200)]
    email_claim: Option<String>,
    /// The claim that says that the address is verified; `email_verified` without it. With Entra ID: `xms_edov`.
    #[serde(default)]
    #[schema(example = "email_verified", max_length = 200)]
    verified_claim: Option<String>,
    /// The claim that says the name; `name` without it.
    #[serde(default)]
    #[schema(example = "name", max_length = 200)]
    name_claim: Option<String>,
    /// Of which domains the address of whoever comes for the first time must be; of any without it.
    #[serde(default)]
    #[schema(example = json!(["example.org"]), max_items = 50)]
    email_domains: Vec<String>,
    /// Whether whoever comes for the first time and is no member becomes one; not without it.
    #[serde(default)]
    just_in_time: Option<bool>,
    /// Whether whoever comes for the first time with a member's verified address is that member; not without it.
    #[serde(default)]
    link_by_email: Option<bool>,
}

/// What changes; an absent member stays, and so does the issuer. It holds for whoever signs in from then on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendIdentityProvider {
    /// How people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    name: Option<String>,
    /// For whom tokens must be meant.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, example = json!(["ratchet-web", "ratchet-app"]))]
    client_ids: Option<Vec<String>>,
    /// The claim that says the roles; `null` where roles are given here from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "groups")]
    roles_claim: Option<Option<String>>,
    /// What its values mean: all rules.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<RoleRuleView>)]
    role_rules: Option<Vec<RoleRuleView>>,
    /// The roles of whoever has none of these values.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Role>, example = json!(["member"]))]
    default_roles: Option<Vec<Role>>,
    /// The claim that says the e-mail address.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, example = "email")]
    email_claim: Option<String>,
    /// The claim that says that the address is verified.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, example = "xms_edov")]
    verified_claim: Option<String>,
    /// The claim that says the name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, example = "name")]
    name_claim: Option<String>,
    /// Of which domains the address of whoever comes for the first time must be.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, example = json!(["example.org"]))]
    email_domains: Option<Vec<String>>,
    /// Whether whoever comes for the first time and is no member becomes one.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    just_in_time: Option<bool>,
    /// Whether whoever comes for the first time with a member's verified address is that member.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    link_by_email: Option<bool>,
}

/// Why nobody signs in by it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopIdentityProvider {
    /// Kept in the journal.
    #[schema(example = "Another one is used from now on", max_length = 10_000)]
    reason: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeIdentityProvider {}

fn rules_of(written: Vec<RoleRuleView>) -> Vec<RoleRule> {
    written.into_iter().map(|RoleRuleView { value, roles }| RoleRule { value, roles }).collect()
}

impl From<CreateIdentityProvider> for Terms {
    fn from(input: CreateIdentityProvider) -> Self {
        let CreateIdentityProvider {
            name,
            issuer,
            client_ids,
            roles_claim,
            role_rules,
            default_roles,
            email_claim,
            verified_claim,
            name_claim,
            email_domains,
            just_in_time,
            link_by_email,
        } = input;
        let or = |claim: Option<String>, usual: &str| claim.unwrap_or_else(|| usual.to_owned());
        Self {
            name,
            issuer,
            client_ids,
            roles_claim,
            role_rules: rules_of(role_rules),
            default_roles,
            email_claim: or(email_claim, "email"),
            verified_claim: or(verified_claim, "email_verified"),
            name_claim: or(name_claim, "name"),
            email_domains,
            just_in_time: just_in_time.unwrap_or(false),
            link_by_email: link_by_email.unwrap_or(false),
        }
    }
}

/// List identity providers.
#[utoipa::path(
    tag = "identity-providers",
    params(PageParameters, IdentityProviderQuery),
    responses((status = 200, body = Page<IdentityProviderView>))
)]
#[get("/identity-providers")]
pub(crate) async fn list_identity_providers(call: Call, list: List<IdentityProviderQuery>) -> Result<Answer, ApiError> {
    call.list::<IdentityProvider>(list).await
}

/// Say by which issuer people sign in, and what its claims mean here.
///
/// What the issuer publishes of itself is read at once, and what is missing is a fault of `/issuer`. At most 10 are not retired.
#[utoipa::path(
    tag = "identity-providers",
    params(WriteParameters),
    request_body = CreateIdentityProvider,
    responses((status = 201, body = IdentityProviderView))
)]
#[post("/identity-providers")]
pub(crate) async fn create_identity_provider(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateIdentityProvider>,
) -> Result<Answer, ApiError> {
    IdentityProvider::may_make(&call.actor)?;
    let body = Body { parsed: body.parsed.map(Terms::from), digest: body.digest };
    let lacking = match &body.parsed {
        // Nobody outside is asked for what is refused anyway.
        Ok(terms) if terms.faults().refuse().is_ok() => look_at(&terms.issuer, &call.app.fetch).await.lacking(),
        Ok(_) | Err(_) => Vec::new(),
    };
    call.create(parameters, body, move |terms: Terms, by, birth, tx| {
        let draft = IdentityProviderDraft { terms, lacking, kept: kept(by.organisation, tx.connection())? };
        Ok(IdentityProvider::register(draft, by, birth)?)
    })
    .await
}

/// Read an identity provider.
#[utoipa::path(
    tag = "identity-providers",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = IdentityProviderView))
)]
#[get("/identity-providers/{id}")]
pub(crate) async fn get_identity_provider(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<IdentityProvider>(target, parameters).await
}

/// Amend an identity provider: it holds for whoever signs in from then on.
#[utoipa::path(
    tag = "identity-providers",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendIdentityProvider, content_type = "application/merge-patch+json"),
    responses((status = 200, body = IdentityProviderView))
)]
#[patch("/identity-providers/{id}")]
pub(crate) async fn amend_identity_provider(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendIdentityProvider>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |provider: IdentityProvider, input: AmendIdentityProvider, by, tx| {
        let AmendIdentityProvider {
            name,
            client_ids,
            roles_claim,
            role_rules,
            default_roles,
            email_claim,
            verified_claim,
            name_claim,
            email_domains,
            just_in_time,
            link_by_email,
        } = input;
        let amendment = Amendment {
            name,
            client_ids,
            roles_claim,
            role_rules: role_rules.map(rules_of),
            default_roles,
            email_claim,
            verified_claim,
            name_claim,
            email_domains,
            just_in_time,
            link_by_email,
        };
        Ok(provider.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "identity-providers", record IdentityProvider, view IdentityProviderView;

    /// Let nobody sign in by a provider for the time being. Sessions that are open stay open.
    pause_identity_provider "/identity-providers/{id}/pause" Pause StopIdentityProvider
    |provider, input, _facts, by, tx| provider.pause(input.reason, by, tx.now());

    /// Let people sign in by a provider again.
    resume_identity_provider "/identity-providers/{id}/resume" Resume ResumeIdentityProvider
    |provider, ResumeIdentityProvider {}, _facts, by, tx| provider.resume(by, tx.now());

    /// Say that nobody signs in by a provider any more. Sessions that are open stay open.
    retire_identity_provider "/identity-providers/{id}/retire" Retire StopIdentityProvider
    |provider, input, _facts, by, tx| provider.retire(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_identity_providers)
        .service(create_identity_provider)
        .service(get_identity_provider)
        .service(amend_identity_provider)
        .service(check::check_identity_provider)
        .service(pause_identity_provider)
        .service(resume_identity_provider)
        .service(retire_identity_provider);
}
