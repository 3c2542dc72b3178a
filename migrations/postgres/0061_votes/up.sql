CREATE TABLE votes (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    improvement_id  uuid        NOT NULL REFERENCES improvements (id),
    stage           text        NOT NULL CHECK (stage IN ('cast', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- One vote per member and improvement counts.
CREATE UNIQUE INDEX votes_cast ON votes (organisation_id, improvement_id, created_by) WHERE stage = 'cast';
CREATE INDEX votes_by_improvement ON votes (organisation_id, improvement_id, stage);
-- Lists, newest first.
CREATE INDEX votes_by_age ON votes (organisation_id, id);
