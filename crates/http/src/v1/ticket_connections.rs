//! Ticket connections over HTTP: the systems in which actions are tickets.

mod checking;
pub(crate) mod inbound;
mod secrets;
mod trying;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition, existing_members};
use crate::routing::Routes;
use crate::webhooks::look_up;
use actix_web::{get, patch, post};
use checking::check_ticket_connection;
use chrono::{DateTime, NaiveDate, Utc};
use inbound::receive_from_ticket_system;
use ratchet_domain::access::Actor;
use ratchet_domain::change::Record;
use ratchet_domain::id::MemberId;
use ratchet_domain::ticket_connections::{
    Amendment, CredentialsChange, Generic, Kind, POLL_SECONDS, Person, RULES, Rule, Stage, StageName, Status, Terms,
    TicketConnection, TicketConnectionDraft, Verb,
};
use ratchet_domain::tickets::{OnDone, Winner};
use ratchet_domain::webhook_endpoints::{Destination, Found};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::ticket_connections::{self, Filter, Purpose, kept};
use ratchet_persistence::tx::Tx;
use secrets::{GivenCredentials, TicketConnectionWithSecret, new_secret, rotate_ticket_secret, with_secret};
use serde::{Deserialize, Serialize};
use trying::try_ticket_rules;
use uuid::Uuid;

/// A ticketing system in which actions are tickets. Its secret is shown once, when it is made; its credentials never.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TicketConnectionView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// What it is for.
    #[schema(example = "The service desk")]
    pub description: String,
    /// Which system it is.
    pub kind: Kind,
    /// Where its API begins.
    #[schema(example = "https://desk.example.org/isms")]
    pub base_url: String,
    /// The project, queue or repository in which tickets are made.
    pub project: Option<String>,
    /// The type of the tickets that are made.
    pub issue_type: Option<String>,
    /// By which code a ticket is closed.
    pub close_code: Option<String>,
    /// What its statuses mean.
    pub statuses: Vec<Status>,
    /// Who members are there.
    pub people: Vec<Person>,
    /// Which actions become tickets there by themselves.
    pub rules: Vec<Rule>,
    /// Whose word counts where both sides changed the same.
    pub wins: Winner,
    /// What follows when a ticket is closed there.
    pub on_done: OnDone,
    /// How often it is asked what has changed, in seconds.
    #[schema(example = 300)]
    pub poll_seconds: i64,
    /// How a system is spoken to for which there is no connector.
    pub generic: Option<Generic>,
    /// Whether it has credentials, which are never shown.
    pub has_credentials: bool,
    /// Since when it has those.
    pub credentials_set_at: Option<DateTime<Utc>>,
    /// Where the other system sends what has changed, signed with the secret.
    #[schema(example = "/v1/ticket-inbound/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    pub inbound_path: String,
    /// When the secret was changed last; `null` where it has not been.
    pub secret_rotated_at: Option<DateTime<Utc>>,
    /// Why nothing is told, where somebody said so.
    pub paused_because: Option<String>,
    /// What the other system said, or what happened, since it takes nothing.
    pub failing_because: Option<String>,
    /// Why nothing is told any more.
    pub retired_because: Option<String>,
    /// Since when it is paused, failing or retired.
    pub stopped_at: Option<DateTime<Utc>>,
    /// How many actions are tickets there. This and what follows change without a write: `null` in versions of the past.
    #[schema(example = 0)]
    pub tickets: Option<i64>,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// When it is tried again, where something went wrong.
    pub retry_at: Option<DateTime<Utc>>,
    /// When the other system has answered last.
    pub last_answered_at: Option<DateTime<Utc>>,
    /// What went wrong when rules were applied to an action; `null` since the connection was amended or resumed.
    pub last_rule_error: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of ticket connections can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TicketConnectionQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "active,failing")]
    state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

/// Why nothing is told, and since when: paused, failing, retired.
type Stopped = ([Option<String>; 3], Option<DateTime<Utc>>);

