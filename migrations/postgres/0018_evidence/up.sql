CREATE TABLE evidence (
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
    sha256          text        NOT NULL CHECK (length(sha256) = 64),
    stage           text        NOT NULL CHECK (stage IN ('attached', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX evidence_by_target ON evidence (organisation_id, target_id);
CREATE INDEX evidence_by_content ON evidence (organisation_id, sha256);
-- Lists, newest first.
CREATE INDEX evidence_by_age ON evidence (organisation_id, id);
