CREATE TABLE findings (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    audit_id        uuid        NOT NULL REFERENCES audits (id),
    title           text        NOT NULL,
    requirement     text,
    grade           text        CHECK (grade IN ('observation', 'opportunity', 'minor', 'major')),
    -- The nonconformity or improvement that was raised of it.
    case_id         uuid,
    -- Whether a later audit is to look at it again.
    awaits_audit    boolean     NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('noted', 'issued', 'raised', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX findings_by_audit ON findings (organisation_id, audit_id);
CREATE INDEX findings_by_case ON findings (organisation_id, case_id);
CREATE INDEX findings_that_wait ON findings (organisation_id, id) WHERE awaits_audit;
-- Lists, newest first.
CREATE INDEX findings_by_age ON findings (organisation_id, id);
