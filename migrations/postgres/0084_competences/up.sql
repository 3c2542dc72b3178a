CREATE TABLE competences (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    role            text        NOT NULL,
    gaps            bigint      NOT NULL CHECK (gaps >= 0),
    stage           text        NOT NULL CHECK (stage IN ('required', 'retired')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX competences_by_stage ON competences (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX competences_by_age ON competences (organisation_id, id);
