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
        actor_kind -> Text,
        actor_id -> Nullable<Key>,
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
    use diesel::sql_types::{BigInt, Binary};
    use crate::column::{Instant, Key};
    journal_heads (organisation_id) {
        organisation_id -> Key,
        size -> BigInt,
        root -> Binary,
        frontier -> Binary,
        grown_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Integer};
    use crate::column::Key;
    journal_tiles (organisation_id, level, number) {
        organisation_id -> Key,
        level -> Integer,
        number -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::column::{Instant, Key};
    journal_checkpoints (organisation_id, size) {
        organisation_id -> Key,
        size -> BigInt,
        note -> Text,
        made_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::column::Instant;
    journal_instances (id) {
        id -> Integer,
        note -> Text,
        made_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    objectives (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        policy_id -> Key,
        indicator_id -> Nullable<Key>,
        owner_id -> Key,
        due_on -> Nullable<Text>,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::column::{Instant, Key};
    policies (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        owner_id -> Key,
        top_level -> Bool,
        stage -> Text,
        current_version_id -> Nullable<Key>,
        next_review_on -> Nullable<Text>,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::column::{Instant, Key};
    policy_versions (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        policy_id -> Key,
        number -> BigInt,
        authors -> Text,
        stage -> Text,
        is_open -> Bool,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    acknowledgements (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        policy_id -> Key,
        version_id -> Key,
        member_id -> Key,
        description -> Text,
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
        also_reported_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    improvements (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        source -> Text,
        proposer_id -> Nullable<Key>,
        owner_id -> Nullable<Key>,
        indicator_id -> Nullable<Key>,
        due_on -> Nullable<Text>,
        effort -> Nullable<Text>,
        value -> Nullable<Text>,
        stage -> Text,
        description -> Text,
        also_reported_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    votes (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        improvement_id -> Key,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::column::{Instant, Key};
    incidents (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        category -> Nullable<Text>,
        severity -> Nullable<BigInt>,
        owner_id -> Nullable<Key>,
        reporter_id -> Nullable<Key>,
        detected_at -> Instant,
        personal_data -> Bool,
        stage -> Text,
        description -> Text,
        also_reported_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    timeline_entries (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        incident_id -> Key,
        happened_at -> Instant,
        kind -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    weaknesses (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        owner_id -> Nullable<Key>,
        reporter_id -> Nullable<Key>,
        nonconformity_id -> Nullable<Key>,
        level -> BigInt,
        stage -> Text,
        description -> Text,
        also_reported_by -> Text,
        scanner -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    risks (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        external_reference -> Nullable<Text>,
        owner_id -> Nullable<Key>,
        level -> BigInt,
        treatment -> Nullable<Text>,
        review_on -> Nullable<Text>,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    actions (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        description -> Nullable<Text>,
        kind -> Text,
        parent_kind -> Text,
        parent_id -> Key,
        attempt -> BigInt,
        assignee_id -> Key,
        due_on -> Text,
        priority -> Text,
        done_criteria -> Nullable<Text>,
        due_moves -> BigInt,
        stage -> Text,
        stage_facts -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    changes (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        kind -> Text,
        impact -> Nullable<Text>,
        owner_id -> Key,
        verdict -> Nullable<Text>,
        phase_from -> Nullable<Instant>,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    change_templates (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::column::{Instant, Key};
    accounts (id) {
        id -> Key,
        email -> Text,
        password_hash -> Text,
        created_at -> Instant,
        organisation_id -> Key,
        password_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::column::{Instant, Key};
    members (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        account_id -> Key,
        name -> Text,
        unit -> Nullable<Text>,
        active -> Bool,
        roles -> Text,
        calendar_hash -> Nullable<Binary>,
        digest -> Bool,
        terms -> Text,
        delegations -> Text,
        identities -> Text,
        called -> Text,
        external_id -> Nullable<Text>,
        has_left_directory -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::Key;
    member_identities (organisation_id, provider_id, subject) {
        organisation_id -> Key,
        provider_id -> Key,
        subject -> Text,
        member_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::Binary;
    use crate::column::{Instant, Key};
    used_id_tokens (organisation_id, hash) {
        organisation_id -> Key,
        hash -> Binary,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    identity_providers (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        name -> Text,
        stage -> Text,
        body -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Nullable;
    use crate::column::{Instant, Key};
    sessions (id) {
        id -> Key,
        organisation_id -> Key,
        member_id -> Key,
        created_at -> Instant,
        expires_at -> Instant,
        ended_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::column::{Instant, Key};
    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Key,
        issued_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    api_keys (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        name -> Text,
        secret_hash -> Binary,
        scopes -> Text,
        expires_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
        networks -> Text,
    }
}

diesel::table! {
    use crate::column::{Instant, Key};
    api_key_uses (organisation_id, api_key_id) {
        organisation_id -> Key,
        api_key_id -> Key,
        last_used_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Bool, Integer, Nullable, Text};
    use crate::column::{Instant, Key};
    idempotency_keys (organisation_id, caller_id, key) {
        organisation_id -> Key,
        caller_id -> Key,
        key -> Text,
        fingerprint -> Binary,
        status -> Integer,
        headers -> Text,
        body -> Binary,
        stored_at -> Instant,
        record_id -> Nullable<Key>,
        is_forgotten -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    indicators (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        name -> Text,
        owner_id -> Nullable<Key>,
        stage -> Text,
        description -> Text,
        built_in -> Nullable<Text>,
        expression -> Nullable<Text>,
        retention_days -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::Nullable;
    use crate::column::{Instant, Key};
    formula_runs (indicator_id) {
        indicator_id -> Key,
        organisation_id -> Key,
        computed_until -> Instant,
        touched_from -> Nullable<Instant>,
        touched_until -> Nullable<Instant>,
        due_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::Key;
    built_in_days (organisation_id, day) {
        organisation_id -> Key,
        day -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::column::{Instant, Key};
    indicator_evaluations (indicator_id) {
        indicator_id -> Key,
        organisation_id -> Key,
        state -> Text,
        revision -> BigInt,
        evaluated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    measurement_batches (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        source -> Text,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable};
    use crate::column::{Instant, Key};
    measured_indicators (id) {
        id -> Integer,
        organisation_id -> Key,
        indicator_id -> Key,
        removed_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    measurement_series (id) {
        id -> Integer,
        measured_id -> Integer,
        dimensions -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::column::{Instant, Key};
    measurement_origins (id) {
        id -> Integer,
        organisation_id -> Key,
        batch_id -> Key,
        recorded_at -> Instant,
        observed_from -> Instant,
        observed_until -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Double, Integer, Nullable};
    use crate::column::Instant;
    measurements (measured_id, observed_at, series_id) {
        measured_id -> Integer,
        observed_at -> Instant,
        series_id -> Integer,
        value -> Double,
        denominator -> Nullable<Double>,
        origin_id -> Integer,
        number -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Double, Integer, Nullable, Text};
    use crate::column::Instant;
    past_measurements (measured_id, observed_at, origin_id, number) {
        measured_id -> Integer,
        observed_at -> Instant,
        series_id -> Integer,
        value -> Double,
        denominator -> Nullable<Double>,
        origin_id -> Integer,
        number -> Integer,
        standing -> Text,
        ended_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    measurement_notes (origin_id, number) {
        origin_id -> Integer,
        number -> Integer,
        note -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text};
    use crate::column::Instant;
    measurement_rollups (series_id, step, starts_at) {
        series_id -> Integer,
        step -> Text,
        starts_at -> Instant,
        count -> BigInt,
        mean -> Double,
        deviations -> Double,
        least -> Double,
        greatest -> Double,
        newest_at -> Instant,
        newest -> Double,
        numerators -> Nullable<Double>,
        denominators -> Nullable<Double>,
    }
}

diesel::table! {
    use crate::column::Key;
    evaluation_queue (organisation_id, indicator_id, batch_id) {
        organisation_id -> Key,
        indicator_id -> Key,
        batch_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::column::{Instant, Key};
    signals (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        indicator_id -> Key,
        kind -> Text,
        owner_id -> Nullable<Key>,
        case_id -> Nullable<Key>,
        is_open -> Bool,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    settings (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    comments (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        target_kind -> Text,
        target_id -> Key,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    tags (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        target_kind -> Text,
        target_id -> Key,
        label -> Text,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    links (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        target_kind -> Text,
        target_id -> Key,
        relation -> Text,
        to_kind -> Text,
        to_id -> Key,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::column::{Instant, Key};
    evidence (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        target_kind -> Text,
        target_id -> Key,
        sha256 -> Nullable<Text>,
        stage -> Text,
        description -> Text,
        content_erased -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    context_entries (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        kind -> Text,
        title -> Text,
        owner_id -> Nullable<Key>,
        review_due_on -> Nullable<Text>,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    management_reviews (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        scheduled_on -> Text,
        chair_id -> Key,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::column::Key;
    review_snapshots (organisation_id, review_id, number) {
        organisation_id -> Key,
        review_id -> Key,
        number -> BigInt,
        content -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::Key;
    record_edges (organisation_id, record_id, from_id, relation, to_id) {
        organisation_id -> Key,
        record_id -> Key,
        from_kind -> Text,
        from_id -> Key,
        relation -> Text,
        to_kind -> Text,
        to_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::column::{Instant, Key};
    work_items (organisation_id, record_id, number) {
        organisation_id -> Key,
        record_id -> Key,
        number -> BigInt,
        kind -> Text,
        reference -> Text,
        title -> Nullable<Text>,
        state -> Text,
        member_id -> Nullable<Key>,
        permission -> Nullable<Text>,
        except_id -> Nullable<Key>,
        due_on -> Nullable<Text>,
        since -> Instant,
        changed_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::{Instant, Key};
    wake_ups (organisation_id, record_id) {
        organisation_id -> Key,
        record_id -> Key,
        kind -> Text,
        wakes_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::Key;
    search_records (organisation_id, record_id) {
        organisation_id -> Key,
        record_id -> Key,
        words -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::column::Key;
    search_words (organisation_id, word, record_id) {
        organisation_id -> Key,
        word -> Text,
        record_id -> Key,
        kind -> Text,
        weight -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;
    use crate::column::Key;
    search_cursors (organisation_id) {
        organisation_id -> Key,
        size -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    courses (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        owner_id -> Nullable<Key>,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    training_assignments (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        course_id -> Key,
        member_id -> Key,
        due_on -> Text,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    employee_reports (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        kind -> Text,
        code_hash -> Nullable<Text>,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Text};
    use crate::column::Key;
    report_intakes (id) {
        id -> Key,
        organisation_id -> Key,
        code_hash -> Binary,
        body -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    competences (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        role -> Text,
        gaps -> BigInt,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    communication_plans (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        subject -> Text,
        owner_id -> Key,
        next_on -> Nullable<Text>,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    processes (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        name -> Text,
        importance -> Text,
        owner_id -> Key,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    applicabilities (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        control -> Text,
        place -> Text,
        owner_id -> Nullable<Key>,
        status -> Nullable<Text>,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    audit_programmes (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        starts_on -> Text,
        ends_on -> Text,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::column::{Instant, Key};
    audits (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        title -> Text,
        kind -> Text,
        programme_id -> Nullable<Key>,
        plan_key -> Nullable<Text>,
        lead_id -> Nullable<Key>,
        people -> Text,
        starts_on -> Text,
        ends_on -> Text,
        carries_over -> Bool,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::column::{Instant, Key};
    findings (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        audit_id -> Key,
        title -> Text,
        requirement -> Nullable<Text>,
        grade -> Nullable<Text>,
        case_id -> Nullable<Key>,
        awaits_audit -> Bool,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::column::{Instant, Key};
    ownerships (organisation_id, record_id, member_id, requirement, from_version) {
        organisation_id -> Key,
        record_id -> Key,
        member_id -> Key,
        requirement -> Text,
        from_version -> BigInt,
        owned_from -> Instant,
        owned_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Text};
    use crate::column::Key;
    delegations (organisation_id, member_id, number) {
        organisation_id -> Key,
        member_id -> Key,
        number -> BigInt,
        delegate_id -> Key,
        begins_on -> Text,
        ends_on -> Text,
        is_ended -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::Key;
    responsibilities (organisation_id, record_id, part, member_id) {
        organisation_id -> Key,
        record_id -> Key,
        part -> Text,
        member_id -> Key,
        kind -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::column::{Instant, Key};

    separation_exceptions (organisation_id, record_id, number) {
        organisation_id -> Key,
        record_id -> Key,
        number -> BigInt,
        kind -> Text,
        reference -> Text,
        made_at -> Instant,
        exception -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::column::Key;
    readiness_days (organisation_id, day) {
        organisation_id -> Key,
        day -> Text,
        score -> Nullable<BigInt>,
        content -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::{Instant, Key};
    digests (organisation_id, member_id, day) {
        organisation_id -> Key,
        member_id -> Key,
        day -> Text,
        claimed_at -> Instant,
        outcome -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::Key;
    template_uses (organisation_id, template) {
        organisation_id -> Key,
        template -> Text,
        record_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    redactions (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        target_kind -> Text,
        target_id -> Key,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    restrictions (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        target_id -> Key,
        readers -> Text,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::column::Key;
    plan_parts (organisation_id, kind, part) {
        organisation_id -> Key,
        part -> Key,
        kind -> Text,
        record_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::column::Key;
    imports (organisation_id, kind, external_reference) {
        organisation_id -> Key,
        kind -> Text,
        external_reference -> Text,
        record_id -> Key,
        digest -> Text,
        raised_on -> Text,
        ended_on -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    analyses (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        verdict -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    ingest_rules (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        name -> Text,
        position -> BigInt,
        door -> Nullable<Text>,
        indicator_id -> Key,
        stage -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Double, Text};
    use crate::column::{Instant, Key};
    ingest_unmatched (organisation_id, series_key) {
        organisation_id -> Key,
        series_key -> Text,
        id -> Key,
        door -> Text,
        metric -> Text,
        labels -> Text,
        seen -> BigInt,
        first_at -> Instant,
        last_at -> Instant,
        last_value -> Double,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    ticket_connections (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        description -> Text,
        stage -> Text,
        body -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Text};
    use crate::column::Key;
    ticket_secrets (connection_id, purpose) {
        organisation_id -> Key,
        connection_id -> Key,
        purpose -> Text,
        sealed -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::column::{Instant, Key};
    ticket_progress (connection_id) {
        organisation_id -> Key,
        connection_id -> Key,
        polled_until -> Instant,
        poll_due_at -> Instant,
        leased_until -> Nullable<Instant>,
        failures -> BigInt,
        retry_at -> Instant,
        error -> Nullable<Text>,
        succeeded_at -> Nullable<Instant>,
        poll_failures -> BigInt,
        poll_error -> Nullable<Text>,
        rule_error -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;
    use crate::column::Key;
    ticket_positions (organisation_id) {
        organisation_id -> Key,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::column::{Instant, Key};
    ticket_links (action_id) {
        organisation_id -> Key,
        action_id -> Key,
        connection_id -> Key,
        remote_key -> Nullable<Text>,
        due_at -> Instant,
        failures -> BigInt,
        error -> Nullable<Text>,
        synced_at -> Nullable<Instant>,
        lease_id -> Nullable<Key>,
        leased_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::column::{Instant, Key};
    webhook_endpoints (id) {
        id -> Key,
        organisation_id -> Key,
        reference -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        state_salt -> Binary,
        description -> Text,
        stage -> Text,
        body -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::column::{Instant, Key};
    webhook_secrets (id) {
        id -> Key,
        organisation_id -> Key,
        endpoint_id -> Key,
        sealed -> Binary,
        ends_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable};
    use crate::column::{Instant, Key};
    webhook_progress (organisation_id, endpoint_id) {
        organisation_id -> Key,
        endpoint_id -> Key,
        position -> BigInt,
        failing_since -> Nullable<Instant>,
        succeeded_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::column::{Instant, Key};
    webhook_deliveries (id) {
        id -> Key,
        organisation_id -> Key,
        endpoint_id -> Key,
        entry_id -> Nullable<Key>,
        position -> BigInt,
        object_id -> Nullable<Key>,
        event_type -> Text,
        state -> Text,
        cause -> Text,
        tried -> BigInt,
        attempts -> BigInt,
        made_at -> Instant,
        due_at -> Instant,
        lease_id -> Nullable<Key>,
        leased_until -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::column::{Instant, Key};
    webhook_attempts (delivery_id, number) {
        organisation_id -> Key,
        delivery_id -> Key,
        number -> BigInt,
        began_at -> Instant,
        cause -> Text,
        took_ms -> BigInt,
        status -> Nullable<BigInt>,
        answer -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}

diesel::joinable!(journal_queue -> journal_entries (entry_id));
diesel::joinable!(measurement_rollups -> measurement_series (series_id));
diesel::joinable!(measurement_series -> measured_indicators (measured_id));
diesel::joinable!(measurements -> measured_indicators (measured_id));
diesel::joinable!(measurements -> measurement_origins (origin_id));
diesel::joinable!(measurements -> measurement_series (series_id));
diesel::joinable!(members -> accounts (account_id));
diesel::joinable!(members -> organisations (organisation_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(sessions -> members (member_id));
diesel::allow_tables_to_appear_in_same_query!(accounts, members, organisations, refresh_tokens, sessions);
diesel::allow_tables_to_appear_in_same_query!(acknowledgements, members, policies, policy_versions);
diesel::allow_tables_to_appear_in_same_query!(digests, members);
diesel::allow_tables_to_appear_in_same_query!(journal_heads, search_cursors);
diesel::allow_tables_to_appear_in_same_query!(journal_entries, journal_queue, nonconformities);
diesel::allow_tables_to_appear_in_same_query!(evaluation_queue, indicator_evaluations, indicators);
diesel::allow_tables_to_appear_in_same_query!(
    evaluation_queue,
    measured_indicators,
    measurement_notes,
    measurement_origins,
    measurement_rollups,
    measurement_series,
    measurements,
    past_measurements,
);
diesel::allow_tables_to_appear_in_same_query!(changes, journal_entries, work_items);
diesel::allow_tables_to_appear_in_same_query!(changes, record_edges);
diesel::allow_tables_to_appear_in_same_query!(incidents, work_items);
diesel::allow_tables_to_appear_in_same_query!(employee_reports, journal_entries);
diesel::allow_tables_to_appear_in_same_query!(incidents, journal_entries);
diesel::allow_tables_to_appear_in_same_query!(journal_entries, training_assignments);
diesel::allow_tables_to_appear_in_same_query!(nonconformities, record_edges, search_words);
diesel::allow_tables_to_appear_in_same_query!(indicators, signals);
diesel::allow_tables_to_appear_in_same_query!(actions, nonconformities);
diesel::allow_tables_to_appear_in_same_query!(applicabilities, evidence);
diesel::allow_tables_to_appear_in_same_query!(members, responsibilities);
diesel::allow_tables_to_appear_in_same_query!(analyses, record_edges);
diesel::allow_tables_to_appear_in_same_query!(imports, nonconformities);
diesel::allow_tables_to_appear_in_same_query!(actions, imports);
diesel::allow_tables_to_appear_in_same_query!(imports, incidents);
diesel::allow_tables_to_appear_in_same_query!(imports, improvements);
diesel::allow_tables_to_appear_in_same_query!(imports, risks);
diesel::allow_tables_to_appear_in_same_query!(delegations, members);
diesel::allow_tables_to_appear_in_same_query!(indicators, ingest_rules);
diesel::allow_tables_to_appear_in_same_query!(formula_runs, indicators);
diesel::allow_tables_to_appear_in_same_query!(indicators, record_edges);
diesel::allow_tables_to_appear_in_same_query!(journal_heads, ticket_positions);
diesel::allow_tables_to_appear_in_same_query!(ticket_connections, ticket_links, ticket_progress);
diesel::allow_tables_to_appear_in_same_query!(journal_heads, webhook_deliveries, webhook_endpoints, webhook_progress);
diesel::allow_columns_to_appear_in_same_group_by_clause!(
    measurement_series::measured_id,
    measurement_rollups::starts_at,
);
