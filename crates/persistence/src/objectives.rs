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
use ratchet_domain::id::{IndicatorId, MemberId, ObjectiveId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::objectives::{Facts, Measured, Objective, Path, Reading, StageName};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Measurements of an indicator that a trend is drawn through, the newest ones.
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
        let (indicator, proposed) = (self.terms.indicator(), self.proposed_indicator());
        let read = readings(organisation, indicator.into_iter().chain(proposed), now, connection)?;
        let reading = |id: Option<IndicatorId>| read.get(&id?).map(|(_, reading)| *reading);
        let (reading, proposed) = (reading(indicator), reading(proposed));
        Ok(Facts { reading, proposed, today: rules.today(now), separation: rules.separation })
    }

    /// Its due date has passed.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

/// Indicators, each with what it says now: two statements.
fn readings(
    organisation: OrganisationId,
    ids: impl Iterator<Item = IndicatorId>,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<HashMap<IndicatorId, (Indicator, Reading)>, Error> {
    let ids: BTreeSet<Uuid> = ids.map(|id| id.0).collect();
    let indicators = Indicator::many(organisation, &ids.into_iter().collect::<Vec<_>>(), connection)?;
    let mut states = evaluation::states(organisation, &indicators, connection)?;
    let read = |indicator: Indicator| {
        let state = states.remove(&indicator.id()).unwrap_or_default();
        let reading = Reading::of(&indicator, &state, now);
        (indicator.id(), (indicator, reading))
    };
    Ok(indicators.into_iter().map(read).collect())
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
    let one = std::slice::from_ref(objective);
    Ok(progress_of(objective.head.organisation, one, now, connection)?.remove(&objective.id()))
}

/// The same for several, in as many statements.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn progress_of(
    organisation: OrganisationId,
    objectives: &[Objective],
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<HashMap<ObjectiveId, Measured>, Error> {
    let rules = settings::rules(organisation, connection)?;
    let paths = objectives.iter().filter_map(|objective| Some((objective.id(), objective.path(&rules)?)));
    let paths: Vec<(ObjectiveId, (IndicatorId, Path))> = paths.collect();
    let read = readings(organisation, paths.iter().map(|(_, (indicator, _))| *indicator), now, connection)?;
    let ids: Vec<IndicatorId> = read.keys().copied().collect();
    let earliest = paths.iter().map(|(_, (_, path))| path.starts_at).min().unwrap_or(now);
    let measured = measurements::latest(organisation, &ids, earliest, MEASUREMENTS, connection)?;
    let come = |(objective, (id, path)): (ObjectiveId, (IndicatorId, Path))| {
        let (indicator, reading) = read.get(&id)?;
        let since = measured.get(&id).map(Vec::as_slice).unwrap_or_default();
        Some((objective, Measured::of(path, indicator, reading, since, now)?))
    };
    Ok(paths.into_iter().filter_map(come).collect())
}

/// Objectives in force, and those that are over and were written at or after this moment.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn since(
    organisation: OrganisationId,
    since: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Objective>, Error> {
    let in_force = [StageName::Active, StageName::Revising].map(<&str>::from);
    let over = [StageName::Achieved, StageName::Missed, StageName::Abandoned].map(<&str>::from);
    let lately = objectives::stage.eq_any(over).and(objectives::updated_at.ge(InstantValue(since)));
    let rows: Vec<Row> = objectives::table
        .filter(objectives::organisation_id.eq(KeyValue(organisation.0)))
        .filter(objectives::stage.eq_any(in_force).or(lately))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(objective, _)| objective)).collect()
}
