//! The live measurements of an indicator as its chart sees them: the only way by which charts and patterns read figures.

use super::{figure, keys};
use crate::column::InstantValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{measurement_series, measurements as m};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::id::{IndicatorId, OrganisationId};
use ratchet_domain::indicators::chart::Reading;
use std::collections::BTreeMap;

/// Which of them, in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// Observed at or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Observed before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// Which of too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The first of them.
    First,
    /// The newest of them.
    Newest,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Read {
    /// The measurements of each series, in the order in which they were observed.
    pub series: BTreeMap<String, Vec<Reading>>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// At most `limit` measurements of all series together.
///
/// # Errors
/// The database's.
pub(crate) fn readings(
    organisation: OrganisationId,
    indicator: IndicatorId,
    Window { from, to }: Window,
    (end, limit): (End, i64),
    connection: &mut AnyConnection,
) -> Result<Read, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(Read::default()) };
    let mut query = m::table
        .inner_join(measurement_series::table)
        .filter(m::measured_id.eq(measured))
        .select((measurement_series::dimensions, m::observed_at, m::value, m::denominator))
        .limit(limit.saturating_add(1))
        .into_boxed();
    if let Some(from) = from {
        query = query.filter(m::observed_at.ge(InstantValue(from)));
    }
    if let Some(to) = to {
        query = query.filter(m::observed_at.lt(InstantValue(to)));
    }
    let query = match end {
        End::First => query.order(m::observed_at.asc()),
        End::Newest => query.order(m::observed_at.desc()),
    };
    let mut rows: Vec<(String, InstantValue, f64, Option<f64>)> = query.load(connection)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_cut = rows.len() > most;
    rows.truncate(most);
    let mut series: BTreeMap<String, Vec<Reading>> = BTreeMap::new();
    for (name, InstantValue(observed_at), value, denominator) in rows {
        let figure = figure(value, denominator);
        series.entry(name).or_default().push(Reading { observed_at, figure });
    }
    for readings in series.values_mut() {
        readings.sort_unstable_by_key(|reading| reading.observed_at);
    }
    Ok(Read { series, is_cut })
}
