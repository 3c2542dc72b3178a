//! Incidents over HTTP [A.5.24-A.5.28].

mod raising;
mod view;

pub(crate) use view::IncidentView;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::{bounded, bounded_given};
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed, listed_within};
use crate::record::mistakes::{MarkDuplicateIncident, VoidRecord, mark_duplicate};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use raising::{RaiseNonconformityOfIncident, RaiseWeaknessOfIncident};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::incidents::{
    self as domain, Category, Impact, Incident, IncidentDraft, StageName, TriageVerdict, Verb,
};
use ratchet_domain::mistakes::Voidable;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::incidents::Filter;
use serde::Deserialize;

/// What a list of incidents can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IncidentQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "reported,triaged")]
    state: Option<Vec<StageName>>,
    /// Of one of these categories, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Category>>, example = "malware,intrusion")]
    category: Option<Vec<Category>>,
    /// Of one of these severities, 1 to 4, separated by commas.
    #[serde(default, deserialize_with = "listed_within::<1, 4, _>")]
    #[param(value_type = Option<Vec<i64>>, example = "1,2")]
    severity: Option<Vec<i64>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Reported by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    reporter: Option<Who>,
    /// Whether personal data are concerned.
    personal_data: Option<bool>,
    /// Noticed at or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    detected_since: Option<DateTime<Utc>>,
    /// Noticed before this moment.
    #[serde(default, deserialize_with = "bounded")]
    detected_before: Option<DateTime<Utc>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Incident {
    type View = IncidentView;
    type Query = IncidentQuery;
    const PATH: &'static str = "incidents";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id"), ("reporter", "reporter_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> IncidentView {
        IncidentView::of(self, transitions)
    }

    fn settle(query: &mut IncidentQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)?;
        look.up("reporter", &[Prefix::Member], &mut query.reporter)
    }

    fn filter(query: IncidentQuery, by: &Actor, _: NaiveDate) -> Filter {
        let IncidentQuery {
            state,
            category,
            severity,
            owner,
            reporter,
            personal_data,
            detected_since,
            detected_before,
            updated_since,
        } = query;
        let (owner, reporter) = (owner.map(|who| who.resolve(by)), reporter.map(|who| who.resolve(by)));
        Filter {
            stage: state,
            category,
            severity,
            owner,
            reporter,
            personal_data,
            detected_since,
            detected_before,
            updated_since,
        }
    }
}

/// An incident to be reported, or what looks like one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateIncident {
    /// One line.
    #[schema(example = "A share was encrypted", max_length = 200)]
    title: String,
    /// What happened, as far as it is known.
    #[schema(example = "Files on the design share cannot be opened", max_length = 10_000)]
    description: String,
    /// When it was noticed.
    #[serde(deserialize_with = "bounded")]
    detected_at: DateTime<Utc>,
    /// When it happened, where that is known.
    #[serde(default, deserialize_with = "bounded")]
    occurred_at: Option<DateTime<Utc>>,
    /// Systems, places and information that are affected; at most 50.
    #[serde(default)]
    #[schema(example = json!(["Design share"]))]
    assets: Vec<String>,
    /// Controls of Annex A that did not hold; at most 50.
    #[serde(default)]
    #[schema(example = json!(["A.8.7"]))]
    controls: Vec<String>,
    /// What kind of thing happened, as far as the reporter can tell.
    #[serde(default)]
    category: Option<Category>,
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendIncident {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What happened, as far as it is known.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// When it was noticed.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = DateTime<Utc>)]
    detected_at: Option<DateTime<Utc>>,
    /// When it happened.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    occurred_at: Option<Option<DateTime<Utc>>>,
    /// Systems, places and information that are affected.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    assets: Option<Vec<String>>,
    /// Controls of Annex A that did not hold.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    controls: Option<Vec<String>>,
    /// 1 (everything stands still) to 4 (a nuisance), once it is triaged.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 4, value_type = i64)]
    severity: Option<i64>,
    /// The accountable member, once it is triaged.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
}

/// Whether it is an incident [A.5.25].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "decision", deny_unknown_fields)]
pub(crate) enum TriageIncident {
    /// It is one.
    Incident {
        /// By which criteria that is decided.
        #[schema(example = "Customers' drawings are concerned", max_length = 10_000)]
        criteria: String,
        /// What kind of thing happened.
        category: Category,
        /// 1 (everything stands still) to 4 (a nuisance).
        #[schema(minimum = 1, maximum = 4, example = 2)]
        severity: i64,
        /// The accountable member.
        owner_id: MemberId,
    },
    /// It is none.
    NotAnIncident {
        /// By which criteria that is decided.
        #[schema(example = "Announced maintenance", max_length = 10_000)]
        criteria: String,
        /// Told to the reporter.
        #[schema(example = "The share was moved; it has another name now", max_length = 10_000)]
        reason: String,
    },
}

