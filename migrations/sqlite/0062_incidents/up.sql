CREATE TABLE incidents (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title           TEXT    NOT NULL,
    category        TEXT    CHECK (category IN ('malware', 'deception', 'intrusion', 'misuse', 'disclosure', 'loss', 'outage', 'physical', 'supplier', 'other')),
    severity        INTEGER CHECK (severity BETWEEN 1 AND 4),
    owner_id        BLOB    REFERENCES members (id),
    reporter_id     BLOB    REFERENCES members (id),
    detected_at     INTEGER NOT NULL,
    personal_data   INTEGER NOT NULL CHECK (personal_data IN (0, 1)),
    stage           TEXT    NOT NULL CHECK (stage IN ('reported', 'not_an_incident', 'triaged', 'contained', 'resolved', 'reviewed', 'closed')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX incidents_by_stage ON incidents (organisation_id, stage, id);
CREATE INDEX incidents_by_owner ON incidents (organisation_id, owner_id, id);
CREATE INDEX incidents_by_reporter ON incidents (organisation_id, reporter_id, id);
CREATE INDEX incidents_by_detection ON incidents (organisation_id, detected_at, id);
-- Lists, newest first.
CREATE INDEX incidents_by_age ON incidents (organisation_id, id);
