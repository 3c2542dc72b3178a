//! Whether all is there that tickets need: the other system is asked, and what is missing is said.

use super::TicketConnectionView;
use crate::answer::Answer;
use crate::app::App;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target, WriteParameters};
use crate::sealing::credentials_of;
use crate::v1::records;
use actix_web::post;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Head, Lifecycle, Record};
use ratchet_domain::reference::Locator;
use ratchet_domain::ticket_connections::{Facts, TicketConnection, Verb};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::ticket_connections::{Purpose, secret};
use ratchet_tickets::{Failure, Finding, Setup, connector};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckTicketConnection {}

/// Something that was looked at.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TicketFinding)]
pub(crate) struct FindingView {
    /// What was looked at.
    #[schema(example = "status")]
    pub code: &'static str,
    /// Whether it is as it must be.
    pub is_sound: bool,
    /// What is missing, or what was found.
    #[schema(example = "there is no status called \"resolved\"")]
    pub detail: String,
}

/// A connection, and what was found when the other system was asked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CheckedTicketConnection {
    #[serde(flatten)]
    pub connection: TicketConnectionView,
    /// Whether nothing is missing.
    pub is_sound: bool,
    /// What was looked at.
    pub findings: Vec<FindingView>,
}

/// Ask the other system whether all is there that tickets need, and be told exactly what is missing: credentials that it takes,
/// the statuses and people that the connection names, and whether tickets can be listed. Nothing is written there.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path), WriteParameters),
    request_body = CheckTicketConnection,
    responses((status = 200, body = CheckedTicketConnection))
)]
#[post("/ticket-connections/{id}/check")]
pub(crate) async fn check_ticket_connection(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<CheckTicketConnection>,
) -> Result<Answer, ApiError> {
    let Target(locator) = target;
    // Nobody is dialled for whoever would be refused.
    let findings = if body.parsed.is_ok() { findings(&call.app, locator, &call.actor).await? } else { Vec::new() };
    let seen = |Finding { code, is_sound, detail }: Finding| FindingView { code, is_sound, detail };
    let findings: Vec<FindingView> = findings.into_iter().map(seen).collect();
    let is_sound = findings.iter().all(|finding| finding.is_sound);
    call.verb_telling(
        Target(locator),
        Verb::Check,
        parameters,
        body,
        move |record: TicketConnection, CheckTicketConnection {}, facts, by, tx| {
            let change = record.check(facts, by, tx.now())?;
            Ok((change, vec![("is_sound", json!(is_sound)), ("findings", json!(findings))]))
        },
    )
    .await
}

async fn findings(app: &App, locator: Locator, by: &Actor) -> Result<Vec<Finding>, ApiError> {
    let (seal, by) = (app.ticket_seal.clone(), by.clone());
    let read = move |connection: &mut AnyConnection| -> Result<Option<_>, ApiError> {
        let record: TicketConnection = records::get(locator, &by, connection)?;
        if record.may(Verb::Check, &Facts, &by).is_err() {
            return Ok(None);
        }
        let credentials = credentials_of(&record, &seal, connection)?;
        let Head { organisation, id, .. } = *record.head();
        let sealed = secret(organisation, id, Purpose::Inbound, connection)?;
        let is_heard = sealed.is_some_and(|sealed| seal.open(id, &sealed).is_some());
        Ok(Some((record, credentials, is_heard)))
    };
    let Some((record, credentials, is_heard)) = app.store.read(read).await? else { return Ok(Vec::new()) };
    let missing = |code, detail: String| Finding { code, is_sound: false, detail };
    let deaf =
        "the secret was sealed with a key that is not this server's: what arrives is refused until it is rotated";
    let deaf = (!is_heard).then(|| missing("secret", deaf.to_owned()));
    let Ok(credentials) = credentials else {
        let sealed = missing("credentials", Failure::Sealed.words());
        return Ok([sealed].into_iter().chain(deaf).collect());
    };
    let setup = Setup { terms: &record.terms, credentials: credentials.as_ref(), dial: &app.dialler };
    let asked = tokio::time::timeout(PATIENCE, connector(record.terms.kind).check(&setup)).await;
    let found = asked.unwrap_or_else(|_| vec![missing("time", "it has not answered in time".to_owned())]);
    Ok(found.into_iter().chain(deaf).collect())
}
