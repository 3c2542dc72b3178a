CREATE TABLE ingest_rules (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    name            TEXT    NOT NULL,
    -- In which order rules are tried.
    position        INTEGER NOT NULL,
    door            TEXT    CHECK (door IN ('otlp', 'prometheus', 'influx', 'cloudevents')),
    indicator_id    BLOB    NOT NULL REFERENCES indicators (id),
    stage           TEXT    NOT NULL CHECK (stage IN ('active', 'paused', 'retired')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- What is held against each body that comes in.
CREATE INDEX ingest_rules_in_force ON ingest_rules (organisation_id, position) WHERE stage = 'active';
CREATE INDEX ingest_rules_by_indicator ON ingest_rules (organisation_id, indicator_id, id);
-- Lists, newest first.
CREATE INDEX ingest_rules_by_age ON ingest_rules (organisation_id, id);
