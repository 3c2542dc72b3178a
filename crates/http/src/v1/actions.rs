//! Actions over HTTP.

mod ticket;
mod view;

pub(crate) use view::ActionView;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::discredit;
use crate::record::effect::{CompareIndicators, SeenEffect, judged_by, named_indicators};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::{Actor, Permission};
use ratchet_domain::actions::{self as domain, Action, ActionDraft, Kind, Priority, StageName, Verb};
use ratchet_domain::change::{Lifecycle, Record};
use ratchet_domain::id::MemberId;
use ratchet_domain::of_kind;
use ratchet_domain::reference::{self, Locator, Prefix};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::actions::Filter;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::tickets;
use ratchet_persistence::tx::Tx;
use serde::Deserialize;
use ticket::{SettleTicketAction, TicketAction};

/// What a list of actions can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "open,in_progress")]
    state: Option<Vec<StageName>>,
    /// Of one of these kinds, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Kind>>, example = "corrective,preventive")]
    kind: Option<Vec<Kind>>,
    /// Of one of these priorities, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Priority>>, example = "high,urgent")]
    priority: Option<Vec<Priority>>,
    /// Assigned to this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    assignee: Option<Who>,
    /// Serving the record of this id or reference.
    #[param(value_type = Option<String>, example = "NC-2026-0001")]
    parent: Option<Named>,
    /// Due before this day.
    #[serde(default, deserialize_with = "bounded")]
    due_before: Option<NaiveDate>,
    /// Not done, and due before today.
    overdue: Option<bool>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Action {
    type View = ActionView;
    type Query = ActionQuery;
    const PATH: &'static str = "actions";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("assignee", "assignee_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> ActionView {
        ActionView::of(self, transitions)
    }

    fn fill(views: &mut [ActionView], by: &Actor, connection: &mut AnyConnection) -> Result<(), ApiError> {
        ticket::fill(views, by, connection)?;
        let views = views.iter_mut().map(|view| {
            let verdict = view.rests_on.map(|(case, turn)| (case, Some(turn)));
            (verdict, &mut view.discredit)
        });
        discredit::say(views, by, connection)
    }

    fn asks_for_today(query: &ActionQuery) -> bool {
        query.overdue == Some(true)
    }

    fn settle(query: &mut ActionQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("assignee", &[Prefix::Member], &mut query.assignee)?;
        look.up("parent", &[], &mut query.parent)
    }

    fn filter(query: ActionQuery, by: &Actor, today: NaiveDate) -> Filter {
        let ActionQuery { state, kind, priority, assignee, parent, due_before, overdue, updated_since } = query;
        Filter {
            stage: state,
            kind,
            priority,
            assignee: assignee.map(|who| who.resolve(by)),
            parent: parent.map(Named::id),
            due_before,
            overdue_on: overdue.filter(|overdue| *overdue).map(|_| today),
            updated_since,
        }
    }
}

/// An action to be planned.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAction {
    /// The record it serves, by reference: one that takes actions now.
    #[schema(example = "NC-2026-0007")]
    parent: String,
    /// One line.
    #[schema(example = "Put the update agent into the laptop image", max_length = 200)]
    title: String,
    /// What is to be done.
    #[serde(default)]
    #[schema(example = "The agent is missing in image 41", max_length = 10_000)]
    description: Option<String>,
    /// What it is for.
    kind: Kind,
    /// Who does it.
    assignee_id: MemberId,
    /// The day by which it is to be done.
    #[serde(deserialize_with = "bounded")]
    due_on: NaiveDate,
    /// How soon it matters; `medium` without it.
    #[serde(default)]
    priority: Option<Priority>,
    /// How one can tell that it is done.
    #[serde(default)]
    #[schema(example = "A new laptop reports within a day", max_length = 10_000)]
    done_criteria: Option<String>,
    /// The indicators that it is to move, by reference or id, at most 20: they tell whether it has worked.
    #[serde(default)]
    #[schema(example = json!(["IND-2026-0001"]))]
    indicators: Vec<String>,
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendAction {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "Put the update agent into both images", value_type = String)]
    title: Option<String>,
    /// What is to be done.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "The agent is missing in images 40 and 41", value_type = Option<String>)]
    description: Option<Option<String>>,
    /// How soon it matters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Priority)]
    priority: Option<Priority>,
    /// How one can tell that it is done.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "Three laptops of the new image report", value_type = Option<String>)]
    done_criteria: Option<Option<String>>,
    /// The indicators that it is to move, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = json!(["IND-2026-0001"]), value_type = Vec<String>)]
    indicators: Option<Vec<String>>,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveAction {}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainAction {
    /// Kept in the journal.
    #[schema(example = "Waiting for the vendor's fix", max_length = 10_000)]
    reason: String,
}

