//! Signals over HTTP. Measurements raise, repeat and clear them; people look at them.

use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters};
use crate::parameters::{Query, Target, listed};
use crate::record::expand::MemberName;
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::records::{self, RecordView};
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::analysis::control::rules::Rule;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::{IndicatorId, MemberId, NonconformityId};
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_domain::reference::Prefix;
use ratchet_domain::signals::{Kind, Sighting, Signal, Stage, StageName, Verb};
use ratchet_persistence::signals::Filter;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};

/// What an indicator says that calls for attention.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SignalView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands; all but `cleared` are open.
    pub state: StageName,
    /// Which indicator says it.
    pub indicator_id: IndicatorId,
    /// That indicator; only with `expand=indicator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicator: Option<RecordView>,
    /// What it says.
    pub kind: Kind,
    /// The first breach.
    pub first: SightingView,
    /// The newest one.
    pub last: SightingView,
    /// How many there were.
    pub occurrences: i64,
    /// The rules of the control chart that were met; none of signals of other kinds.
    pub rules: Vec<Rule>,
    /// Who is to look at it.
    pub owner_id: Option<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// The nonconformity that deals with it.
    pub case_id: Option<NonconformityId>,
    /// That nonconformity; only with `expand=case`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<RecordView>,
    /// Why it needs no case.
    pub dismissed_because: Option<String>,
    /// The measurement that cleared it.
    pub cleared_by: Option<SightingView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What was measured, and when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SightingView {
    /// The value; `null` where nothing had been measured.
    pub value: Option<f64>,
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
}

impl From<Sighting> for SightingView {
    fn from(sighting: Sighting) -> Self {
        let Sighting { value, observed_at } = sighting;
        Self { value, observed_at }
    }
}

/// What a list of signals can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SignalQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "raised,acknowledged")]
    state: Option<Vec<StageName>>,
    /// Of one of these kinds, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Kind>>, example = "critical")]
    kind: Option<Vec<Kind>>,
    /// Of the indicator of this id or reference.
    #[param(value_type = Option<String>, example = "IND-2026-0001")]
    indicator: Option<Named>,
    /// Linked to the nonconformity of this id or reference.
    #[param(value_type = Option<String>, example = "NC-2026-0001")]
    case: Option<Named>,
    /// Whether no later measurement has cleared them.
    open: Option<bool>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Signal {
    type View = SignalView;
    type Query = SignalQuery;
    const PATH: &'static str = "signals";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("indicator", "indicator_id", Prefix::Indicator), ("case", "case_id", Prefix::Nonconformity)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> SignalView {
        let Self { head, indicator, indicator_name: _, kind, first, last, occurrences, rules, owner, stage } = self;
        let (dismissed_because, cleared_by) = match stage {
            Stage::Raised | Stage::Acknowledged { .. } | Stage::Linked { .. } => (None, None),
            Stage::Dismissed { reason, .. } => (Some(reason.clone()), None),
            Stage::Cleared { by, .. } => (None, Some((*by).into())),
        };
        SignalView {
            head: head.into(),
            state: stage.name(),
            indicator_id: *indicator,
            indicator: None,
            kind: *kind,
            first: (*first).into(),
            last: (*last).into(),
            occurrences: *occurrences,
            rules: rules.clone(),
            owner_id: *owner,
            owner: None,
            case_id: self.case(),
            case: None,
            dismissed_because,
            cleared_by,
            transitions,
        }
    }

    fn settle(query: &mut SignalQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("indicator", &[Prefix::Indicator], &mut query.indicator)?;
        look.up("case", &[Prefix::Nonconformity], &mut query.case)
    }

    fn filter(query: SignalQuery, _: &Actor, _: NaiveDate) -> Filter {
        let SignalQuery { state, kind, indicator, case, open, updated_since } = query;
        Filter {
            stage: state,
            kind,
            indicator: indicator.map(Named::id),
            case: case.map(Named::id),
            open,
            updated_since,
        }
    }
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcknowledgeSignal {}

/// The case that deals with it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkSignal {
    /// A nonconformity, by reference or id.
    #[schema(example = "NC-2026-0007")]
    case: String,
}

/// Why it needs no case.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DismissSignal {
    /// Kept in the journal.
    #[schema(example = "Announced maintenance", max_length = 10_000)]
    reason: String,
}

/// List signals.
#[utoipa::path(tag = "signals", params(PageParameters, SignalQuery), responses((status = 200, body = Page<SignalView>)))]
#[get("/signals")]
pub(crate) async fn list_signals(call: Call, list: List<SignalQuery>) -> Result<Answer, ApiError> {
    call.list::<Signal>(list).await
}

/// Read a signal.
#[utoipa::path(
    tag = "signals",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = SignalView))
)]
#[get("/signals/{id}")]
pub(crate) async fn get_signal(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Signal>(target, parameters).await
}

verbs! {
    tag "signals", record Signal, view SignalView;

    /// Say that it was seen.
    acknowledge_signal "/signals/{id}/acknowledge" Acknowledge AcknowledgeSignal
    |signal, AcknowledgeSignal {}, _facts, by, tx| signal.acknowledge(by, tx.now());

    /// Link it to the nonconformity that deals with it.
    link_signal "/signals/{id}/link" Link LinkSignal
    |signal, input, _facts, by, tx| link(signal, &input.case, by, tx);

    /// Say that it needs no case; it stays open until a later measurement is good again.
    dismiss_signal "/signals/{id}/dismiss" Dismiss DismissSignal
    |signal, input, _facts, by, tx| signal.dismiss(input.reason, by, tx.now());
}

fn link(signal: Signal, named: &str, by: &Actor, tx: &mut Tx<'_>) -> Result<Change<Signal>, ApiError> {
    let case: Nonconformity = records::known("/case", named, by, tx)?;
    Ok(signal.link(NonconformityId(case.head().id), by, tx.now())?)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_signals)
        .service(get_signal)
        .service(acknowledge_signal)
        .service(link_signal)
        .service(dismiss_signal);
}
