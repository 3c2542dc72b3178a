CREATE TABLE acknowledgements (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    policy_id       uuid        NOT NULL REFERENCES policies (id),
    version_id      uuid        NOT NULL REFERENCES policy_versions (id),
    member_id       uuid        NOT NULL REFERENCES members (id),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    -- Once.
    UNIQUE (organisation_id, version_id, member_id),
    UNIQUE (organisation_id, reference)
);
CREATE INDEX acknowledgements_by_policy ON acknowledgements (organisation_id, policy_id, id);
CREATE INDEX acknowledgements_by_member ON acknowledgements (organisation_id, member_id, id);
-- Lists, newest first.
CREATE INDEX acknowledgements_by_age ON acknowledgements (organisation_id, id);
