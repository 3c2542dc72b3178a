//! Processes over HTTP: the register of what the organisation does, with who answers for it.

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
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
use ratchet_domain::id::MemberId;
use ratchet_domain::processes::{self as domain, Importance, Process, ProcessDraft, Stage, StageName, Verb};
use ratchet_domain::reference::Prefix;
use ratchet_persistence::processes::Filter;
use serde::{Deserialize, Serialize};

/// Something the organisation does.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProcessView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Joiners, movers, leavers")]
    pub name: String,
    /// What it is for.
    pub purpose: Option<String>,
    /// How much depends on it.
    pub importance: Importance,
    /// The clauses and controls that it fulfils.
    pub requirements: Vec<String>,
    /// The accountable member.
    pub owner_id: MemberId,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// Why it is not run any more.
    pub retired_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of processes can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProcessQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "active")]
    state: Option<Vec<StageName>>,
    /// Of one of these importances, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Importance>>, example = "high")]
    importance: Option<Vec<Importance>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Process {
    type View = ProcessView;
    type Query = ProcessQuery;
    const PATH: &'static str = "processes";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> ProcessView {
        let Self { head, name, purpose, importance, requirements, owner, stage } = self;
        let retired_because = match stage {
            Stage::Active => None,
            Stage::Retired { reason, at: _ } => Some(reason.clone()),
        };
        ProcessView {
            head: head.into(),
            state: stage.name(),
            name: name.clone(),
            purpose: purpose.clone(),
            importance: *importance,
            requirements: requirements.clone(),
            owner_id: *owner,
            owner: None,
            retired_because,
            transitions,
        }
    }

    fn settle(query: &mut ProcessQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: ProcessQuery, by: &Actor, _: NaiveDate) -> Filter {
        let ProcessQuery { state, importance, owner, updated_since } = query;
        Filter { stage: state, importance, owner: owner.map(|who| who.resolve(by)), updated_since }
    }
}

/// A process to be entered into the register.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateProcess {
    /// One line.
    #[schema(example = "Joiners, movers, leavers", max_length = 200)]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(example = "People have the access their work needs, and no longer than that", max_length = 10_000)]
    purpose: Option<String>,
    /// How much depends on it.
    importance: Importance,
    /// The clauses and controls that it fulfils, at most 50: its owner answers for them, and does not audit them.
    #[serde(default)]
    #[schema(example = json!(["A.5.18", "A.6.5"]))]
    requirements: Vec<String>,
    /// The accountable member.
    owner_id: MemberId,
}

impl From<CreateProcess> for ProcessDraft {
    fn from(body: CreateProcess) -> Self {
        let CreateProcess { name, purpose, importance, requirements, owner_id } = body;
        Self { name, purpose, importance, requirements, owner: owner_id }
    }
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendProcess {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    name: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    purpose: Option<Option<String>>,
    /// How much depends on it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Importance)]
    importance: Option<Importance>,
    /// The clauses and controls that it fulfils.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
    /// The accountable member; the owner does not pass it on alone.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveProcess {
    /// Kept in the journal.
    #[schema(example = "Outsourced to the payroll office", max_length = 10_000)]
    reason: String,
}

/// List processes.
#[utoipa::path(
    tag = "processes",
    params(PageParameters, ProcessQuery),
    responses((status = 200, body = Page<ProcessView>))
)]
#[get("/processes")]
pub(crate) async fn list_processes(call: Call, list: List<ProcessQuery>) -> Result<Answer, ApiError> {
    call.list::<Process>(list).await
}

/// Enter a process into the register.
#[utoipa::path(
    tag = "processes",
    params(WriteParameters),
    request_body = CreateProcess,
    responses((status = 201, body = ProcessView))
)]
#[post("/processes")]
pub(crate) async fn create_process(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateProcess>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateProcess, by, birth, tx| {
        existing_member("/owner_id", input.owner_id, tx)?;
        Ok(Process::define(input.into(), by, birth)?)
    })
    .await
}

/// Read a process.
#[utoipa::path(
    tag = "processes",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ProcessView))
)]
#[get("/processes/{id}")]
pub(crate) async fn get_process(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Process>(target, parameters).await
}

/// Amend a process's plain fields.
#[utoipa::path(
    tag = "processes",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendProcess, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ProcessView))
)]
#[patch("/processes/{id}")]
pub(crate) async fn amend_process(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendProcess>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |process: Process, input, by, tx| {
        let AmendProcess { name, purpose, importance, requirements, owner_id } = input;
        if let Some(owner) = owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        let amendment = domain::Amendment { name, purpose, importance, requirements, owner: owner_id };
        Ok(process.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "processes", record Process, view ProcessView;

    /// Retire a process: it is not run any more.
    retire_process "/processes/{id}/retire" Retire MoveProcess
    |process, input, _facts, by, tx| process.retire(input.reason, by, tx.now());

    /// Reinstate a process: it is run again.
    reinstate_process "/processes/{id}/reinstate" Reinstate MoveProcess
    |process, input, _facts, by, tx| process.reinstate(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_processes)
        .service(create_process)
        .service(get_process)
        .service(amend_process)
        .service(retire_process)
        .service(reinstate_process);
}
