//! Cycles over HTTP: turn against turn, from one management review to the next.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::record::effect::EffectView;
use crate::routing::Routes;
use crate::v1::records::{self, RecordView};
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use ratchet_domain::access::Permission;
use ratchet_domain::cycles::{Figures, Matters};
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::cycles::{self, Cycle};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// Turns per answer, unless asked otherwise.
const DEFAULT: usize = 4;
/// Turns per answer at most.
const LIMIT: usize = 6;

/// How many turns.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CyclesQuery {
    /// Turns, 1 to 6.
    #[param(minimum = 1, maximum = 6, default = 4)]
    limit: Option<usize>,
}

/// How many of each kind.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MattersView {
    pub signals: i64,
    pub nonconformities: i64,
    pub incidents: i64,
    pub weaknesses: i64,
    pub employee_reports: i64,
    pub improvements: i64,
    pub changes: i64,
    pub actions: i64,
}

/// The figures of one turn.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CycleFiguresView {
    /// What came in: raised, reported, filed, proposed, requested, planned.
    pub entered: MattersView,
    /// What came to its end, one way or another, whenever it had come in.
    pub closed: MattersView,
    /// Days from a nonconformity's report to its closing: of those that were closed, the one in the middle. `null` when
    /// none was.
    #[schema(example = 34.0)]
    pub median_days_to_close: Option<f64>,
    /// Nonconformities that were closed before and came again.
    pub recurred: i64,
    /// Verdicts that what was done about a nonconformity has worked.
    pub verdicts_effective: i64,
    /// Verdicts that it has not.
    pub verdicts_ineffective: i64,
    pub objectives_achieved: i64,
    pub objectives_missed: i64,
    pub audits_reported: i64,
    /// Changes that were judged harmful.
    pub changes_harmful: i64,
}

/// A turn from one management review to the next, against the turn before.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CycleView {
    /// The review whose approval ends the turn; `null` while it lasts.
    pub review: Option<RecordView>,
    /// When the review before was approved; for the first turn, when the organisation was founded.
    pub from: DateTime<Utc>,
    /// When the review was approved; now while the turn lasts.
    pub to: DateTime<Utc>,
    pub figures: CycleFiguresView,
    /// Those of the turn before; `null` for the first turn.
    pub figures_before: Option<CycleFiguresView>,
    /// Each indicator in use, in this turn and in the turn before; `null` for the first turn.
    pub indicators: Option<EffectView>,
}

/// Turns.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Cycles {
    /// The newest first: the one that lasts.
    pub items: Vec<CycleView>,
}

impl From<Matters> for MattersView {
    fn from(matters: Matters) -> Self {
        let Matters {
            signals,
            nonconformities,
            incidents,
            weaknesses,
            employee_reports,
            improvements,
            changes,
            actions,
        } = matters;
        Self { signals, nonconformities, incidents, weaknesses, employee_reports, improvements, changes, actions }
    }
}

impl From<Figures> for CycleFiguresView {
    fn from(figures: Figures) -> Self {
        let Figures {
            entered,
            closed,
            median_days_to_close,
            recurred,
            effective,
            ineffective,
            achieved,
            missed,
            audits,
            harmful,
        } = figures;
        Self {
            entered: entered.into(),
            closed: closed.into(),
            median_days_to_close,
            recurred,
            verdicts_effective: effective,
            verdicts_ineffective: ineffective,
            objectives_achieved: achieved,
            objectives_missed: missed,
            audits_reported: audits,
            changes_harmful: harmful,
        }
    }
}

/// Read whether the management system improves: each turn from one approved management review to the next, in figures,
/// against the turn before [10.1].
#[utoipa::path(tag = "readiness", params(CyclesQuery), responses((status = 200, body = Cycles)))]
#[get("/cycles")]
pub(crate) async fn list_cycles(call: Call, query: Query<CyclesQuery>) -> Result<Answer, ApiError> {
    let (by, now, limit) = (call.actor.clone(), call.app.now(), query.0.limit.unwrap_or(DEFAULT));
    if !by.may(Permission::ReadRecords, false) {
        return Err(Refusal::Forbidden.into());
    }
    if !(1..=LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {LIMIT}")));
    }
    let read = move |connection: &mut AnyConnection| -> Result<Cycles, ApiError> {
        let cycles = cycles::newest(by.organisation, limit, now, connection)?;
        let reviews = cycles.iter().filter_map(|cycle| Some((Prefix::ManagementReview, cycle.turn.review?.0)));
        let seen = records::seen_of(&reviews.collect::<Vec<_>>(), &by, connection)?;
        let mut seen: HashMap<Uuid, RecordView> = seen.into_iter().map(|view| (view.id, view)).collect();
        let view = |cycle: Cycle| {
            let Cycle { turn, figures, before, indicators } = cycle;
            CycleView {
                review: turn.review.and_then(|review| seen.remove(&review.0)),
                from: turn.from,
                to: turn.to,
                figures: figures.into(),
                figures_before: before.map(Into::into),
                indicators: indicators.as_ref().map(Into::into),
            }
        };
        Ok(Cycles { items: cycles.into_iter().map(view).collect() })
    };
    Answer::json(StatusCode::OK, &call.app.store.read(read).await?)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_cycles);
}