/// What was done.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteAction {
    /// In a few words.
    #[schema(example = "Agent is in image 42; 31 laptops were re-imaged", max_length = 10_000)]
    summary: String,
}

/// What was seen.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyAction {
    /// By whoever looked.
    #[schema(example = "Three new laptops reported within an hour", max_length = 10_000)]
    evidence: String,
    /// Indicators on which the verdict rests; without it those that the action is to move, as `effect` compares them.
    #[serde(default)]
    comparison: Option<CompareIndicators>,
    /// Why someone verifies who did it, where the organisation documents such exceptions.
    #[serde(default)]
    #[schema(example = "Nobody else knows the tool until May")]
    exception_reason: Option<String>,
}

/// Who does it from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReassignAction {
    /// An active member.
    assignee_id: MemberId,
}

/// The new due date.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveDueAction {
    /// The day by which it is to be done.
    #[serde(deserialize_with = "bounded")]
    due_on: NaiveDate,
    /// Why it moves.
    #[schema(example = "The vendor's fix is late", max_length = 10_000)]
    reason: String,
}

/// List actions.
#[utoipa::path(tag = "actions", params(PageParameters, ActionQuery), responses((status = 200, body = Page<ActionView>)))]
#[get("/actions")]
pub(crate) async fn list_actions(call: Call, list: List<ActionQuery>) -> Result<Answer, ApiError> {
    call.list::<Action>(list).await
}

/// Plan an action for a record that takes actions now, such as a nonconformity that is confirmed, analysed or planned.
#[utoipa::path(
    tag = "actions",
    params(WriteParameters),
    request_body = CreateAction,
    responses((status = 201, body = ActionView))
)]
#[post("/actions")]
pub(crate) async fn create_action(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateAction>,
) -> Result<Answer, ApiError> {
    let of = |input: &CreateAction, by: &Actor, tx: &mut Tx<'_>| parent_that_takes_actions(&input.parent, by, tx);
    call.create_in(parameters, body, of, |input: CreateAction, (parent, attempt), by, birth, tx| {
        let CreateAction {
            parent: _,
            title,
            description,
            kind,
            assignee_id,
            due_on,
            priority,
            done_criteria,
            indicators,
        } = input;
        existing_member("/assignee_id", assignee_id, tx)?;
        let indicators = named_indicators("/indicators", &indicators, tx)?;
        let draft = ActionDraft {
            title,
            description,
            kind,
            parent,
            attempt,
            assignee: assignee_id,
            due_on,
            priority: priority.unwrap_or(Priority::Medium),
            done_criteria,
            indicators,
        };
        Ok(Action::plan(draft, tx.today()?, by, birth)?)
    })
    .await
}

/// The record that a body names, and which of its attempts takes actions.
fn parent_that_takes_actions(named: &str, by: &Actor, tx: &mut Tx<'_>) -> Result<(reference::Target, i64), ApiError> {
    let parent = records::named("/parent", named, by, tx.connection())?;
    // Read again when nobody else can move it on.
    tx.enter(parent.id.0)?;
    of_kind!(parent.kind, T => {
        let record: T = tx.load(Locator::Id(parent.id.0))?;
        if !by.may(Permission::PlanAction, record.is_own(by)) {
            return Err(Refusal::Forbidden.into());
        }
        let attempt = record.takes_actions().ok_or_else(|| {
            let (kind, state) = (T::KIND.replace('_', " "), record.stage_name());
            Refusal::state("takes_no_actions", format!("{kind} that is {state} takes no actions"))
        })?;
        Ok((parent, attempt))
    })
}

/// Read an action.
#[utoipa::path(
    tag = "actions",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ActionView))
)]
#[get("/actions/{id}")]
pub(crate) async fn get_action(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Action>(target, parameters).await
}

/// Read what the indicators of an action say of it: each series before and after.
///
/// Compared are the 90 days before it was planned and the time since it was done, for two years at most; what lies between is
/// neither. Once it is verified this is the frozen comparison of the verification, where that has one.
#[utoipa::path(
    tag = "actions",
    params(("id" = String, Path)),
    responses((status = 200, body = SeenEffect<StageName>))
)]
#[get("/actions/{id}/effect")]
pub(crate) async fn get_action_effect(call: Call, target: Target, _: Query<Nothing>) -> Result<Answer, ApiError> {
    call.effect(target, |action: &Action| action.stage.name()).await
}

