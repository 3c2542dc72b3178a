CREATE TABLE competences (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    role            TEXT    NOT NULL,
    gaps            INTEGER NOT NULL CHECK (gaps >= 0),
    stage           TEXT    NOT NULL CHECK (stage IN ('required', 'retired')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX competences_by_stage ON competences (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX competences_by_age ON competences (organisation_id, id);
