CREATE TABLE findings (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    audit_id        BLOB    NOT NULL REFERENCES audits (id),
    title           TEXT    NOT NULL,
    requirement     TEXT,
    grade           TEXT    CHECK (grade IN ('observation', 'opportunity', 'minor', 'major')),
    -- The nonconformity or improvement that was raised of it.
    case_id         BLOB,
    -- Whether a later audit is to look at it again.
    awaits_audit    INTEGER NOT NULL CHECK (awaits_audit IN (0, 1)),
    stage           TEXT    NOT NULL CHECK (stage IN ('noted', 'issued', 'raised', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX findings_by_audit ON findings (organisation_id, audit_id);
CREATE INDEX findings_by_case ON findings (organisation_id, case_id);
CREATE INDEX findings_that_wait ON findings (organisation_id, id) WHERE awaits_audit;
-- Lists, newest first.
CREATE INDEX findings_by_age ON findings (organisation_id, id);