/// Amend an action's plain fields.
#[utoipa::path(
    tag = "actions",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendAction, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ActionView))
)]
#[patch("/actions/{id}")]
pub(crate) async fn amend_action(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendAction>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |action: Action, input, by, tx| {
        let AmendAction { title, description, priority, done_criteria, indicators } = input;
        let indicators = indicators.map(|named| named_indicators("/indicators", &named, tx)).transpose()?;
        let amendment = domain::Amendment { title, description, priority, done_criteria, indicators };
        Ok(action.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "actions", record Action, view ActionView;

    /// Start an action.
    start_action "/actions/{id}/start" Start MoveAction
    |action, MoveAction {}, facts, by, tx| action.start(facts, by, tx.now());

    /// Say that something is in the way.
    block_action "/actions/{id}/block" Block ExplainAction
    |action, input, facts, by, tx| action.block(input.reason, facts, by, tx.now());

    /// Say that nothing is in the way any more.
    unblock_action "/actions/{id}/unblock" Unblock MoveAction
    |action, MoveAction {}, facts, by, tx| action.unblock(facts, by, tx.now());

    /// Say that it is done.
    complete_action "/actions/{id}/complete" Complete CompleteAction
    |action, input, facts, by, tx| action.complete(input.summary, facts, by, tx.now());

    /// Verify that it is done; never by who did it. The indicators that it is to move are compared before and after, or those
    /// that are named, and the comparison is frozen with the verification.
    verify_action "/actions/{id}/verify" Verify VerifyAction
    |action, VerifyAction { evidence, comparison, exception_reason }, facts, by, tx|
        judged_by("/comparison", comparison, (&action, &action.indicators), tx).and_then(|effect| {
            Ok(action.verify(domain::Verify { evidence, effect, exception_reason }, facts, by, tx.now())?)
        });

    /// Say that it is not done after all.
    reject_completion_action "/actions/{id}/reject-completion" RejectCompletion ExplainAction
    |action, input, facts, by, tx| action.reject_completion(input.reason, facts, by, tx.now());

    /// Reopen an action: there is more to do.
    reopen_action "/actions/{id}/reopen" Reopen ExplainAction
    |action, input, facts, by, tx| action.reopen(input.reason, facts, by, tx.now());

    /// Cancel an action.
    cancel_action "/actions/{id}/cancel" Cancel ExplainAction
    |action, input, facts, by, tx| action.cancel(input.reason, facts, by, tx.now());

    /// Give an action to somebody else.
    reassign_action "/actions/{id}/reassign" Reassign ReassignAction
    |action, input, facts, by, tx| existing_member("/assignee_id", input.assignee_id, tx)
        .and_then(|()| Ok(action.reassign(input.assignee_id, facts, by, tx.now())?));

    /// Move an action's due date; every move is counted.
    move_due_action "/actions/{id}/move-due" MoveDue MoveDueAction
    |action, MoveDueAction { due_on, reason }, facts, by, tx|
        action.move_due((due_on, reason), facts, by, tx.now());

    /// Make an action a ticket elsewhere, too, or take the ticket of a key over. It is there in a moment; from then on each side
    /// is told what the other says. A ticket that is closed there proposes that the action is done, and never verifies it.
    ticket_action "/actions/{id}/ticket" Ticket TicketAction
    |action, TicketAction { connection, key }, facts, by, tx|
        ticket::connection(&connection, key.as_deref(), &action, tx).and_then(|connection| {
            let change = action.request_ticket((connection, key.clone()), facts, by, tx.now())?;
            tickets::begin(change.after().head.id, connection.0, key.as_deref(), tx)?;
            Ok(change)
        });

    /// Decide whose word counts where an action and its ticket differ.
    settle_ticket_action "/actions/{id}/settle-ticket" SettleTicket SettleTicketAction
    |action, SettleTicketAction { field, keep }, facts, by, tx|
        action.settle_ticket((field, keep), facts, by, tx.now());

    /// Say that an action is no ticket any more. What is there stays as it is.
    unlink_ticket_action "/actions/{id}/unlink-ticket" UnlinkTicket ExplainAction
    |action, input, facts, by, tx| {
        let change = action.unlink_ticket(input.reason, facts, by, tx.now())?;
        tickets::end(change.after().head.id, tx)?;
        Ok::<_, ApiError>(change)
    };
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_actions)
        .service(create_action)
        .service(get_action)
        .service(get_action_effect)
        .service(amend_action)
        .service(start_action)
        .service(block_action)
        .service(unblock_action)
        .service(complete_action)
        .service(verify_action)
        .service(reject_completion_action)
        .service(reopen_action)
        .service(cancel_action)
        .service(reassign_action)
        .service(move_due_action)
        .service(ticket_action)
        .service(settle_ticket_action)
        .service(unlink_ticket_action);
}
