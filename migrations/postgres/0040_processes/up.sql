CREATE TABLE processes (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    name            text        NOT NULL,
    importance      text        NOT NULL CHECK (importance IN ('low', 'medium', 'high')),
    owner_id        uuid        NOT NULL REFERENCES members (id),
    stage           text        NOT NULL CHECK (stage IN ('active', 'retired')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- Lists, newest first.
CREATE INDEX processes_by_age ON processes (organisation_id, id);
