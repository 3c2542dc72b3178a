CREATE TABLE policy_versions (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    policy_id       uuid        NOT NULL REFERENCES policies (id),
    number          bigint      NOT NULL CHECK (number > 0),
    -- Who wrote it, separated by blanks.
    authors         text        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('draft', 'in_review', 'approved', 'scheduled', 'published', 'superseded', 'retired', 'withdrawn')),
    is_open         boolean     NOT NULL,
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, policy_id, number),
    UNIQUE (organisation_id, reference)
);
-- One version of a policy is worked on at a time, and one holds.
CREATE UNIQUE INDEX policy_versions_open ON policy_versions (organisation_id, policy_id) WHERE is_open;
CREATE UNIQUE INDEX policy_versions_in_force ON policy_versions (organisation_id, policy_id) WHERE stage = 'published';
CREATE INDEX policy_versions_by_stage ON policy_versions (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX policy_versions_by_age ON policy_versions (organisation_id, id);
