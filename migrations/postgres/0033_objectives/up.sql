CREATE TABLE objectives (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    title           text        NOT NULL,
    policy_id       uuid        NOT NULL REFERENCES policies (id),
    indicator_id    uuid        REFERENCES indicators (id),
    owner_id        uuid        NOT NULL REFERENCES members (id),
    due_on          text,
    stage           text        NOT NULL CHECK (stage IN ('draft', 'active', 'revising', 'achieved', 'missed', 'abandoned')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX objectives_by_stage ON objectives (organisation_id, stage, id);
CREATE INDEX objectives_by_owner ON objectives (organisation_id, owner_id, id);
CREATE INDEX objectives_by_policy ON objectives (organisation_id, policy_id, id);
CREATE INDEX objectives_by_indicator ON objectives (organisation_id, indicator_id, id);
-- Lists, newest first.
CREATE INDEX objectives_by_age ON objectives (organisation_id, id);
