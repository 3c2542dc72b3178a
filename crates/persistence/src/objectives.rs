//! Objectives in their table, and how far they have come by what was measured.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::evaluation;
use crate::listing::{NullableCondition, coalesce, listing};
use crate::measurements;
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::objectives;
use crate::table::{Guarded, Own, Table};
use crate::tx::Tx;
use crate::{schedule, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{IndicatorId, MemberId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::objectives::{
    Facts, Measure, Objective, Path, Progress, Reading, StageName, progress as derive, worst_by_moment,
};
use ratchet_domain::reference::Locator;
use ratchet_domain::signals::Sighting;
use uuid::Uuid;

/// Measurements since the start that a trend is drawn through, the newest ones.
const MEASUREMENTS: i64 = 20_000;

record_table!(Objective, objectives {
    title: String,
    policy_id: KeyValue,
    indicator_id: Option<KeyValue>,
    owner_id: KeyValue,
    due_on: Option<String>,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &Objective) -> Result<Self, Error> {
        Ok(Self {
            title: record.title.clone(),
            policy_id: KeyValue(record.policy.0),
            indicator_id: record.terms.indicator().map(|indicator| KeyValue(indicator.0)),
            owner_id: KeyValue(record.owner.0),
            due_on: record.terms.due_on.map(|day| day.to_string()),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Objective, String> {
        with_head(head, &self.description)
    }
}

/// What a list of objectives can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Serving this policy.
    pub policy: Option<Uuid>,
    /// Measured by this indicator.
    pub indicator: Option<Uuid>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Objective, objectives, Filter, narrowed, own, {
    "created_at": instant = objectives::created_at => |objective| objective.head.created_at;
    "updated_at": instant = objectives::updated_at => |objective| objective.head.updated_at;
    "reference": text = objectives::reference => |objective| objective.head.reference.to_string();
    "title": text = objectives::title => |objective| objective.title.clone();
    "due_on": text = coalesce(objectives::due_on, "9999-12-31") => |objective| objective.terms.due_on.map_or("9999-12-31".to_owned(), |day| day.to_string());
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, owner, policy, indicator, due_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(objectives::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(owner) = owner {
        query = query.filter(objectives::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(policy) = policy {
        query = query.filter(objectives::policy_id.eq(KeyValue(*policy)));
    }
    if let Some(indicator) = indicator {
        query = query.filter(objectives::indicator_id.eq(KeyValue(*indicator)));
    }
    if let Some(day) = due_before {
        query = query.filter(objectives::due_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(objectives::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<objectives::table> {
    let me = KeyValue(member.0);
    Box::new(objectives::owner_id.eq(me).nullable().or(objectives::created_by.eq(me)))
}

impl Guarded for Objective {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let organisation = self.head.organisation;
        let rules = settings::rules(organisation, connection)?;
        let mut read = |indicator: Option<IndicatorId>| -> Result<Option<Reading>, Error> {
            let Some(id) = indicator else { return Ok(None) };
            Ok(reading(organisation, id, now, connection)?.map(|(_, reading)| reading))
        };
        let (reading, proposed) = (read(self.terms.indicator())?, read(self.proposed_indicator())?);
        Ok(Facts { reading, proposed, today: rules.today(now), separation: rules.separation })
    }

    /// Its due date has passed.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

/// An indicator, and what it says now.
fn reading(
    organisation: OrganisationId,
    id: IndicatorId,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Option<(Indicator, Reading)>, Error> {
    let Some((indicator, _)) = Indicator::find(organisation, Locator::Id(id.0), connection)? else { return Ok(None) };
    let state = evaluation::state(organisation, &indicator, connection)?;
    let reading = Reading::of(&indicator, &state, now);
    Ok(Some((indicator, reading)))
}

/// How far an objective has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Of the value: `%`, `days`.
    pub unit: Option<String>,
    /// From where to where, and from when to when.
    pub path: Path,
    /// What its indicator says now.
    pub value: f64,
    /// When that was observed.
    pub observed_at: DateTime<Utc>,
    /// What follows from it.
    pub progress: Progress,
}

/// How far an objective has come by its indicator: a few statements. `None` of one that is judged, that was never
/// approved, or whose indicator says nothing.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn progress(
    objective: &Objective,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Option<Measured>, Error> {
    let organisation = objective.head.organisation;
    let Some(Measure::Indicator { indicator: id, baseline: Some(baseline), target }) = objective.terms.measure else {
        return Ok(None);
    };
    let (Some(started_on), Some(due_on)) = (objective.started_on(), objective.terms.due_on) else { return Ok(None) };
    let Some((indicator, reading)) = reading(organisation, id, now, connection)? else { return Ok(None) };
    let (Some(goal), Some(Sighting { value: Some(value), observed_at })) = (reading.goal, reading.value) else {
        return Ok(None);
    };
    let rules = settings::rules(organisation, connection)?;
    let ends_at = rules.start_of(due_on.succ_opt().unwrap_or(due_on));
    let path = Path { baseline, target, starts_at: rules.start_of(started_on), ends_at };
    let since = measurements::latest(organisation, id, path.starts_at, MEASUREMENTS, connection)?;
    let progress = derive(&path, &goal, value, &worst_by_moment(&goal, since), now);
    Ok(Some(Measured { unit: indicator.unit, path, value, observed_at, progress }))
}
