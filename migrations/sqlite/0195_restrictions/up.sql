-- Which records are kept from all but their readers.
CREATE TABLE restrictions (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    target_id       BLOB    NOT NULL,
    -- Ids of members, separated by blanks.
    readers         TEXT    NOT NULL,
    stage           TEXT    NOT NULL CHECK (stage IN ('in_force', 'lifted')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- A record is restricted once at a time.
CREATE UNIQUE INDEX restrictions_in_force ON restrictions (organisation_id, target_id) WHERE stage = 'in_force';
CREATE INDEX restrictions_by_target ON restrictions (organisation_id, target_id);
CREATE INDEX restrictions_by_stage ON restrictions (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX restrictions_by_age ON restrictions (organisation_id, id);
