//! Measuring the built-in indicators: a worker's step, once a day for each organisation. What is counted is counted in a
//! fixed number of statements ([`summary`]); what follows from it the domain decides.

mod summary;

use crate::column::KeyValue;
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::schema::built_in_days;
use crate::store::Store;
use crate::tx::{Context, Tx};
use crate::{indicators, measurements, organisations, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::indicators::built_in::{SOURCE, Summary};
use ratchet_domain::indicators::{BuiltIn, Indicator, StageName};
use ratchet_domain::measurements::{Point, sift};
use strum::VariantArray;

/// Measures the day of each organisation that has begun one, and says how many were measured. One that cannot be measured
/// does not keep the others waiting.
///
/// # Errors
/// The database's, where it cannot even be asked whose day has begun.
pub async fn catch_up(
    store: &Store,
    now: DateTime<Utc>,
    context: &(dyn Fn(OrganisationId) -> Context + Sync),
) -> Result<usize, Error> {
    let begun = store.read(move |connection| begun(now, connection)).await?;
    let mut measured = 0;
    for (organisation, day) in begun {
        let counted: Result<Summary, Error> =
            store.read(move |connection| summary::of(organisation, day, connection)).await;
        let kept = match counted {
            Ok(summary) => store.write(context(organisation), move |tx| measure(day, &summary, tx)).await,
            Err(error) => Err(error),
        };
        match kept {
            Ok(true) => measured += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, organisation = %organisation.0, "its built-in indicators are not measured yet");
            }
        }
    }
    Ok(measured)
}

/// The organisations of which a day is to be measured, and which.
fn begun(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, NaiveDate)>, Error> {
    let done: Vec<(KeyValue, Option<String>)> = built_in_days::table
        .group_by(built_in_days::organisation_id)
        .select((built_in_days::organisation_id, max(built_in_days::day)))
        .load(connection)?;
    organisations::whose_day_began(done, now, connection)
}

/// Takes a day, unless somebody else has taken it; whether it was taken here.
fn take(organisation: OrganisationId, day: NaiveDate, connection: &mut AnyConnection) -> Result<bool, Error> {
    let taken = on_connection!(connection, |c| diesel::insert_into(built_in_days::table)
        .values((built_in_days::organisation_id.eq(KeyValue(organisation.0)), built_in_days::day.eq(day.to_string()),))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(taken == 1)
}

/// Measures a day, as of its first moment; whether nobody else has.
fn measure(day: NaiveDate, summary: &Summary, tx: &mut Tx<'_>) -> Result<bool, Error> {
    let organisation = tx.actor().organisation;
    tx.enter(organisation.0)?;
    if !take(organisation, day, tx.connection())? {
        return Ok(false);
    }
    let observed_at = settings::rules(organisation, tx.connection())?.start_of(day);
    let point = |indicator: &Indicator| {
        let figure = summary.figure(indicator.built_in?)?;
        Some(Point { indicator: indicator.id(), observed_at, series: String::new(), figure, note: None })
    };
    let points: Vec<Point> = measured(tx)?.iter().filter_map(point).collect();
    let known = measurements::known(organisation, points.iter(), tx.connection())?;
    let sifted = sift(points.into_iter().map(Ok).collect(), &known);
    if !sifted.rows.is_empty() {
        measurements::record(SOURCE.to_owned(), &sifted, tx)?;
    }
    Ok(true)
}

/// The built-in indicators that are measured: all but those that were retired. What is not there is defined.
fn measured(tx: &mut Tx<'_>) -> Result<Vec<Indicator>, Error> {
    let by = tx.actor().clone();
    let mut known = indicators::built_in(by.organisation, tx.connection())?;
    for which in BuiltIn::VARIANTS {
        if known.iter().any(|indicator| indicator.built_in == Some(*which)) {
            continue;
        }
        let birth = tx.birth(Indicator::PREFIX)?;
        known.push(tx.save(Indicator::build_in(*which, &by, birth)?)?.0);
    }
    known.retain(|indicator| indicator.stage.name() != StageName::Retired);
    Ok(known)
}
