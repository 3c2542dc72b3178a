//! Evidence in its table. The files lie beside the database, named by the hash of their content; what lies elsewhere has none.

use crate::annotations::annotation_table;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::evidence;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::evidence::Evidence;
use ratchet_domain::id::OrganisationId;
use uuid::Uuid;

/// Records that are asked for at once.
const RECORDS: usize = 500;

annotation_table!(Evidence, evidence, () {
    sha256: Option<String> = |piece| piece.body.file().map(|file| file.sha256.clone()),
    content_erased: bool = |piece| piece.body.file().is_some_and(|file| file.erased_by.is_some()),
}, |query, _asked| query);

/// Until this transaction ends nobody else keeps or removes the file of this content.
///
/// # Errors
/// [`Error::Busy`] when somebody else does not end in time.
pub fn hold_content(organisation: Uuid, sha256: &str, connection: &mut AnyConnection) -> Result<(), Error> {
    connection.exclude_rivals(&format!("content {organisation} {sha256}"))
}

/// Whether a piece of evidence of the organisation has this content, and has not lost it.
///
/// # Errors
/// The database's.
pub fn has_content(organisation: Uuid, sha256: &str, connection: &mut AnyConnection) -> Result<bool, Error> {
    let same = evidence::table
        .filter(evidence::organisation_id.eq(KeyValue(organisation)))
        .filter(evidence::sha256.eq(sha256))
        .filter(evidence::content_erased.eq(false));
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(connection)?)
}

/// All evidence of an organisation, withdrawn or not.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn all(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Evidence>, Error> {
    let rows: Vec<Row> = evidence::table
        .filter(evidence::organisation_id.eq(KeyValue(organisation.0)))
        .order(evidence::id)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(piece, _)| piece)).collect()
}

/// The ids of all evidence about these records, withdrawn or not, oldest first; a statement for some hundreds of them.
///
/// # Errors
/// The database's.
pub fn about(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<Vec<Uuid>, Error> {
    let mut found: Vec<Uuid> = Vec::new();
    for records in records.chunks(RECORDS) {
        let ids: Vec<KeyValue> = evidence::table
            .filter(evidence::organisation_id.eq(KeyValue(organisation.0)))
            .filter(evidence::target_id.eq_any(records.iter().copied().map(KeyValue)))
            .select(evidence::id)
            .load(connection)?;
        found.extend(ids.into_iter().map(|id| id.0));
    }
    found.sort_unstable();
    Ok(found)
}

/// The pieces of evidence that have this content, withdrawn or not.
pub(crate) fn of_content(
    organisation: OrganisationId,
    sha256: &str,
    connection: &mut AnyConnection,
) -> Result<Vec<Evidence>, Error> {
    let rows: Vec<Row> = evidence::table
        .filter(evidence::organisation_id.eq(KeyValue(organisation.0)))
        .filter(evidence::sha256.eq(sha256))
        .filter(evidence::content_erased.eq(false))
        .order(evidence::id)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(piece, _)| piece)).collect()
}
