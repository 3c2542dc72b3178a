CREATE TABLE votes (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    improvement_id  BLOB    NOT NULL REFERENCES improvements (id),
    stage           TEXT    NOT NULL CHECK (stage IN ('cast', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- One vote per member and improvement counts.
CREATE UNIQUE INDEX votes_cast ON votes (organisation_id, improvement_id, created_by) WHERE stage = 'cast';
CREATE INDEX votes_by_improvement ON votes (organisation_id, improvement_id, stage);
-- Lists, newest first.
CREATE INDEX votes_by_age ON votes (organisation_id, id);
