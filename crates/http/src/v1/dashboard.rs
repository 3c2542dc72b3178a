//! How everything stands, in one call: for a frontend's first page.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::scope_of;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::{Actor, Permission};
use ratchet_domain::analysis::effect::Tendency;
use ratchet_domain::evaluation::Status;
use ratchet_domain::id::{IndicatorId, MemberId};
use ratchet_domain::indicators::{Direction, Judgement};
use ratchet_domain::nonconformities::{Nonconformity, StageName};
use ratchet_domain::reference::Prefix;
use ratchet_domain::signals::Kind;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::dashboard::{self, Standing};
use ratchet_persistence::nonconformities::Filter;
use ratchet_persistence::table::{Listed, Scope};
use ratchet_persistence::work_items::{self, Asked};
use ratchet_persistence::{readiness, settings};
use serde::Serialize;
use strum::VariantArray;

/// Of the caller's own work so many items are looked at: what is due first.
const WORK: i64 = 200;

/// How everything stands that the caller sees.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Dashboard {
    /// Today, in the organisation's time zone.
    pub day: NaiveDate,
    /// The active indicators, by their age, at most 200.
    pub indicators: Vec<DashboardIndicator>,
    /// How many more there are.
    #[schema(example = 0)]
    pub left_out: usize,
    /// Nonconformities that are open, of those that the caller sees; `null` for whoever lists none.
    #[schema(example = 7)]
    pub open_cases: Option<i64>,
    /// What waits for the caller and is past its day, out of the 200 items that are due first.
    #[schema(example = 2)]
    pub overdue_work: usize,
    /// How ready the organisation was as its newest kept day began; `null` where nothing was kept, and for whoever does not
    /// read readiness.
    pub readiness: Option<DashboardReadiness>,
}

/// How ready the organisation was.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DashboardReadiness {
    /// Which day was kept.
    pub day: NaiveDate,
    /// From 0 to 100; `null` where nothing was asked.
    #[schema(example = 83)]
    pub score: Option<u32>,
}

/// How an indicator stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DashboardIndicator {
    /// Its id.
    pub id: IndicatorId,
    /// Its reference.
    #[schema(example = "IND-2026-0001")]
    pub reference: String,
    /// Its name.
    #[schema(example = "Request latency of the customer portal")]
    pub name: String,
    /// Of the values.
    #[schema(example = "ms")]
    pub unit: Option<String>,
    /// The accountable member.
    pub owner_id: Option<MemberId>,
    /// How it stands now: the worst of its series.
    pub status: Status,
    /// The newest measurement; `null` where nothing is measured.
    pub last: Option<DashboardMeasurement>,
    /// Which way is up.
    pub direction: Option<Direction>,
    /// What is aimed at.
    pub target: Option<f64>,
    /// Where `points` lead; `null` of fewer than 12.
    pub tendency: Option<Tendency>,
    /// By how much its value changes in a day.
    pub slope_per_day: Option<f64>,
    /// The signals of it that are open.
    pub open_signals: Vec<Kind>,
    /// Its newest 30 days (UTC), oldest first, each as one figure over all series: the mean, of ratios the quotient of the sums.
    /// Days without a measurement are left out.
    pub points: Vec<DashboardMeasurement>,
}

/// A measurement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DashboardMeasurement {
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// The value; for a ratio the quotient.
    pub value: f64,
    /// What it is by the thresholds.
    pub judgement: Option<Judgement>,
}

impl DashboardIndicator {
    fn of(standing: Standing, now: DateTime<Utc>) -> Self {
        let Standing { indicator, state, signals, points, trend } = standing;
        let goal = indicator.goal;
        let measured = |(observed_at, value): (DateTime<Utc>, f64)| DashboardMeasurement {
            observed_at,
            value,
            judgement: goal.map(|goal| goal.judge(value)),
        };
        Self {
            id: indicator.id(),
            reference: indicator.head.reference.to_string(),
            status: state.status(indicator.frequency, now),
            last: state.newest().map(|seen| measured((seen.observed_at, seen.value))),
            direction: goal.map(|goal| goal.direction()),
            target: goal.and_then(|goal| goal.target()),
            tendency: trend.map(|trend| trend.tendency),
            slope_per_day: trend.map(|trend| trend.slope_per_day),
            open_signals: signals,
            points: points.into_iter().map(measured).collect(),
            name: indicator.name,
            unit: indicator.unit,
            owner_id: indicator.owner,
        }
    }
}

/// Read how everything stands: every active indicator that the caller sees with its status, newest measurement, target, trend
/// and open signals, and beside them open cases, overdue work and how ready the organisation is.
///
/// In a fixed number of statements, whatever is measured.
#[utoipa::path(tag = "indicators", responses((status = 200, body = Dashboard)))]
#[get("/dashboard")]
pub(crate) async fn get_dashboard(call: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (by, now) = (call.actor.clone(), call.app.now());
    let read = move |connection: &mut AnyConnection| read(&by, now, connection);
    Answer::json(StatusCode::OK, &call.app.store.read(read).await?)
}

fn read(by: &Actor, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Dashboard, ApiError> {
    let rules = settings::rules(by.organisation, connection)?;
    let day = rules.today(now);
    let (standings, left_out) = dashboard::standings(by, now, connection)?;
    let work = work_items::open_for(by, &rules, Asked::first(WORK), connection)?;
    Ok(Dashboard {
        day,
        indicators: standings.into_iter().map(|standing| DashboardIndicator::of(standing, now)).collect(),
        left_out,
        open_cases: open_cases(by, connection)?,
        overdue_work: work.iter().filter(|item| item.due_on.is_some_and(|due_on| due_on < day)).count(),
        readiness: ready(by, day, connection)?,
    })
}

/// What the list of nonconformities would count.
fn open_cases(by: &Actor, connection: &mut AnyConnection) -> Result<Option<i64>, ApiError> {
    let Ok(own) = scope_of::<Nonconformity>(by) else { return Ok(None) };
    let open = StageName::VARIANTS.iter().copied().filter(|stage| stage.is_open());
    let withheld = by.withheld().map(|withheld| withheld.of_kind(Prefix::Nonconformity)).unwrap_or_default();
    let filter = Filter { stage: Some(open.collect()), ..Filter::default() };
    let scope = Scope { organisation: by.organisation, own, only: None, withheld, filter };
    Ok(Some(Nonconformity::count(&scope, connection)?))
}

fn ready(by: &Actor, day: NaiveDate, connection: &mut AnyConnection) -> Result<Option<DashboardReadiness>, ApiError> {
    if !by.may(Permission::ReadRecords, false) {
        return Ok(None);
    }
    let kept = readiness::newest(by.organisation, day, connection)?;
    Ok(kept.map(|(day, readiness)| DashboardReadiness { day, score: readiness.score }))
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_dashboard);
}
