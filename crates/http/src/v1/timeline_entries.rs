//! Entries of incidents' timelines over HTTP: appended, never changed.

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::{IncidentId, RecordId, TimelineEntryId};
use ratchet_domain::incidents::Incident;
use ratchet_domain::reference::{self, Prefix, Reference};
use ratchet_domain::refusal::Refusal;
use ratchet_domain::timeline_entries::{Kind, TimelineEntry, TimelineEntryDraft};
use ratchet_persistence::timeline_entries::Filter;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Something that happened, was done, decided or told in an incident.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TimelineEntryView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Always `recorded`: nothing can be done to an entry.
    #[schema(example = "recorded")]
    pub state: &'static str,
    /// The incident it belongs to.
    pub incident_id: IncidentId,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// What it tells of.
    pub kind: Kind,
    /// What happened.
    pub text: String,
    /// Who was told; only of a communication.
    pub audience: Option<String>,
    /// The earlier entry that it corrects.
    pub corrects_id: Option<TimelineEntryId>,
    /// Empty: nothing can be done to an entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of entries can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TimelineEntryQuery {
    /// Of the incident of this reference. Who may see it sees its whole timeline.
    #[param(value_type = Option<String>, example = "INC-2026-0007")]
    record: Option<Reference>,
    /// Of one of these kinds, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Kind>>, example = "decision,communication")]
    kind: Option<Vec<Kind>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for TimelineEntry {
    type View = TimelineEntryView;
    type Query = TimelineEntryQuery;
    const PATH: &'static str = "timeline-entries";
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("incident", "incident_id", Prefix::Incident)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> TimelineEntryView {
        let Self { head, incident, happened_at, kind, text, audience, corrects } = self;
        TimelineEntryView {
            head: head.into(),
            state: "recorded",
            incident_id: *incident,
            happened_at: *happened_at,
            kind: *kind,
            text: text.clone(),
            audience: audience.clone(),
            corrects_id: *corrects,
            transitions,
        }
    }

    fn target(&self) -> Option<reference::Target> {
        Some(reference::Target { kind: Prefix::Incident, id: RecordId(self.incident.0) })
    }

    fn about(query: &TimelineEntryQuery) -> Option<Reference> {
        query.record
    }

    fn narrow(filter: &mut Filter, target: Uuid) {
        filter.incident = Some(target);
    }

    fn filter(query: TimelineEntryQuery, _: &Actor, _: NaiveDate) -> Filter {
        let TimelineEntryQuery { record: _, kind, updated_since } = query;
        Filter { incident: None, kind, updated_since }
    }
}

/// An entry to be appended.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTimelineEntry {
    /// The incident it belongs to, by reference or id; one that is open.
    #[schema(example = "INC-2026-0007")]
    incident: String,
    /// When it happened.
    #[serde(deserialize_with = "bounded")]
    happened_at: DateTime<Utc>,
    /// What it tells of.
    kind: Kind,
    /// What happened.
    #[schema(example = "The share was unplugged", max_length = 10_000)]
    text: String,
    /// Who was told; needed of a communication, and of nothing else.
    #[serde(default)]
    #[schema(max_length = 200)]
    audience: Option<String>,
    /// The earlier entry of the same incident that it corrects, by reference or id.
    #[serde(default)]
    corrects: Option<String>,
}

/// List entries of timelines; `sort=happened_at` tells them in order.
#[utoipa::path(
    tag = "incidents",
    params(PageParameters, TimelineEntryQuery),
    responses((status = 200, body = Page<TimelineEntryView>))
)]
#[get("/timeline-entries")]
pub(crate) async fn list_timeline_entries(call: Call, list: List<TimelineEntryQuery>) -> Result<Answer, ApiError> {
    call.list::<TimelineEntry>(list).await
}

/// Append an entry to the timeline of an incident; it can never be changed, only be corrected by another.
#[utoipa::path(
    tag = "incidents",
    params(WriteParameters),
    request_body = CreateTimelineEntry,
    responses((status = 201, body = TimelineEntryView))
)]
#[post("/timeline-entries")]
pub(crate) async fn create_timeline_entry(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateTimelineEntry>,
) -> Result<Answer, ApiError> {
    let of =
        |input: &CreateTimelineEntry, by: &Actor, tx: &mut Tx<'_>| records::held("/incident", &input.incident, by, tx);
    call.create_in(parameters, body, of, |input: CreateTimelineEntry, incident: Incident, by, birth, tx| {
        let CreateTimelineEntry { incident: _, happened_at, kind, text, audience, corrects } = input;
        let corrects = corrects.map(|named| corrected(&named, &incident, by, tx)).transpose()?;
        let draft = TimelineEntryDraft { happened_at, kind, text, audience, corrects };
        Ok(TimelineEntry::append(draft, &incident, by, birth)?)
    })
    .await
}

/// The entry that a body names, of the same incident.
fn corrected(named: &str, incident: &Incident, by: &Actor, tx: &mut Tx<'_>) -> Result<TimelineEntryId, ApiError> {
    let entry: TimelineEntry = records::known("/corrects", named, by, tx)?;
    if entry.incident == incident.id() {
        return Ok(entry.id());
    }
    Err(Refusal::invalid("/corrects", "another_incident", "must be an entry of the same incident").into())
}

/// Read an entry.
#[utoipa::path(
    tag = "incidents",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = TimelineEntryView))
)]
#[get("/timeline-entries/{id}")]
pub(crate) async fn get_timeline_entry(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<TimelineEntry>(target, parameters).await
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_timeline_entries).service(create_timeline_entry).service(get_timeline_entry);
}