impl TriageIncident {
    fn owner(&self) -> Option<MemberId> {
        match self {
            Self::Incident { owner_id, .. } => Some(*owner_id),
            Self::NotAnIncident { .. } => None,
        }
    }
}

impl From<TriageIncident> for domain::Triage {
    fn from(body: TriageIncident) -> Self {
        match body {
            TriageIncident::Incident { criteria, category, severity, owner_id } => {
                Self { criteria, verdict: TriageVerdict::Incident { category, severity, owner: owner_id } }
            }
            TriageIncident::NotAnIncident { criteria, reason } => {
                Self { criteria, verdict: TriageVerdict::NotAnIncident { reason } }
            }
        }
    }
}

/// That it does not spread any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContainIncident {
    /// What was done.
    #[schema(example = "The share was unplugged", max_length = 10_000)]
    measures: String,
    /// Since when it does not spread any more.
    #[serde(deserialize_with = "bounded")]
    contained_at: DateTime<Utc>,
}

/// That everything works again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveIncident {
    /// What was done.
    #[schema(example = "Restored from the night's copy", max_length = 10_000)]
    summary: String,
    /// Since when everything works again.
    #[serde(deserialize_with = "bounded")]
    resolved_at: DateTime<Utc>,
}

/// What remains of it [A.5.27].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewIncident {
    /// Why it could happen.
    #[schema(example = "Macros from outside ran", max_length = 10_000)]
    root_cause: String,
    /// What was learned.
    #[schema(example = "The copy of the night is worth its price", max_length = 10_000)]
    lessons: String,
    /// How much of it there was.
    impact: Impact,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseIncident {}

/// Whose data are concerned [A.5.34].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvolvePersonalData {
    /// Whose data, which, and about how many people.
    #[schema(example = "Names and addresses of 31 customers", max_length = 10_000)]
    description: String,
    /// When that was known: 72 hours run from then.
    #[serde(deserialize_with = "bounded")]
    aware_at: DateTime<Utc>,
}

/// That an authority was told.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotifyAuthority {
    /// Which.
    #[schema(example = "The data protection authority", max_length = 200)]
    authority: String,
    /// When it was told.
    #[serde(deserialize_with = "bounded")]
    notified_at: DateTime<Utc>,
    /// Why that was later than 72 hours after it was known; needed only then.
    #[serde(default)]
    delay_reason: Option<String>,
}

/// Why no authority needs to be told.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaiveNotification {
    /// Kept in the journal.
    #[schema(example = "The disk was encrypted", max_length = 10_000)]
    reason: String,
}

/// List incidents.
#[utoipa::path(
    tag = "incidents",
    params(PageParameters, IncidentQuery),
    responses((status = 200, body = Page<IncidentView>))
)]
#[get("/incidents")]
pub(crate) async fn list_incidents(call: Call, list: List<IncidentQuery>) -> Result<Answer, ApiError> {
    call.list::<Incident>(list).await
}

/// Report an incident, or what looks like one.
#[utoipa::path(
    tag = "incidents",
    params(WriteParameters),
    request_body = CreateIncident,
    responses((status = 201, body = IncidentView))
)]
#[post("/incidents")]
pub(crate) async fn create_incident(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateIncident>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateIncident, by, birth, _| {
        let CreateIncident { title, description, detected_at, occurred_at, assets, controls, category } = input;
        let (origin, reporter) = (None, by.member());
        let draft = IncidentDraft {
            title,
            description,
            detected_at,
            occurred_at,
            origin,
            reporter,
            assets,
            controls,
            category,
        };
        Ok(Incident::report(draft, by, birth)?)
    })
    .await
}

/// Read an incident. Its timeline is a list of its own.
#[utoipa::path(
    tag = "incidents",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = IncidentView))
)]
#[get("/incidents/{id}")]
pub(crate) async fn get_incident(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Incident>(target, parameters).await
}

