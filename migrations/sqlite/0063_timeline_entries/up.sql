CREATE TABLE timeline_entries (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    incident_id     BLOB    NOT NULL REFERENCES incidents (id),
    happened_at     INTEGER NOT NULL,
    kind            TEXT    NOT NULL CHECK (kind IN ('observation', 'measure', 'decision', 'communication')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX timeline_entries_by_incident ON timeline_entries (organisation_id, incident_id, happened_at, id);
-- Lists, newest first.
CREATE INDEX timeline_entries_by_age ON timeline_entries (organisation_id, id);