fn stopped(stage: &Stage) -> Stopped {
    match stage.clone() {
        Stage::Active => ([None, None, None], None),
        Stage::Paused { reason, at } => ([Some(reason), None, None], Some(at)),
        Stage::Failing { because, at } => ([None, Some(because), None], Some(at)),
        Stage::Retired { reason, at } => ([None, None, Some(reason)], Some(at)),
    }
}

impl Resource for TicketConnection {
    type View = TicketConnectionView;
    type Query = TicketConnectionQuery;
    const PATH: &'static str = "ticket-connections";

    fn view(&self, transitions: Option<Vec<Transition>>) -> TicketConnectionView {
        let Self { head, terms, credentials_at, rotated_at, stage } = self;
        let Terms {
            description,
            kind,
            base_url,
            project,
            issue_type,
            close_code,
            statuses,
            people,
            rules,
            wins,
            on_done,
            poll_seconds,
            generic,
        } = terms.clone();
        let ([paused_because, failing_because, retired_because], stopped_at) = stopped(stage);
        TicketConnectionView {
            head: head.into(),
            state: stage.name(),
            description,
            kind,
            base_url,
            project,
            issue_type,
            close_code,
            statuses,
            people,
            rules,
            wins,
            on_done,
            poll_seconds,
            generic,
            has_credentials: credentials_at.is_some(),
            credentials_set_at: *credentials_at,
            inbound_path: format!("/v1/ticket-inbound/{}", head.id),
            secret_rotated_at: *rotated_at,
            paused_because,
            failing_because,
            retired_because,
            stopped_at,
            tickets: None,
            last_error: None,
            retry_at: None,
            last_answered_at: None,
            last_rule_error: None,
            transitions,
        }
    }

    fn fill(views: &mut [TicketConnectionView], by: &Actor, connection: &mut AnyConnection) -> Result<(), ApiError> {
        let ids: Vec<Uuid> = views.iter().map(|view| view.head.id).collect();
        let mut progress = ticket_connections::progress(by.organisation, &ids, connection)?;
        for view in views {
            let progress = progress.remove(&view.head.id).unwrap_or_default();
            view.tickets = Some(progress.tickets);
            view.last_error = progress.error;
            view.retry_at = progress.retry_at;
            view.last_answered_at = progress.succeeded_at;
            view.last_rule_error = progress.rule_error;
        }
        Ok(())
    }

    fn filter(query: TicketConnectionQuery, _: &Actor, _: NaiveDate) -> Filter {
        let TicketConnectionQuery { state, updated_since } = query;
        Filter { stage: state, updated_since }
    }
}

