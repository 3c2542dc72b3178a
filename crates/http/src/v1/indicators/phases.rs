//! The phases of an indicator's chart.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target};
use crate::v1::auth::Nothing;
use crate::v1::records::{self, RecordView};
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Record;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::phases::{Beginning, Phase};
use ratchet_domain::reference::Prefix;
use ratchet_persistence::changes::phases_of;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::settings;
use ratchet_persistence::table::Table;
use serde::Serialize;
use std::collections::HashMap;
use uuid::Uuid;

/// Where the chart of an indicator begins anew.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IndicatorPhases {
    /// Oldest first; each lasts until the next begins. None while nothing is measured.
    pub items: Vec<IndicatorPhaseView>,
}

/// What a phase begins with.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PhaseBeginning {
    /// Nothing was measured before.
    FirstMeasurement,
    /// A change was made, and is closed.
    Change,
    /// Somebody has declared it.
    Declared,
}

/// A time in which the figures of an indicator can be held against each other.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IndicatorPhaseView {
    /// When it begins: when the change was completed.
    pub starts_at: DateTime<Utc>,
    /// The organisation's day on which that was.
    pub starts_on: NaiveDate,
    /// With what.
    pub begins_with: PhaseBeginning,
    /// The change with which it begins, where this caller may see it.
    pub change: Option<RecordView>,
    /// Why it was declared, where it was.
    #[schema(example = "The new scanner counts twice as much")]
    pub reason: Option<String>,
}

/// Read the phases of an indicator's chart.
///
/// It begins with the first measurement, and anew with each change that names the indicator, from when it was completed, once
/// it is closed, and with each phase that somebody has declared: what was measured before says nothing of what is to be
/// expected since. At most the newest 500 changes.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path)),
    responses((status = 200, body = IndicatorPhases))
)]
#[get("/indicators/{id}/phases")]
pub(crate) async fn get_indicator_phases(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let read = move |connection: &mut _| -> Result<IndicatorPhases, ApiError> {
        let found = Indicator::find(by.organisation, locator, connection)?;
        let (indicator, _) = found.filter(|(record, _)| record.is_visible(&by)).ok_or(ApiError::NotFound)?;
        let phases = phases_of(by.organisation, &indicator, connection)?;
        let rules = settings::rules(by.organisation, connection)?;
        let mut seen = changes_of(&phases, &by, connection)?;
        let view = |phase: Phase| IndicatorPhaseView {
            starts_at: phase.starts_at,
            starts_on: rules.today(phase.starts_at),
            begins_with: phase.beginning.into(),
            change: change_of(&phase).and_then(|id| seen.remove(&id)),
            reason: reason_of(&phase, &indicator),
        };
        Ok(IndicatorPhases { items: phases.into_iter().map(view).collect() })
    };
    let phases = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &phases)
}

impl From<Beginning> for PhaseBeginning {
    fn from(beginning: Beginning) -> Self {
        match beginning {
            Beginning::FirstMeasurement => Self::FirstMeasurement,
            Beginning::Change(_) => Self::Change,
            Beginning::Declared(_) => Self::Declared,
        }
    }
}

/// The changes with which phases begin, as far as the caller may see them.
pub(super) fn changes_of(
    phases: &[Phase],
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<HashMap<Uuid, RecordView>, ApiError> {
    let named: Vec<(Prefix, Uuid)> = phases.iter().filter_map(change_of).map(|id| (Prefix::Change, id)).collect();
    let seen = records::seen_of(&named, by, connection)?;
    Ok(seen.into_iter().map(|view| (view.id, view)).collect())
}

/// Why a phase was declared.
pub(super) fn reason_of(phase: &Phase, indicator: &Indicator) -> Option<String> {
    match phase.beginning {
        Beginning::FirstMeasurement | Beginning::Change(_) => None,
        Beginning::Declared(place) => indicator.declared_phases.get(place).map(|phase| phase.reason.clone()),
    }
}

/// The change with which a phase begins.
pub(super) fn change_of(phase: &Phase) -> Option<Uuid> {
    match phase.beginning {
        Beginning::FirstMeasurement | Beginning::Declared(_) => None,
        Beginning::Change(id) => Some(id.0),
    }
}
