//! Participation over HTTP: how much people take part, by unit and month [7.3, 10.1].

use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{Datelike, Months, NaiveDate};
use ratchet_domain::access::Permission;
use ratchet_domain::participation::{Act, MONTHS, months, sizes, sum_up};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::{participation, settings};
use serde::{Deserialize, Serialize};

/// Of which time.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ParticipationQuery {
    /// A day of the first month; eleven months before the last without it.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<NaiveDate>,
    /// A day of the last month; this one without it. At most 13 months in all.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<NaiveDate>,
}

/// How many people there are to take part.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UnitView {
    /// The unit; `null` for members without one.
    #[schema(example = "Shipyard")]
    pub unit: Option<String>,
    /// Active members now.
    pub members: i64,
}

/// What the people of one unit did in one month.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ParticipationLine {
    /// The month's first day.
    #[schema(example = "2026-03-01")]
    pub month: NaiveDate,
    /// The unit in which they work now; `null` for members without one, for reports without a name, and for reports
    /// from a unit of fewer than five, which would tell who filed them.
    #[schema(example = "Shipyard")]
    pub unit: Option<String>,
    /// Employee reports that were filed.
    pub reports: i64,
    /// Improvements that were proposed.
    pub suggestions: i64,
    /// Votes that were cast for improvements.
    pub votes: i64,
    /// Policies that were acknowledged.
    pub acknowledgements: i64,
    /// Courses that were passed.
    pub trainings: i64,
}

/// How much people take part.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Participation {
    /// The first month's first day.
    pub from: NaiveDate,
    /// The day after the last month.
    pub to: NaiveDate,
    /// The units, and how many people each has now.
    pub units: Vec<UnitView>,
    /// By month and unit; where nobody did anything there is no line.
    pub items: Vec<ParticipationLine>,
}

/// Read how much people take part in improving the management system, by unit and month.
#[utoipa::path(
    tag = "participation",
    params(ParticipationQuery),
    responses((status = 200, body = Participation))
)]
#[get("/participation")]
pub(crate) async fn get_participation(call: Call, query: Query<ParticipationQuery>) -> Result<Answer, ApiError> {
    let (organisation, now) = (call.actor.organisation, call.app.now());
    if !call.actor.may(Permission::ReadRecords, false) {
        return Err(Refusal::Forbidden.into());
    }
    let ParticipationQuery { from, to } = query.0;
    let read = move |connection: &mut _| -> Result<Participation, ApiError> {
        let rules = settings::rules(organisation, connection)?;
        let to = to.unwrap_or_else(|| rules.today(now));
        let from = from.or_else(|| to.with_day(1)?.checked_sub_months(Months::new(11))).unwrap_or(to);
        let months = months(from, to);
        let (Some((first, _)), Some((_, last))) = (months.first().copied(), months.last().copied()) else {
            return Err(ApiError::parameter("from", "out_of_range", "must not lie behind `to`"));
        };
        if months.len() > MONTHS {
            return Err(ApiError::parameter(
                "from",
                "out_of_range",
                format!("at most {MONTHS} months can be asked for"),
            ));
        }
        let people = participation::people(organisation, connection)?;
        let mut items = Vec::new();
        for (month, next) in months {
            let span = (rules.start_of(month), rules.start_of(next));
            let counted = participation::count(organisation, span, connection)?;
            for (unit, line) in sum_up(counted, &people) {
                let count = |act| line.get(&act).copied().unwrap_or_default();
                items.push(ParticipationLine {
                    month,
                    unit,
                    reports: count(Act::Report),
                    suggestions: count(Act::Suggestion),
                    votes: count(Act::Vote),
                    acknowledgements: count(Act::Acknowledgement),
                    trainings: count(Act::Training),
                });
            }
        }
        let units = sizes(&people).into_iter().map(|(unit, members)| UnitView { unit, members }).collect();
        Ok(Participation { from: first, to: last, units, items })
    };
    Answer::json(StatusCode::OK, &call.app.store.read(read).await?)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_participation);
}
