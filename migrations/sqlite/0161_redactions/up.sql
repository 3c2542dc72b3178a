-- What must go by law, and what has gone.
CREATE TABLE redactions (
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
    stage           TEXT    NOT NULL CHECK (stage IN ('requested', 'carried_out', 'rejected')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX redactions_by_target ON redactions (organisation_id, target_id);
CREATE INDEX redactions_by_stage ON redactions (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX redactions_by_age ON redactions (organisation_id, id);
-- Whether a redaction has erased the file.
ALTER TABLE evidence ADD COLUMN content_erased INTEGER NOT NULL DEFAULT 0 CHECK (content_erased IN (0, 1));
