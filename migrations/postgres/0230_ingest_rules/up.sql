CREATE TABLE ingest_rules (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    name            text        NOT NULL,
    -- In which order rules are tried.
    position        bigint      NOT NULL,
    door            text        CHECK (door IN ('otlp', 'prometheus', 'influx', 'cloudevents')),
    indicator_id    uuid        NOT NULL REFERENCES indicators (id),
    stage           text        NOT NULL CHECK (stage IN ('active', 'paused', 'retired')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- What is held against each body that comes in.
CREATE INDEX ingest_rules_in_force ON ingest_rules (organisation_id, position) WHERE stage = 'active';
CREATE INDEX ingest_rules_by_indicator ON ingest_rules (organisation_id, indicator_id, id);
-- Lists, newest first.
CREATE INDEX ingest_rules_by_age ON ingest_rules (organisation_id, id);