/// Amend an incident's plain fields.
#[utoipa::path(
    tag = "incidents",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendIncident, content_type = "application/merge-patch+json"),
    responses((status = 200, body = IncidentView))
)]
#[patch("/incidents/{id}")]
pub(crate) async fn amend_incident(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendIncident>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |incident: Incident, input, by, tx| {
        let AmendIncident { title, description, detected_at, occurred_at, assets, controls, severity, owner_id } =
            input;
        if let Some(owner) = owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        let amendment = domain::Amendment {
            title,
            description,
            detected_at,
            occurred_at,
            assets,
            controls,
            severity,
            owner: owner_id,
        };
        Ok(incident.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "incidents", record Incident, view IncidentView;

    /// Decide whether it is an incident, by criteria that are told [A.5.25].
    triage_incident "/incidents/{id}/triage" Triage TriageIncident
    |incident, input, facts, by, tx| input.owner().map_or(Ok(()), |owner| existing_member("/owner_id", owner, tx))
        .and_then(|()| Ok(incident.triage(input.into(), facts, by, tx.now())?));

    /// Say that it does not spread any more [A.5.26].
    contain_incident "/incidents/{id}/contain" Contain ContainIncident
    |incident, ContainIncident { measures, contained_at }, facts, by, tx|
        incident.contain(domain::Contain { measures, contained_at }, facts, by, tx.now());

    /// Say that everything works again.
    resolve_incident "/incidents/{id}/resolve" Resolve ResolveIncident
    |incident, ResolveIncident { summary, resolved_at }, facts, by, tx|
        incident.resolve(domain::Resolve { summary, resolved_at }, facts, by, tx.now());

    /// Learn from it: why it could happen, and how much of it there was [A.5.27].
    review_incident "/incidents/{id}/review" Review ReviewIncident
    |incident, ReviewIncident { root_cause, lessons, impact }, facts, by, tx|
        incident.review((root_cause, lessons, impact), facts, by, tx.now());

    /// Close it: its actions are done, and the clock of personal data has ended.
    close_incident "/incidents/{id}/close" Close CloseIncident
    |incident, CloseIncident {}, facts, by, tx| incident.close(facts, by, tx.now());

    /// Say that personal data are concerned: 72 hours run from the moment it was known [A.5.34].
    involve_personal_data_incident "/incidents/{id}/involve-personal-data" InvolvePersonalData InvolvePersonalData
    |incident, InvolvePersonalData { description, aware_at }, facts, by, tx|
        incident.involve_personal_data((description, aware_at), facts, by, tx.now());

    /// Say that an authority was told; that ends the clock.
    notify_authority_incident "/incidents/{id}/notify-authority" NotifyAuthority NotifyAuthority
    |incident, NotifyAuthority { authority, notified_at, delay_reason }, facts, by, tx|
        incident.notify_authority(domain::NotifyAuthority { authority, notified_at, delay_reason }, facts, by, tx.now());

    /// Say why no authority needs to be told; that ends the clock.
    waive_notification_incident "/incidents/{id}/waive-notification" WaiveNotification WaiveNotification
    |incident, input, facts, by, tx| incident.waive_notification(input.reason, facts, by, tx.now());

    /// Raise a nonconformity of it: there its cause is taken away [10.2].
    raise_nonconformity_incident "/incidents/{id}/raise-nonconformity" RaiseNonconformity RaiseNonconformityOfIncident
    |incident, input, facts, by, tx| raising::nonconformity(incident, input, facts, by, tx);

    /// Raise a weakness that it has shown.
    raise_weakness_incident "/incidents/{id}/raise-weakness" RaiseWeakness RaiseWeaknessOfIncident
    |incident, input, facts, by, tx| raising::weakness(incident, input, facts, by, tx);

    /// Void it: it was reported by mistake. Before it is reviewed; what is only reported is found to be no incident.
    void_incident "/incidents/{id}/void" Void VoidRecord
    |incident, input, facts, by, tx| incident.void(input.reason, facts, by, tx.now());

    /// Say that another incident says the same: that one takes over reporter, tags, links and evidence.
    mark_duplicate_incident "/incidents/{id}/mark-duplicate" MarkDuplicate MarkDuplicateIncident
    |incident, input, facts, by, tx| mark_duplicate(incident, &input.of, facts, by, tx);
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_incidents)
        .service(create_incident)
        .service(get_incident)
        .service(amend_incident)
        .service(triage_incident)
        .service(contain_incident)
        .service(resolve_incident)
        .service(review_incident)
        .service(close_incident)
        .service(involve_personal_data_incident)
        .service(notify_authority_incident)
        .service(waive_notification_incident)
        .service(raise_nonconformity_incident)
        .service(raise_weakness_incident)
        .service(void_incident)
        .service(mark_duplicate_incident);
}
