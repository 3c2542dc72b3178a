//! Many rows at once, each database in its own way: PostgreSQL is asked as seldom as can be, because every statement goes over
//! a wire; SQLite one row a statement, prepared once.

use super::rollups::{Place, RollupRow};
use super::{PastRow, Row};
use crate::column::InstantValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{measurement_rollups, measurements, past_measurements};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Timestamptz};
use ratchet_domain::measurements::Standing;

/// What a measurement that counts is found by: indicator, moment, series.
pub(super) type LiveKey = (i32, InstantValue, i32);

/// Rows per INSERT, where several are inserted at once.
const CHUNK: usize = 1_000;

/// Writes rows that count, in the order of their keys. None of them is there.
///
/// # Errors
/// The database's.
pub(super) fn insert(rows: &[Row], connection: &mut AnyConnection) -> Result<(), Error> {
    match connection {
        AnyConnection::Postgres(c) => {
            diesel::copy_from(measurements::table).from_insertable(rows).execute(c)?;
        }
        AnyConnection::Sqlite(c) => {
            for row in rows {
                diesel::insert_into(measurements::table).values(row).execute(c)?;
            }
        }
    }
    Ok(())
}

/// Writes rows that do not count.
///
/// # Errors
/// The database's.
pub(super) fn insert_past(rows: &[PastRow], connection: &mut AnyConnection) -> Result<(), Error> {
    match connection {
        AnyConnection::Postgres(c) => {
            diesel::copy_from(past_measurements::table).from_insertable(rows).execute(c)?;
        }
        AnyConnection::Sqlite(c) => {
            for row in rows {
                diesel::insert_into(past_measurements::table).values(row).execute(c)?;
            }
        }
    }
    Ok(())
}

const END: &str = "WITH ended AS (
    DELETE FROM measurements AS m
    USING unnest($1, $2, $3) AS k (measured_id, observed_at, series_id)
    WHERE m.measured_id = k.measured_id AND m.observed_at = k.observed_at AND m.series_id = k.series_id
    RETURNING m.measured_id, m.observed_at, m.series_id, m.value, m.denominator, m.origin_id, m.number
)
INSERT INTO past_measurements SELECT *, $4, $5 FROM ended";

/// What counted does not from `at` on.
///
/// # Errors
/// The database's.
pub(super) fn end(
    keys: &[LiveKey],
    standing: Standing,
    at: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let standing: &str = standing.into();
    match connection {
        AnyConnection::Postgres(c) => {
            diesel::sql_query(END)
                .bind::<Array<Integer>, _>(keys.iter().map(|key| key.0).collect::<Vec<_>>())
                .bind::<Array<Timestamptz>, _>(keys.iter().map(|key| key.1.0).collect::<Vec<_>>())
                .bind::<Array<Integer>, _>(keys.iter().map(|key| key.2).collect::<Vec<_>>())
                .bind::<Text, _>(standing)
                .bind::<Timestamptz, _>(at)
                .execute(c)?;
        }
        AnyConnection::Sqlite(c) => {
            for key in keys {
                let live = measurements::table.find(*key);
                let row: Row = live.select(Row::as_select()).get_result(c)?;
                let past = PastRow::of(row, standing.to_owned(), at);
                diesel::insert_into(past_measurements::table).values(past).execute(c)?;
                diesel::delete(live).execute(c)?;
            }
        }
    }
    Ok(())
}

const ROLLUPS: &str = "SELECT r.series_id, r.step, r.starts_at, r.count, r.mean, r.deviations, r.least, r.greatest, \
    r.newest_at, r.newest, r.numerators, r.denominators \
    FROM unnest($1, $2, $3) AS k (series_id, step, starts_at) JOIN measurement_rollups AS r \
    ON r.series_id = k.series_id AND r.step = k.step AND r.starts_at = k.starts_at";

/// Those of these rollups that are there.
///
/// # Errors
/// The database's.
pub(super) fn rollups(places: &[Place], connection: &mut AnyConnection) -> Result<Vec<RollupRow>, Error> {
    match connection {
        AnyConnection::Postgres(c) => Ok(diesel::sql_query(ROLLUPS)
            .bind::<Array<Integer>, _>(places.iter().map(|place| place.series).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(places.iter().map(|place| <&str>::from(place.step)).collect::<Vec<_>>())
            .bind::<Array<Timestamptz>, _>(places.iter().map(|place| place.starts_at).collect::<Vec<_>>())
            .load(c)?),
        AnyConnection::Sqlite(c) => {
            let mut found = Vec::new();
            for place in places {
                let row = measurement_rollups::table
                    .find((place.series, <&str>::from(place.step), InstantValue(place.starts_at)))
                    .select(RollupRow::as_select())
                    .get_result(c)
                    .optional()?;
                found.extend(row);
            }
            Ok(found)
        }
    }
}

/// Writes rollups, over those that are there.
///
/// # Errors
/// The database's.
pub(super) fn put_rollups(rows: &[RollupRow], connection: &mut AnyConnection) -> Result<(), Error> {
    use diesel::upsert::excluded;
    use measurement_rollups as r;
    match connection {
        AnyConnection::Postgres(c) => {
            for some in rows.chunks(CHUNK) {
                diesel::insert_into(r::table)
                    .values(some)
                    .on_conflict((r::series_id, r::step, r::starts_at))
                    .do_update()
                    .set((
                        r::count.eq(excluded(r::count)),
                        r::mean.eq(excluded(r::mean)),
                        r::deviations.eq(excluded(r::deviations)),
                        r::least.eq(excluded(r::least)),
                        r::greatest.eq(excluded(r::greatest)),
                        r::newest_at.eq(excluded(r::newest_at)),
                        r::newest.eq(excluded(r::newest)),
                        r::numerators.eq(excluded(r::numerators)),
                        r::denominators.eq(excluded(r::denominators)),
                    ))
                    .execute(c)?;
            }
        }
        AnyConnection::Sqlite(c) => {
            // Prepared once, which an insert with `ON CONFLICT` is not.
            for row in rows {
                diesel::replace_into(r::table).values(row).execute(c)?;
            }
        }
    }
    Ok(())
}
