CREATE TABLE audits (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    title           text        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('internal', 'external', 'certification', 'surveillance', 'supplier')),
    programme_id    uuid        REFERENCES audit_programmes (id),
    plan_key        text,
    lead_id         uuid        REFERENCES members (id),
    -- Ids of the members who audit and of those who are audited.
    people          text        NOT NULL,
    starts_on       text        NOT NULL,
    ends_on         text        NOT NULL,
    -- Whether a later audit has something to take over.
    carries_over    boolean     NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('planned', 'in_progress', 'reported', 'closed', 'cancelled')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX audits_by_programme ON audits (organisation_id, programme_id);
-- Coverage of three years.
CREATE INDEX audits_by_end ON audits (organisation_id, ends_on);
CREATE INDEX audits_that_carry_over ON audits (organisation_id, id) WHERE carries_over;
-- Lists, newest first.
CREATE INDEX audits_by_age ON audits (organisation_id, id);
