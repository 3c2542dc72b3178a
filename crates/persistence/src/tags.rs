//! Tags in their table.

use crate::annotations::annotation_table;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::word;
use crate::schema::tags;
use diesel::prelude::*;
use ratchet_domain::annotations::StageName;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::reference::Prefix;
use ratchet_domain::tags::Tag;
use uuid::Uuid;

annotation_table!(Tag, tags, Option<String> { label: String = |tag| tag.body.label.clone() }, |query, label| {
    match label {
        Some(label) => query.filter(tags::label.eq(label)),
        None => query,
    }
}, once by "label" |tag| tags::label.eq(&tag.body.label));

/// The records of a kind that carry any of these labels, those first that were tagged last.
///
/// # Errors
/// The database's.
pub fn carrying(
    organisation: OrganisationId,
    kind: Prefix,
    labels: &[String],
    limit: usize,
    connection: &mut AnyConnection,
) -> Result<Vec<Uuid>, Error> {
    let tagged: Vec<KeyValue> = tags::table
        .filter(tags::organisation_id.eq(KeyValue(organisation.0)))
        .filter(tags::label.eq_any(labels))
        .filter(tags::target_kind.eq(kind.kind()))
        .filter(tags::stage.eq(word(StageName::Attached)))
        .order(tags::id.desc())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(tags::target_id)
        .load(connection)?;
    Ok(tagged.into_iter().map(|record| record.0).collect())
}
