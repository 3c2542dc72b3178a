//! Versions of policies over HTTP [5.2, 7.5.2].

mod view;

pub(crate) use view::PolicyVersionView;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::annotations::Stage as AnnotationStage;
use ratchet_domain::change::Record;
use ratchet_domain::evidence::{Evidence, not_a_file};
use ratchet_domain::id::EvidenceId;
use ratchet_domain::policies::Policy;
use ratchet_domain::policy_versions::{
    Confirmations, DocumentFile, Facts, PolicyVersion, PolicyVersionAmendment, PolicyVersionDraft, StageName, Submit,
    Verb,
};
use ratchet_domain::reference::{self, Prefix};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::policy_versions::{self as versions, Filter};
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// What a list of versions can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PolicyVersionQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "in_review")]
    state: Option<Vec<StageName>>,
    /// Of the policy of this id or reference.
    #[param(value_type = Option<String>, example = "POL-2026-0001")]
    policy: Option<Named>,
    /// Written by this member, alone or with others: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    author: Option<Who>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for PolicyVersion {
    type View = PolicyVersionView;
    type Query = PolicyVersionQuery;
    const PATH: &'static str = "policy-versions";
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("policy", "policy_id", Prefix::Policy), ("former", "former_id", Prefix::PolicyVersion)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> PolicyVersionView {
        PolicyVersionView::of(self, None, transitions)
    }

    fn view_alone(&self, facts: &Facts, transitions: Vec<Transition>) -> PolicyVersionView {
        PolicyVersionView::of(self, Some(&facts.policy), Some(transitions))
    }

    fn settle(query: &mut PolicyVersionQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("policy", &[Prefix::Policy], &mut query.policy)?;
        look.up("author", &[Prefix::Member], &mut query.author)
    }

    fn filter(query: PolicyVersionQuery, by: &Actor, _: NaiveDate) -> Filter {
        let PolicyVersionQuery { state, policy, author, updated_since } = query;
        Filter { stage: state, policy: policy.map(Named::id), author: author.map(|who| who.resolve(by)), updated_since }
    }
}

/// The next version of a policy. It can be written on until it is submitted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePolicyVersion {
    /// The policy, by reference or id.
    #[schema(example = "POL-2026-0003")]
    policy: String,
    /// What it says, in Markdown.
    #[serde(default)]
    #[schema(example = "# Laptops\n\nEvery laptop is encrypted.", max_length = 200_000)]
    body: Option<String>,
    /// What is new about it.
    #[schema(example = "Names the update agent", max_length = 10_000)]
    change_summary: String,
}

/// What is written on; an absent member stays, `null` empties. While it is approved, writing on makes the approval stale.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendPolicyVersion {
    /// What it says, in Markdown.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    body: Option<Option<String>>,
    /// The file that says it: evidence that is attached to this version, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "EVD-2026-0012")]
    file: Option<Option<String>>,
    /// What is new about it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    change_summary: Option<String>,
}

/// What is confirmed of the information security policy itself; of any other, nothing.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmitPolicyVersion {
    /// Needed of the information security policy itself [5.2 a-d].
    #[serde(default)]
    confirmations: Option<Confirmations>,
}

/// Nothing to say, unless a duty is not kept apart.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovePolicyVersion {
    /// Why someone approves who wrote it, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

/// From when on it holds.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishPolicyVersion {
    /// Today without it; on a later day it is published by itself.
    #[serde(default, deserialize_with = "bounded")]
    effective_on: Option<NaiveDate>,
}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainPolicyVersion {
    /// Kept with the version and in the journal.
    #[schema(example = "The clause on private devices is missing", max_length = 10_000)]
    reason: String,
}

/// List versions of policies.
#[utoipa::path(
    tag = "policies",
    params(PageParameters, PolicyVersionQuery),
    responses((status = 200, body = Page<PolicyVersionView>))
)]
#[get("/policy-versions")]
pub(crate) async fn list_policy_versions(call: Call, list: List<PolicyVersionQuery>) -> Result<Answer, ApiError> {
    call.list::<PolicyVersion>(list).await
}