/// A ticketing system in which actions are to be tickets.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTicketConnection {
    /// What it is for.
    #[schema(example = "The service desk", max_length = 200)]
    description: String,
    /// Which system it is.
    #[schema(example = "roundup")]
    kind: Kind,
    /// Where its API begins: `https`, without a user name or a query, at port 443 or 8443, leading to public addresses alone.
    /// In networks that whoever runs this server allows, `http`, other ports and private addresses may be used, too.
    #[schema(example = "https://192.0.2.10/isms", max_length = 2_000)]
    base_url: String,
    /// Where tickets are made: of Jira the project's key, of Redmine its identifier, of GitHub `owner/repository`, of GitLab the
    /// project's id or path, of ServiceNow the table, `incident` without it, of Roundup the class, `issue` without it.
    #[serde(default)]
    #[schema(example = "issue", max_length = 200)]
    project: Option<String>,
    /// The type of the tickets that are made: of Jira its name, `Task` without it; of Redmine the tracker's id; of
    /// GitLab `issue`, `incident` or `task`.
    #[serde(default)]
    #[schema(example = "Task", max_length = 200)]
    issue_type: Option<String>,
    /// By which code a ticket is closed: of ServiceNow alone, `Solution provided` without it where the table is `incident`.
    #[serde(default)]
    #[schema(example = json!(null), max_length = 200)]
    close_code: Option<String>,
    /// By what the program says who it is.
    #[serde(default)]
    credentials: Option<GivenCredentials>,
    /// What its statuses mean: at least one that means `done`, and one that does not.
    #[schema(
        example = json!([{ "status": "unread", "category": "to_do" }, { "status": "resolved", "category": "done" }]),
        min_items = 1,
        max_items = 100
    )]
    statuses: Vec<Status>,
    /// Who members are there; whoever is not named is not told there.
    #[serde(default)]
    #[schema(max_items = 500)]
    people: Vec<Person>,
    /// Which actions become tickets there by themselves, from then on; none without it.
    #[serde(default)]
    #[schema(value_type = Vec<Rule>, example = json!([]), max_items = 20)]
    rules: Option<Vec<Rule>>,
    /// Whose word counts where both sides changed the same; `ours` without it.
    #[serde(default)]
    wins: Option<Winner>,
    /// What follows when a ticket is closed there; `propose` without it.
    #[serde(default)]
    on_done: Option<OnDone>,
    /// How often it is asked what has changed, in seconds; 300 without it.
    #[serde(default)]
    #[schema(example = 300, minimum = 10, maximum = 86_400)]
    poll_seconds: Option<i64>,
    /// How the system is spoken to, where `kind` is `generic`.
    #[serde(default)]
    #[schema(example = json!(null))]
    generic: Option<Generic>,
}

/// What changes; an absent member stays. Where the host changes and no credentials are given, those so far are forgotten.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendTicketConnection {
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// Where its API begins.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, example = "https://192.0.2.10/isms")]
    base_url: Option<String>,
    /// The project, queue or repository in which tickets are made.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    project: Option<Option<String>>,
    /// The type of the tickets that are made.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    issue_type: Option<Option<String>>,
    /// By which code a ticket is closed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = json!(null))]
    close_code: Option<Option<String>>,
    /// By what the program says who it is; `null` forgets it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<GivenCredentials>)]
    credentials: Option<Option<GivenCredentials>>,
    /// What its statuses mean.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        value_type = Vec<Status>,
        example = json!([{ "status": "unread", "category": "to_do" }, { "status": "resolved", "category": "done" }])
    )]
    statuses: Option<Vec<Status>>,
    /// Who members are there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Person>, example = json!([]))]
    people: Option<Vec<Person>>,
    /// Which actions become tickets there by themselves.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Rule>, example = json!([]))]
    rules: Option<Vec<Rule>>,
    /// Whose word counts where both sides changed the same.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Winner)]
    wins: Option<Winner>,
    /// What follows when a ticket is closed there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = OnDone)]
    on_done: Option<OnDone>,
    /// How often it is asked what has changed, in seconds.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = i64, example = 300)]
    poll_seconds: Option<i64>,
    /// How a system is spoken to for which there is no connector: the whole of it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Generic)]
    generic: Option<Generic>,
    /// Whether what are tickets already have the same keys at the new address or in the new project. Where actions are tickets,
    /// neither is changed without it.
    #[serde(default)]
    #[schema(required = false)]
    keeps_tickets: bool,
}

/// Why nothing is told for the time being.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseTicketConnection {
    /// Kept in the journal.
    #[schema(example = "The desk moves", max_length = 10_000)]
    reason: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeTicketConnection {}

/// Why nothing is told any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireTicketConnection {
    /// Kept in the journal.
    #[schema(example = "The desk was closed", max_length = 10_000)]
    reason: String,
}

/// What the host of an address is. Nobody looks names up here who may not name addresses.
async fn found(call: &Call, url: Option<&str>) -> Found {
    let is_allowed = TicketConnection::may_make(&call.actor).is_ok();
    match url.filter(|_| is_allowed).and_then(|url| Destination::parse(url).ok()) {
        Some(Destination { literal: None, host, .. }) => look_up(&host).await,
        Some(Destination { literal: Some(_), .. }) | None => Found::Nothing,
    }
}

