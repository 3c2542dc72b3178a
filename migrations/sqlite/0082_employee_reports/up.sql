CREATE TABLE employee_reports (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    kind            TEXT    NOT NULL CHECK (kind IN ('nonconformity', 'event', 'weakness', 'suggestion')),
    -- Of an anonymous reporter, and of no other.
    code_hash       TEXT    CHECK (length(code_hash) = 64),
    stage           TEXT    NOT NULL CHECK (stage IN ('received', 'triaged', 'converted', 'declined', 'duplicate')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX employee_reports_by_stage ON employee_reports (organisation_id, stage, id);
CREATE INDEX employee_reports_by_reporter ON employee_reports (organisation_id, created_by, id);
CREATE UNIQUE INDEX employee_reports_by_code ON employee_reports (organisation_id, code_hash) WHERE code_hash IS NOT NULL;
-- Lists, newest first.
CREATE INDEX employee_reports_by_age ON employee_reports (organisation_id, id);
