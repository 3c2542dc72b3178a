//! What is kept of each day, so that progress shows: a worker's step.

use crate::column::KeyValue;
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::organisations;
use crate::row::{from_json, parse, to_json};
use crate::schema::readiness_days;
use crate::store::Store;
use crate::tx::Tx;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::readiness::Readiness;

/// What was kept of the newest day up to this one.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn newest(
    organisation: OrganisationId,
    day: NaiveDate,
    connection: &mut AnyConnection,
) -> Result<Option<(NaiveDate, Readiness)>, Error> {
    let kept: Option<(String, String)> = readiness_days::table
        .filter(readiness_days::organisation_id.eq(KeyValue(organisation.0)))
        .filter(readiness_days::day.le(day.to_string()))
        .order(readiness_days::day.desc())
        .select((readiness_days::day, readiness_days::content))
        .first(connection)
        .optional()?;
    let corrupt = |fault| Error::Corrupt { table: "readiness_days", row: organisation.0, fault };
    let read = |(day, content): (String, String)| Ok((parse(&day)?, from_json(&content)?));
    kept.map(read).transpose().map_err(corrupt)
}

/// The scores of the days from the first to the last, by day.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn scores(
    organisation: OrganisationId,
    (from, to): (NaiveDate, NaiveDate),
    connection: &mut AnyConnection,
) -> Result<Vec<(NaiveDate, Option<i64>)>, Error> {
    let kept: Vec<(String, Option<i64>)> = readiness_days::table
        .filter(readiness_days::organisation_id.eq(KeyValue(organisation.0)))
        .filter(readiness_days::day.between(from.to_string(), to.to_string()))
        .order(readiness_days::day)
        .select((readiness_days::day, readiness_days::score))
        .load(connection)?;
    let corrupt = |fault| Error::Corrupt { table: "readiness_days", row: organisation.0, fault };
    kept.into_iter().map(|(day, score)| Ok((parse(&day).map_err(corrupt)?, score))).collect()
}

/// Keeps a day, unless somebody else has kept it meanwhile; whether it was kept here.
fn keep(
    organisation: OrganisationId,
    day: NaiveDate,
    readiness: &Readiness,
    connection: &mut AnyConnection,
) -> Result<bool, Error> {
    let content = to_json(readiness)?;
    let kept = on_connection!(connection, |c| diesel::insert_into(readiness_days::table)
        .values((
            readiness_days::organisation_id.eq(KeyValue(organisation.0)),
            readiness_days::day.eq(day.to_string()),
            readiness_days::score.eq(readiness.score.map(i64::from)),
            readiness_days::content.eq(&content),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(kept == 1)
}

/// Keeps how ready the organisation is on the day of the transaction: for a history that is told at once.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn keep_today(tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, now, day) = (tx.actor().organisation, tx.now(), tx.today()?);
    let readiness = super::now(organisation, now, tx.connection())?;
    keep(organisation, day, &readiness, tx.connection())?;
    Ok(())
}

/// The organisations that have a day to be kept, and which.
fn missing(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, NaiveDate)>, Error> {
    let kept: Vec<(KeyValue, Option<String>)> = readiness_days::table
        .group_by(readiness_days::organisation_id)
        .select((readiness_days::organisation_id, max(readiness_days::day)))
        .load(connection)?;
    organisations::whose_day_began(kept, now, connection)
}

/// Keeps how ready each organisation is, once a day by its own time zone, and says how many days were kept. One that
/// cannot be answered does not keep the others waiting.
///
/// # Errors
/// The database's, where it cannot even be asked whose day is missing.
pub async fn catch_up(store: &Store, now: DateTime<Utc>) -> Result<usize, Error> {
    let missing = store.read(move |connection| missing(now, connection)).await?;
    let mut kept = 0;
    for (organisation, day) in missing {
        let found: Result<Readiness, Error> =
            store.read(move |connection| super::now(organisation, now, connection)).await;
        let stored = match found {
            Ok(readiness) => store.work(move |connection| keep(organisation, day, &readiness, connection)).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(true) => kept += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, organisation = %organisation.0, "how ready it is today is not kept yet")
            }
        }
    }
    Ok(kept)
}