/// Draft the next version of a policy; one is worked on at a time.
#[utoipa::path(
    tag = "policies",
    params(WriteParameters),
    request_body = CreatePolicyVersion,
    responses((status = 201, body = PolicyVersionView))
)]
#[post("/policy-versions")]
pub(crate) async fn create_policy_version(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreatePolicyVersion>,
) -> Result<Answer, ApiError> {
    let of = |input: &CreatePolicyVersion, by: &Actor, tx: &mut Tx<'_>| records::held("/policy", &input.policy, by, tx);
    call.create_in(parameters, body, of, |input: CreatePolicyVersion, policy: Policy, by, birth, tx| {
        let CreatePolicyVersion { policy: _, body, change_summary } = input;
        let known = versions::versions(by.organisation, policy.id(), tx.connection())?;
        Ok(PolicyVersion::draft(PolicyVersionDraft { body, change_summary }, (&policy, known), by, birth)?)
    })
    .await
}

/// Read a version of a policy. Every member may read one that was ever published.
#[utoipa::path(
    tag = "policies",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = PolicyVersionView))
)]
#[get("/policy-versions/{id}")]
pub(crate) async fn get_policy_version(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<PolicyVersion>(target, parameters).await
}

/// Write on a version that is a draft, or approved: then the approval becomes stale.
#[utoipa::path(
    tag = "policies",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendPolicyVersion, content_type = "application/merge-patch+json"),
    responses((status = 200, body = PolicyVersionView))
)]
#[patch("/policy-versions/{id}")]
pub(crate) async fn amend_policy_version(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendPolicyVersion>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |version: PolicyVersion, input: AmendPolicyVersion, by, tx| {
        let AmendPolicyVersion { body, file, change_summary } = input;
        let file = file.map(|file| file.map(|named| attached(&version, &named, by, tx)).transpose()).transpose()?;
        Ok(version.amend(PolicyVersionAmendment { body, file, change_summary }, by, tx.now())?)
    })
    .await
}

/// The file that a body names: it must be attached to this very version.
fn attached(version: &PolicyVersion, named: &str, by: &Actor, tx: &mut Tx<'_>) -> Result<DocumentFile, ApiError> {
    let evidence: Evidence = records::known("/file", named, by, tx)?;
    let is_attached = match evidence.stage {
        AnnotationStage::Attached => evidence.target == reference::Target::of(version),
        AnnotationStage::Withdrawn { .. } => false,
    };
    if !is_attached {
        let detail = "must be evidence that is attached to this version";
        return Err(Refusal::invalid("/file", "not_attached", detail).into());
    }
    let id = EvidenceId(evidence.head().id);
    // What is approved is bound by the hash of its content.
    let file = evidence.body.file().ok_or_else(|| not_a_file("/file"))?;
    Ok(DocumentFile { evidence: id, name: file.name.clone(), sha256: file.sha256.clone() })
}

verbs! {
    tag "policies", record PolicyVersion, view PolicyVersionView;

    /// Put a version before those who approve; also again, when its approval has become stale.
    submit_policy_version "/policy-versions/{id}/submit" Submit SubmitPolicyVersion
    |version, SubmitPolicyVersion { confirmations }, facts, by, tx|
        version.submit(Submit { confirmations }, facts, by, tx.now());

    /// Approve a version; never by who wrote it. The approval is bound to a digest of what is approved [5.2, 7.5.2 c].
    approve_policy_version "/policy-versions/{id}/approve" Approve ApprovePolicyVersion
    |version, input, facts, by, tx| version.approve(input.exception_reason, facts, by, tx.now());

    /// Send a version back to be written on.
    reject_policy_version "/policy-versions/{id}/reject" Reject ExplainPolicyVersion
    |version, input, facts, by, tx| version.reject(input.reason, facts, by, tx.now());

    /// Publish a version, at once or by itself on a later day. It supersedes the one before it and asks the policy's
    /// audience to acknowledge it.
    publish_policy_version "/policy-versions/{id}/publish" Publish PublishPolicyVersion
    |version, input, facts, _by, tx| versions::publish(version, input.effective_on, facts, tx);

    /// Withdraw a version before it was published.
    withdraw_policy_version "/policy-versions/{id}/withdraw" Withdraw ExplainPolicyVersion
    |version, input, facts, by, tx| version.withdraw(input.reason, facts, by, tx.now());

    /// Retire the version that holds, and the policy with it; nobody is asked to acknowledge it any more.
    retire_policy_version "/policy-versions/{id}/retire" Retire ExplainPolicyVersion
    |version, input, facts, _by, tx| versions::retire(version, input.reason, facts, tx);
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_policy_versions)
        .service(create_policy_version)
        .service(get_policy_version)
        .service(amend_policy_version)
        .service(submit_policy_version)
        .service(approve_policy_version)
        .service(reject_policy_version)
        .service(publish_policy_version)
        .service(withdraw_policy_version)
        .service(retire_policy_version);
}
