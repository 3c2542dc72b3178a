CREATE TABLE comments (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    target_kind     text        NOT NULL,
    target_id       uuid        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('attached', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX comments_by_target ON comments (organisation_id, target_id);
-- Lists, newest first.
CREATE INDEX comments_by_age ON comments (organisation_id, id);
