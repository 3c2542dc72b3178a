CREATE TABLE processes (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    name            TEXT    NOT NULL,
    importance      TEXT    NOT NULL CHECK (importance IN ('low', 'medium', 'high')),
    owner_id        BLOB    NOT NULL REFERENCES members (id),
    stage           TEXT    NOT NULL CHECK (stage IN ('active', 'retired')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- Lists, newest first.
CREATE INDEX processes_by_age ON processes (organisation_id, id);
