//! The tables as diesel sees them; a test holds them against both databases.

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::{Instant, Key};
    organisations (id) {
        id -> Key,
        name -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};
    use crate::column::Key;
    reference_counters (organisation_id, prefix, year) {
        organisation_id -> Key,
        prefix -> Text,
        year -> Integer,
        last -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    journal_entries (id) {
        id -> Key,
        organisation_id -> Key,
        position -> Nullable<BigInt>,
        recorded_at -> Instant,
        action -> Text,
        object_kind -> Text,
        object_id -> Key,
        object_version -> BigInt,
        leaf -> Binary,
        leaf_hash -> Binary,
        detail -> Nullable<Text>,
        detail_salt -> Nullable<Binary>,
    }
}

diesel::table! {
    use crate::column::Key;
    journal_queue (entry_id) {
        entry_id -> Key,
        organisation_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    nonconformities (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        statement -> Text,
        objective_evidence -> Text,
        source -> Text,
        requirement -> Nullable<Text>,
        grade -> Nullable<Text>,
        owner_id -> Nullable<Key>,
        due_on -> Nullable<Text>,
        recurrences -> BigInt,
        stage -> Text,
        stage_facts -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(journal_entries, journal_queue, nonconformities, organisations);
