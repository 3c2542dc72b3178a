//! Votes over HTTP: members speak for improvements.

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::ImprovementId;
use ratchet_domain::improvements::Improvement;
use ratchet_domain::reference::Prefix;
use ratchet_domain::votes::{StageName, Verb, Vote};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::votes::Filter;
use serde::{Deserialize, Serialize};

/// That a member speaks for an improvement: the one who made it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VoteView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Whether it counts.
    pub state: StageName,
    /// What it speaks for.
    pub improvement_id: ImprovementId,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of votes can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VoteQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "cast")]
    state: Option<Vec<StageName>>,
    /// For the improvement of this id or reference.
    #[param(value_type = Option<String>, example = "IMP-2026-0001")]
    improvement: Option<Named>,
    /// Of this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    voter: Option<Who>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Vote {
    type View = VoteView;
    type Query = VoteQuery;
    const PATH: &'static str = "votes";
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("voted_for", "improvement_id", Prefix::Improvement)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> VoteView {
        let Self { head, improvement, stage } = self;
        VoteView { head: head.into(), state: stage.name(), improvement_id: *improvement, transitions }
    }

    fn settle(query: &mut VoteQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("improvement", &[Prefix::Improvement], &mut query.improvement)?;
        look.up("voter", &[Prefix::Member], &mut query.voter)
    }

    fn filter(query: VoteQuery, by: &Actor, _: NaiveDate) -> Filter {
        let VoteQuery { state, improvement, voter, updated_since } = query;
        Filter {
            stage: state,
            improvement: improvement.map(Named::id),
            voter: voter.map(|who| who.resolve(by)),
            updated_since,
        }
    }
}

/// What to speak for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateVote {
    /// An improvement that is proposed, by reference or id.
    #[schema(example = "IMP-2026-0007")]
    improvement: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawVote {}

/// List votes; a member sees its own. How many speak for an improvement stands in the improvement.
#[utoipa::path(
    tag = "improvements",
    params(PageParameters, VoteQuery),
    responses((status = 200, body = Page<VoteView>))
)]
#[get("/votes")]
pub(crate) async fn list_votes(call: Call, list: List<VoteQuery>) -> Result<Answer, ApiError> {
    call.list::<Vote>(list).await
}

/// Speak for an improvement that is proposed; once per member.
#[utoipa::path(
    tag = "improvements",
    params(WriteParameters),
    request_body = CreateVote,
    responses((status = 201, body = VoteView))
)]
#[post("/votes")]
pub(crate) async fn create_vote(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateVote>,
) -> Result<Answer, ApiError> {
    let about =
        |input: &CreateVote, by: &Actor, tx: &mut Tx<'_>| records::held("/improvement", &input.improvement, by, tx);
    call.create_in(parameters, body, about, |_, improvement: Improvement, by, birth, _| {
        Ok(Vote::cast(&improvement, by, birth)?)
    })
    .await
}

/// Read a vote.
#[utoipa::path(
    tag = "improvements",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = VoteView))
)]
#[get("/votes/{id}")]
pub(crate) async fn get_vote(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Vote>(target, parameters).await
}

verbs! {
    tag "improvements", record Vote, view VoteView;

    /// Withdraw a vote; it is kept. Nobody else can.
    withdraw_vote "/votes/{id}/withdraw" Withdraw WithdrawVote
    |vote, WithdrawVote {}, facts, by, tx| vote.withdraw(facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_votes).service(create_vote).service(get_vote).service(withdraw_vote);
}
