CREATE TABLE context_entries (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    kind            TEXT    NOT NULL CHECK (kind IN ('external_issue', 'internal_issue', 'interested_party', 'climate_change')),
    title           TEXT    NOT NULL,
    owner_id        BLOB    REFERENCES members (id),
    review_due_on   TEXT,
    stage           TEXT    NOT NULL CHECK (stage IN ('current', 'retired')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- One decision about climate change is in force at a time.
CREATE UNIQUE INDEX context_entries_climate ON context_entries (organisation_id) WHERE kind = 'climate_change' AND stage = 'current';
CREATE INDEX context_entries_by_stage ON context_entries (organisation_id, stage, kind, id);
CREATE INDEX context_entries_by_owner ON context_entries (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX context_entries_by_age ON context_entries (organisation_id, id);
