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
use ratchet_domain::change::Record;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::phases::{Beginning, Phase};
use ratchet_domain::reference::Prefix;
use ratchet_persistence::changes::phases_of;
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
}

/// Read the phases of an indicator's chart.
///
/// It begins with the first measurement, and anew with each change that names the indicator, from when it was completed, once
/// it is closed: what was measured before says nothing of what is to be expected since. At most the newest 500 changes.
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
        let phases = phases_of(by.organisation, indicator.id(), connection)?;
        let rules = settings::rules(by.organisation, connection)?;
        let named: Vec<(Prefix, Uuid)> = phases.iter().filter_map(change_of).map(|id| (Prefix::Change, id)).collect();
        let seen = records::seen_of(&named, &by, connection)?;
        let mut seen: HashMap<Uuid, RecordView> = seen.into_iter().map(|view| (view.id, view)).collect();
        let view = |phase: Phase| IndicatorPhaseView {
            starts_at: phase.starts_at,
            starts_on: rules.today(phase.starts_at),
            begins_with: match phase.beginning {
                Beginning::FirstMeasurement => PhaseBeginning::FirstMeasurement,
                Beginning::Change(_) => PhaseBeginning::Change,
            },
            change: change_of(&phase).and_then(|id| seen.remove(&id)),
        };
        Ok(IndicatorPhases { items: phases.into_iter().map(view).collect() })
    };
    let phases = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &phases)
}

fn change_of(phase: &Phase) -> Option<Uuid> {
    match phase.beginning {
        Beginning::FirstMeasurement => None,
        Beginning::Change(id) => Some(id.0),
    }
}
