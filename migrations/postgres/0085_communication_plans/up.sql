CREATE TABLE communication_plans (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    subject         text        NOT NULL,
    owner_id        uuid        NOT NULL,
    next_on         text,
    stage           text        NOT NULL CHECK (stage IN ('in_force', 'retired')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX communication_plans_by_owner ON communication_plans (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX communication_plans_by_age ON communication_plans (organisation_id, id);
