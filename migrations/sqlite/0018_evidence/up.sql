CREATE TABLE evidence (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    target_kind     TEXT    NOT NULL,
    target_id       BLOB    NOT NULL,
    sha256          TEXT    NOT NULL CHECK (length(sha256) = 64),
    stage           TEXT    NOT NULL CHECK (stage IN ('attached', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX evidence_by_target ON evidence (organisation_id, target_id);
CREATE INDEX evidence_by_content ON evidence (organisation_id, sha256);
-- Lists, newest first.
CREATE INDEX evidence_by_age ON evidence (organisation_id, id);
