//! Links in their table.

use crate::annotations::annotation_table;
use crate::column::KeyValue;
use crate::row::word;
use crate::schema::links;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::links::Link;

annotation_table!(Link, links, () {
    relation: String = |link| word(link.body.relation),
    to_kind: String = |link| link.body.to.kind.kind().to_owned(),
    to_id: KeyValue = |link| KeyValue(link.body.to.id.0),
}, |query, _asked| query, once by "to" |link| {
    links::relation.eq(word(link.body.relation)).and(links::to_id.eq(KeyValue(link.body.to.id.0)))
});
