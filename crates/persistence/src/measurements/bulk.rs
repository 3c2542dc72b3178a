//! Many rows at once, each database in its own way: PostgreSQL is asked as seldom as can be, because every statement goes over
//! a wire; SQLite one row a statement, prepared once.

use super::rollups::{Place, RollupRow};
use super::{PastRow, Row};
use crate::column::{Instant, InstantValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{measurement_rollups, measurements, past_measurements};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Double, Integer, Nullable, Text, Timestamptz};
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
            let ended = diesel::sql_query(END)
                .bind::<Array<Integer>, _>(keys.iter().map(|key| key.0).collect::<Vec<_>>())
                .bind::<Array<Timestamptz>, _>(keys.iter().map(|key| key.1.0).collect::<Vec<_>>())
                .bind::<Array<Integer>, _>(keys.iter().map(|key| key.2).collect::<Vec<_>>())
                .bind::<Text, _>(standing)
                .bind::<Timestamptz, _>(at)
                .execute(c)?;
            if ended != keys.len() {
                let fault = "a measurement that counted is gone".to_owned();
                return Err(Error::Corrupt { table: "measurements", row: uuid::Uuid::nil(), fault });
            }
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

const COUNTED: &str = "SELECT m.series_id, m.observed_at, m.value, m.denominator \
    FROM unnest($2, $3) AS k (observed_at, series_id) JOIN measurements AS m \
    ON m.measured_id = $1 AND m.observed_at = k.observed_at AND m.series_id = k.series_id";

/// What counts under a key.
#[derive(Queryable, QueryableByName)]
pub(super) struct Counted {
    #[diesel(sql_type = Integer)]
    pub series_id: i32,
    #[diesel(sql_type = Instant)]
    pub observed_at: InstantValue,
    #[diesel(sql_type = Double)]
    pub value: f64,
    #[diesel(sql_type = Nullable<Double>)]
    pub denominator: Option<f64>,
}

/// What counts of an indicator under these keys: moment and series.
///
/// # Errors
/// The database's.
pub(super) fn counted(
    measured: i32,
    keys: &[(InstantValue, i32)],
    connection: &mut AnyConnection,
) -> Result<Vec<Counted>, Error> {
    match connection {
        AnyConnection::Postgres(c) => Ok(diesel::sql_query(COUNTED)
            .bind::<Integer, _>(measured)
            .bind::<Array<Timestamptz>, _>(keys.iter().map(|key| key.0.0).collect::<Vec<_>>())
            .bind::<Array<Integer>, _>(keys.iter().map(|key| key.1).collect::<Vec<_>>())
            .load(c)?),
        AnyConnection::Sqlite(c) => {
            let mut found = Vec::new();
            for (at, series) in keys {
                let row = measurements::table
                    .find((measured, *at, *series))
                    .select((
                        measurements::series_id,
                        measurements::observed_at,
                        measurements::value,
                        measurements::denominator,
                    ))
                    .get_result(c)
                    .optional()?;
                found.extend(row);
            }
            Ok(found)
        }
    }
}

const OF_SERIES: &str = "SELECT m.series_id, m.observed_at, m.value, m.denominator FROM measurement_rollups AS r \
    JOIN measurements AS m ON m.measured_id = {measured} AND m.observed_at >= r.starts_at \
    AND m.observed_at < r.starts_at + {hour} AND m.series_id = r.series_id \
    WHERE r.series_id = {series} AND r.step = 'hour' AND r.starts_at >= {first} AND r.starts_at <= {last} \
    AND m.observed_at >= {from} AND m.observed_at < {to} ORDER BY m.observed_at {direction} LIMIT {limit}";

/// Which measurements of a series: out of which hours, observed from when until when, and whether the newest or the first.
pub(super) struct OfSeries {
    pub measured: i32,
    pub series: i32,
    pub hours: (InstantValue, InstantValue),
    pub window: (InstantValue, InstantValue),
    pub newest: bool,
    pub limit: i64,
}

/// Measurements of one series among many: the hours in which it was measured are looked up, no others.
///
/// # Errors
/// The database's.
pub(super) fn of_series(asked: &OfSeries, connection: &mut AnyConnection) -> Result<Vec<Counted>, Error> {
    let OfSeries { measured, series, hours, window, newest, limit } = asked;
    // Numbers alone: there is nothing to be quoted in them.
    let sql = OF_SERIES
        .replace("{measured}", &measured.to_string())
        .replace("{series}", &series.to_string())
        .replace("{direction}", if *newest { "DESC" } else { "ASC" })
        .replace("{limit}", &limit.to_string());
    match connection {
        AnyConnection::Postgres(c) => {
            let sql = sql.replace("{hour}", "interval '1 hour'");
            let sql = ["{first}", "{last}", "{from}", "{to}"]
                .iter()
                .zip(1..)
                .fold(sql, |sql, (name, n)| sql.replace(name, &format!("${n}")));
            Ok(diesel::sql_query(sql)
                .bind::<Timestamptz, _>(hours.0.0)
                .bind::<Timestamptz, _>(hours.1.0)
                .bind::<Timestamptz, _>(window.0.0)
                .bind::<Timestamptz, _>(window.1.0)
                .load(c)?)
        }
        AnyConnection::Sqlite(c) => {
            let sql = sql.replace("{hour}", "3600000000");
            let sql = ["{first}", "{last}", "{from}", "{to}"].iter().fold(sql, |sql, name| sql.replace(name, "?"));
            Ok(diesel::sql_query(sql)
                .bind::<Instant, _>(hours.0)
                .bind::<Instant, _>(hours.1)
                .bind::<Instant, _>(window.0)
                .bind::<Instant, _>(window.1)
                .load(c)?)
        }
    }
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
