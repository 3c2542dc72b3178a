//! What has come through the public report link and waits for the hour. It is not a record: it has no reference, no time
//! and no entry in the journal, until a worker takes it into the register.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::employee_reports;
use crate::error::Error;
use crate::row::{from_json, to_json};
use crate::schema::report_intakes;
use crate::settings;
use crate::store::Store;
use crate::tx::{Context, Tx};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use ratchet_domain::change::Record;
use ratchet_domain::employee_reports::EmployeeReport;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::report_intakes::Intake;
use uuid::Uuid;

/// Intakes that are asked for in one go, at most.
const LIMIT: i64 = 500;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = report_intakes)]
struct Row {
    id: KeyValue,
    organisation_id: KeyValue,
    code_hash: Vec<u8>,
    body: String,
}

/// Keeps something until the hour is full, under a random id (UUID v4).
///
/// # Errors
/// [`Error::Taken`] when something with this code waits already; the database's.
pub fn put(
    id: Uuid,
    organisation: OrganisationId,
    code_hash: &[u8; 32],
    intake: &Intake,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let row = Row {
        id: KeyValue(id),
        organisation_id: KeyValue(organisation.0),
        code_hash: code_hash.to_vec(),
        body: to_json(intake)?,
    };
    match diesel::insert_into(report_intakes::table).values(row).execute(connection) {
        Ok(_) => Ok(()),
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(Error::Taken("code")),
        Err(error) => Err(error.into()),
    }
}

/// What waits with this code.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn waiting(
    organisation: OrganisationId,
    code_hash: &[u8; 32],
    connection: &mut AnyConnection,
) -> Result<Option<Intake>, Error> {
    let row: Option<Row> = report_intakes::table
        .filter(report_intakes::organisation_id.eq(KeyValue(organisation.0)))
        .filter(report_intakes::code_hash.eq(code_hash.as_slice()))
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    row.map(|row| read(&row).map(|(_, intake)| intake)).transpose()
}

/// How much waits for an organisation.
///
/// # Errors
/// The database's.
pub fn count(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<i64, Error> {
    let ours = report_intakes::table.filter(report_intakes::organisation_id.eq(KeyValue(organisation.0)));
    Ok(ours.count().get_result(connection)?)
}

fn read(row: &Row) -> Result<([u8; 32], Intake), Error> {
    let corrupt = |fault| Error::Corrupt { table: "report_intakes", row: row.id.0, fault };
    let hash = row.code_hash.as_slice().try_into().map_err(|_| corrupt("a hash has not 32 bytes".to_owned()))?;
    Ok((hash, from_json(&row.body).map_err(corrupt)?))
}

/// What waits, of all organisations, in the order of random ids: who came first cannot be told.
fn due(after: Option<Uuid>, connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, Uuid)>, Error> {
    let found: Vec<(KeyValue, KeyValue)> = report_intakes::table
        .filter(report_intakes::id.gt(KeyValue(after.unwrap_or_default())))
        .order(report_intakes::id)
        .limit(LIMIT)
        .select((report_intakes::organisation_id, report_intakes::id))
        .load(connection)?;
    Ok(found.into_iter().map(|(organisation, id)| (OrganisationId(organisation.0), id.0)).collect())
}

/// Takes everything that waits into the register, each in a transaction of its own, and says how much it was. The
/// context's actor is anonymous, its time is the hour, its ids are random, and it knows no request. What cannot be taken
/// in waits for the next hour.
///
/// # Errors
/// The database's, where it cannot even be asked what waits.
pub async fn take_in(store: &Store, context: &(dyn Fn(OrganisationId) -> Context + Sync)) -> Result<usize, Error> {
    let (mut taken, mut after) = (0, None);
    loop {
        let due = store.read(move |connection| due(after, connection)).await?;
        let Some((_, last)) = due.last() else { return Ok(taken) };
        after = Some(*last);
        for (organisation, id) in due {
            match store.write(context(organisation), move |tx| take_in_one(id, tx)).await {
                Ok(()) => taken += 1,
                Err(error) => tracing::warn!(%error, "an anonymous report waits for the next hour"),
            }
        }
    }
}

fn take_in_one(id: Uuid, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let ours = || {
        report_intakes::table
            .filter(report_intakes::organisation_id.eq(KeyValue(by.organisation.0)))
            .filter(report_intakes::id.eq(KeyValue(id)))
    };
    let row: Option<Row> = ours().select(Row::as_select()).get_result(tx.connection()).optional()?;
    let Some(row) = row else { return Ok(()) };
    // Two workers at once: the second finds that the first has it.
    if diesel::delete(ours()).execute(tx.connection())? == 0 {
        return Ok(());
    }
    let (code_hash, intake) = read(&row)?;
    match intake {
        Intake::Report(draft) => {
            let today = settings::rules(by.organisation, tx.connection())?.today(now);
            let birth = tx.birth(EmployeeReport::PREFIX)?;
            tx.save(EmployeeReport::take_in(draft, &code_hash, today, &by, birth)?)?;
        }
        Intake::Answer { text } => {
            let report = employee_reports::of_code(by.organisation, &code_hash, tx.connection())?;
            tx.save(report.ok_or(Error::NotFound)?.answer(text, &by, now)?)?;
        }
    }
    Ok(())
}
