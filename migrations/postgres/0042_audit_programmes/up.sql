CREATE TABLE audit_programmes (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    title           text        NOT NULL,
    starts_on       text        NOT NULL,
    ends_on         text        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('draft', 'approved', 'closed')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- Lists, newest first.
CREATE INDEX audit_programmes_by_age ON audit_programmes (organisation_id, id);
