//! Links in their table.

use crate::annotations::annotation_table;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::word;
use crate::schema::links;
use diesel::prelude::*;
use ratchet_domain::annotations::StageName;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::links::Link;
use uuid::Uuid;

annotation_table!(Link, links, () {
    relation: String = |link| word(link.body.relation),
    to_kind: String = |link| link.body.to.kind.kind().to_owned(),
    to_id: KeyValue = |link| KeyValue(link.body.to.id.0),
}, |query, _asked| query);

/// The links that begin or end at one of these records and hold.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn touching(
    organisation: OrganisationId,
    records: &[Uuid],
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<Link>, Error> {
    let ids = || records.iter().copied().map(KeyValue);
    let rows: Vec<Row> = links::table
        .filter(links::organisation_id.eq(KeyValue(organisation.0)))
        .filter(links::stage.eq(<&str>::from(StageName::Attached)))
        .filter(links::target_id.eq_any(ids()).or(links::to_id.eq_any(ids())))
        .order(links::id)
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(link, _)| link)).collect()
}
