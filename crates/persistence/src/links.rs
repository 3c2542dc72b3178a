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
}, |query, _asked| query, once by "to" |link| {
    links::relation.eq(word(link.body.relation)).and(links::to_id.eq(KeyValue(link.body.to.id.0)))
});

/// The links that hold and lead to this record.
pub(crate) fn leading_to(
    organisation: OrganisationId,
    record: Uuid,
    connection: &mut AnyConnection,
) -> Result<Vec<Link>, Error> {
    let rows: Vec<Row> = links::table
        .filter(links::organisation_id.eq(KeyValue(organisation.0)))
        .filter(links::to_id.eq(KeyValue(record)))
        .filter(links::stage.eq(<&str>::from(StageName::Attached)))
        .order(links::id)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(link, _)| link)).collect()
}
