//! Signals in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, parse, record_table, with_head, word};
use crate::schema::signals;
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{IndicatorId, NonconformityId, OrganisationId};
use ratchet_domain::signals::{Kind, Signal, StageName};
use std::collections::HashMap;
use uuid::Uuid;

record_table!(Signal, signals {
    indicator_id: KeyValue,
    kind: String,
    owner_id: Option<KeyValue>,
    case_id: Option<KeyValue>,
    is_open: bool,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &Signal) -> Result<Self, Error> {
        Ok(Self {
            indicator_id: KeyValue(record.indicator.0),
            kind: word(record.kind),
            owner_id: record.owner.map(|member| KeyValue(member.0)),
            case_id: record.case().map(|case| KeyValue(case.0)),
            is_open: record.is_open(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Signal, String> {
        with_head(head, &self.description)
    }
}

/// What a list of signals can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these kinds.
    pub kind: Option<Vec<Kind>>,
    /// Of this indicator.
    pub indicator: Option<Uuid>,
    /// Linked to this case.
    pub case: Option<Uuid>,
    /// Whether a later measurement has not cleared them.
    pub open: Option<bool>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Signal, signals, Filter, narrowed, own, {
    "created_at": instant = signals::created_at => |signal| signal.head.created_at;
    "updated_at": instant = signals::updated_at => |signal| signal.head.updated_at;
    "reference": text = signals::reference => |signal| signal.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, kind, indicator, case, open, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(signals::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(kinds) = kind {
        query = query.filter(signals::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind))));
    }
    if let Some(indicator) = indicator {
        query = query.filter(signals::indicator_id.eq(KeyValue(*indicator)));
    }
    if let Some(case) = case {
        query = query.filter(signals::case_id.eq(KeyValue(*case)));
    }
    if let Some(open) = open {
        query = query.filter(signals::is_open.eq(*open));
    }
    if let Some(at) = updated_since {
        query = query.filter(signals::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<signals::table> {
    Box::new(signals::owner_id.eq(KeyValue(member.0)))
}

impl Guarded for Signal {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }

    /// Measurements and people move the same signals.
    fn circle(&self) -> Uuid {
        self.indicator.0
    }
}

/// The signals of an indicator that are open: at most one of each kind.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn open_of(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Vec<Signal>, Error> {
    let rows: Vec<Row> = signals::table
        .filter(signals::organisation_id.eq(KeyValue(organisation.0)))
        .filter(signals::indicator_id.eq(KeyValue(indicator.0)))
        .filter(signals::is_open.eq(true))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(signal, _)| signal)).collect()
}

/// The cases that signals of an indicator were linked to, the newest first; at most 20.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn cases_of(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Vec<(Kind, NonconformityId)>, Error> {
    let found: Vec<(KeyValue, String, Option<KeyValue>)> = signals::table
        .filter(signals::organisation_id.eq(KeyValue(organisation.0)))
        .filter(signals::indicator_id.eq(KeyValue(indicator.0)))
        .filter(signals::case_id.is_not_null())
        .order(signals::id.desc())
        .limit(20)
        .select((signals::id, signals::kind, signals::case_id))
        .load(connection)?;
    let read = |(row, kind, case): (KeyValue, String, Option<KeyValue>)| {
        let kind = parse(&kind).map_err(|fault| Error::Corrupt { table: "signals", row: row.0, fault })?;
        Ok(case.map(|case| (kind, NonconformityId(case.0))))
    };
    found.into_iter().map(read).filter_map(Result::transpose).collect()
}

/// The kinds of the signals that are open, of each indicator that has any.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn open_kinds(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<HashMap<IndicatorId, Vec<Kind>>, Error> {
    let found: Vec<(KeyValue, KeyValue, String)> = signals::table
        .filter(signals::organisation_id.eq(KeyValue(organisation.0)))
        .filter(signals::is_open.eq(true))
        .order(signals::id)
        .select((signals::id, signals::indicator_id, signals::kind))
        .load(connection)?;
    let mut kinds: HashMap<IndicatorId, Vec<Kind>> = HashMap::new();
    for (row, indicator, kind) in found {
        let kind = parse(&kind).map_err(|fault| Error::Corrupt { table: "signals", row: row.0, fault })?;
        kinds.entry(IndicatorId(indicator.0)).or_default().push(kind);
    }
    Ok(kinds)
}

/// How many signals of each indicator are open, for those that have any.
///
/// # Errors
/// The database's.
pub(crate) fn open_counts(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<HashMap<IndicatorId, i64>, Error> {
    let counts: Vec<(KeyValue, i64)> = signals::table
        .filter(signals::organisation_id.eq(KeyValue(organisation.0)))
        .filter(signals::is_open.eq(true))
        .group_by(signals::indicator_id)
        .select((signals::indicator_id, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(counts.into_iter().map(|(id, count)| (IndicatorId(id.0), count)).collect())
}
