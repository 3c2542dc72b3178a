//! Comments in their table.

use crate::annotations::annotation_table;
use crate::schema::comments;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::comments::Comment;

annotation_table!(Comment, comments, () {}, |query, _asked| query);