fn existing_people(people: &[Person], tx: &mut Tx<'_>) -> Result<(), ApiError> {
    let named: Vec<MemberId> = people.iter().map(|person| person.member_id).collect();
    existing_members("/people", &named, tx)
}

fn existing_assignees(rules: &[Rule], tx: &mut Tx<'_>) -> Result<(), ApiError> {
    let mut named = rules.iter().enumerate().take(RULES);
    named
        .try_for_each(|(index, rule)| existing_members(&format!("/rules/{index}/assignee_ids"), &rule.assignee_ids, tx))
}

/// List ticket connections.
#[utoipa::path(
    tag = "tickets",
    params(PageParameters, TicketConnectionQuery),
    responses((status = 200, body = Page<TicketConnectionView>))
)]
#[get("/ticket-connections")]
pub(crate) async fn list_ticket_connections(call: Call, list: List<TicketConnectionQuery>) -> Result<Answer, ApiError> {
    call.list::<TicketConnection>(list).await
}

/// Connect the organisation with a ticketing system. The secret by which that signs what it sends is in the answer and nowhere
/// else, so `Idempotency-Key` is refused.
///
/// Nothing is made there until an action is to be a ticket (`POST /v1/actions/{id}/ticket`), or a rule takes one. At most 20 connections are not
/// retired.
#[utoipa::path(
    tag = "tickets",
    params(WriteParameters),
    request_body = CreateTicketConnection,
    responses(
        (status = 200, body = TicketConnectionView, description = "A dry run: what would be made, without a secret."),
        (status = 201, body = TicketConnectionWithSecret),
    )
)]
#[post("/ticket-connections")]
pub(crate) async fn create_ticket_connection(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateTicketConnection>,
) -> Result<Answer, ApiError> {
    TicketConnection::may_make(&call.actor)?;
    call.refuse_idempotency_key()?;
    let found = found(&call, body.parsed.as_ref().ok().map(|input| input.base_url.as_str())).await;
    let random = (call.app.source.random)();
    let (app, dry_run) = (call.app.clone(), parameters.0.dry_run);
    let (told, written) = std::sync::mpsc::channel();
    let answer = call.create(parameters, body, move |input: CreateTicketConnection, by, birth, tx| {
        let CreateTicketConnection {
            description,
            kind,
            base_url,
            project,
            issue_type,
            close_code,
            credentials,
            statuses,
            people,
            rules,
            wins,
            on_done,
            poll_seconds,
            generic,
        } = input;
        existing_people(&people, tx)?;
        existing_assignees(rules.as_deref().unwrap_or_default(), tx)?;
        let (_, _, usual) = POLL_SECONDS;
        let terms = Terms {
            description,
            kind,
            base_url,
            project,
            issue_type,
            close_code,
            statuses,
            people,
            rules: rules.unwrap_or_default(),
            wins: wins.unwrap_or(Winner::Ours),
            on_done: on_done.unwrap_or(OnDone::Propose),
            poll_seconds: poll_seconds.unwrap_or(usual),
            generic,
        };
        let credentials = credentials.map(|given| given.sealed(&app.ticket_seal, birth.id)).transpose()?;
        let kept = kept(by.organisation, tx.connection())?;
        let draft = TicketConnectionDraft { terms, has_credentials: credentials.is_some(), found, kept };
        let change = TicketConnection::connect(draft, &app.settings.webhook_reach, by, birth)?;
        let secret = new_secret(random);
        let inbound = app.ticket_seal.seal(birth.id, secret.as_bytes()).map_err(ApiError::Internal)?;
        ticket_connections::begin(birth.id, &inbound, credentials.as_deref(), tx)?;
        // Nobody waits for it any more where the caller has gone.
        let _ = told.send(secret);
        Ok(change)
    });
    with_secret(answer.await?, &written, dry_run)
}

