//! Tags in their table.

use crate::annotations::annotation_table;
use crate::schema::tags;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::tags::Tag;

annotation_table!(Tag, tags, Option<String> { label: String = |tag| tag.body.label.clone() }, |query, label| {
    match label {
        Some(label) => query.filter(tags::label.eq(label)),
        None => query,
    }
}, once by "label" |tag| tags::label.eq(&tag.body.label));
