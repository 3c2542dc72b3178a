CREATE TABLE employee_reports (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    kind            text        NOT NULL CHECK (kind IN ('nonconformity', 'event', 'weakness', 'suggestion')),
    -- Of an anonymous reporter, and of no other.
    code_hash       text        CHECK (length(code_hash) = 64),
    stage           text        NOT NULL CHECK (stage IN ('received', 'triaged', 'converted', 'declined', 'duplicate')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX employee_reports_by_stage ON employee_reports (organisation_id, stage, id);
CREATE INDEX employee_reports_by_reporter ON employee_reports (organisation_id, created_by, id);
CREATE UNIQUE INDEX employee_reports_by_code ON employee_reports (organisation_id, code_hash) WHERE code_hash IS NOT NULL;
-- Lists, newest first.
CREATE INDEX employee_reports_by_age ON employee_reports (organisation_id, id);