/// Read a ticket connection.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = TicketConnectionView))
)]
#[get("/ticket-connections/{id}")]
pub(crate) async fn get_ticket_connection(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<TicketConnection>(target, parameters).await
}

/// Amend a ticket connection: it holds for what is told from then on.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendTicketConnection, content_type = "application/merge-patch+json"),
    responses((status = 200, body = TicketConnectionView))
)]
#[patch("/ticket-connections/{id}")]
pub(crate) async fn amend_ticket_connection(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendTicketConnection>,
) -> Result<Answer, ApiError> {
    let found = found(&call, body.parsed.as_ref().ok().and_then(|input| input.base_url.as_deref())).await;
    let app = call.app.clone();
    call.amend(target, parameters, body, move |record: TicketConnection, input: AmendTicketConnection, by, tx| {
        let AmendTicketConnection {
            description,
            base_url,
            project,
            issue_type,
            close_code,
            credentials,
            statuses,
            people,
            rules,
            wins,
            on_done,
            poll_seconds,
            generic,
            keeps_tickets,
        } = input;
        existing_people(people.as_deref().unwrap_or_default(), tx)?;
        existing_assignees(rules.as_deref().unwrap_or_default(), tx)?;
        let id = record.head.id;
        let change = match &credentials {
            None => CredentialsChange::Stay,
            Some(None) => CredentialsChange::Clear,
            Some(Some(_)) => CredentialsChange::Set,
        };
        let sealed = credentials.flatten().map(|given| given.sealed(&app.ticket_seal, id)).transpose()?;
        let amendment = Amendment {
            description,
            base_url,
            project,
            issue_type,
            close_code,
            statuses,
            people,
            rules,
            wins,
            on_done,
            poll_seconds,
            generic,
            credentials: change,
            has_tickets: ticket_connections::has_tickets(&record, tx.connection())?,
            keeps_tickets,
        };
        let reach = &app.settings.webhook_reach;
        let change = record.amend(amendment, (reach, &found), by, tx.now())?;
        if sealed.is_some() || change.after().credentials_at.is_none() {
            ticket_connections::keep_secret(id, Purpose::Credentials, sealed.as_deref(), tx)?;
        }
        ticket_connections::hurry(id, tx)?;
        Ok(change)
    })
    .await
}

verbs! {
    tag "tickets", record TicketConnection, view TicketConnectionView;

    /// Tell neither side anything for the time being. What changes meanwhile is compared once the connection is resumed.
    pause_ticket_connection "/ticket-connections/{id}/pause" Pause PauseTicketConnection
    |record, input, facts, by, tx| record.pause(input.reason, facts, by, tx.now());

    /// Tell both sides again what the other says.
    resume_ticket_connection "/ticket-connections/{id}/resume" Resume ResumeTicketConnection
    |record, ResumeTicketConnection {}, facts, by, tx| {
        let change = record.resume(facts, by, tx.now())?;
        ticket_connections::hurry(change.after().head().id, tx)?;
        Ok::<_, ApiError>(change)
    };

    /// Say that nothing is told any more. The credentials are forgotten; tickets and actions stay as they are.
    retire_ticket_connection "/ticket-connections/{id}/retire" Retire RetireTicketConnection
    |record, input, facts, by, tx| {
        let change = record.retire(input.reason, facts, by, tx.now())?;
        ticket_connections::keep_secret(change.after().head().id, Purpose::Credentials, None, tx)?;
        Ok::<_, ApiError>(change)
    };
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_ticket_connections)
        .service(create_ticket_connection)
        .service(get_ticket_connection)
        .service(amend_ticket_connection)
        .service(check_ticket_connection)
        .service(rotate_ticket_secret)
        .service(pause_ticket_connection)
        .service(resume_ticket_connection)
        .service(retire_ticket_connection)
        .service(try_ticket_rules)
        .service(receive_from_ticket_system);
}
