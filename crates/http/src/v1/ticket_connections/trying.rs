//! Which actions rules would take.

use crate::answer::Answer;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters};
use crate::v1::auth::Nothing;
use actix_web::http::StatusCode;
use actix_web::post;
use ratchet_domain::actions::Action;
use ratchet_domain::change::Record;
use ratchet_domain::refusal::Faults;
use ratchet_domain::ticket_connections::{Rule, TicketConnection, note_rules};
use ratchet_persistence::tickets::{self, Ruling, Taken};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Actions that are listed, at most.
const LISTED: usize = 200;

/// Rules that are not made yet.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TryTicketRules {
    /// Rules as a connection has them; those in force, of every connection that is not retired, without it.
    #[serde(default)]
    #[schema(value_type = Vec<Rule>, example = json!([{ "kinds": ["corrective"], "grades": ["major"] }]), max_items = 20)]
    rules: Option<Vec<Rule>>,
}

/// An action that would become a ticket.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TakenByTicketRule)]
pub(crate) struct TakenView {
    /// The action.
    pub action_id: Uuid,
    /// What people call it.
    #[schema(example = "ACT-2026-0001")]
    pub reference: String,
    /// Its one line.
    pub title: String,
    /// The first rule that takes it, from 0.
    #[schema(example = 0)]
    pub rule: usize,
    /// Whose rule that is; `null` where it was given.
    pub connection_id: Option<Uuid>,
}

impl From<Taken> for TakenView {
    fn from(Taken { action, connection, rule }: Taken) -> Self {
        let Action { head, title, .. } = action;
        Self { action_id: head.id, reference: head.reference.to_string(), title, rule, connection_id: connection }
    }
}

/// What rules would take.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TriedTicketRules {
    /// So many actions were looked at: of the newest 1,000 that are not done those that are no tickets, and not restricted.
    #[schema(example = 12)]
    pub looked_at: usize,
    /// How many of them would become tickets.
    #[schema(example = 1)]
    pub taken: usize,
    /// These, 200 at most.
    pub items: Vec<TakenView>,
}

/// Try which of the actions that are not done would become tickets, by rules that are not made yet or by those in force: nothing is
/// stored, and nobody is asked.
///
/// Rules hold for what is written from then on, be it the action, the record that it serves, or a tag of either. An action that lies there
/// becomes a ticket when that happens next, or by `POST /v1/actions/{id}/ticket`.
#[utoipa::path(
    tag = "tickets",
    request_body = TryTicketRules,
    responses((status = 200, body = TriedTicketRules))
)]
#[post("/ticket-rules/try")]
pub(crate) async fn try_ticket_rules(
    call: Call,
    _: Query<Nothing>,
    body: Body<TryTicketRules>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let Body { parsed, digest } = body;
    call.write(&WriteParameters { dry_run: true }, &digest, move |tx| {
        TicketConnection::may_make(&by)?;
        let TryTicketRules { rules } = parsed?;
        let rules: Vec<Ruling> = match rules {
            Some(rules) => {
                let mut faults = Faults::default();
                note_rules("/rules", &rules, &mut faults);
                faults.refuse()?;
                super::existing_assignees(&rules, tx)?;
                vec![(None, rules)]
            }
            None => {
                let ruling = tickets::ruling(by.organisation, tx.connection())?;
                ruling.into_iter().map(|one| (Some(one.head.id), one.terms.rules)).collect()
            }
        };
        let (looked_at, found) = tickets::tried(by.organisation, &rules, tx.now(), tx.connection())?;
        let taken = found.len();
        let items = found.into_iter().take(LISTED).map(TakenView::from).collect();
        Answer::json(StatusCode::OK, &TriedTicketRules { looked_at, taken, items })
    })
    .await
}
