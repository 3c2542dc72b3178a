CREATE TABLE api_keys (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    name            text        NOT NULL,
    secret_hash     bytea       NOT NULL CHECK (length(secret_hash) = 32),
    scopes          text        NOT NULL,
    expires_at      timestamptz,
    revoked_at      timestamptz,
    UNIQUE (organisation_id, reference)
);
-- Lists, newest first.
CREATE INDEX api_keys_by_age ON api_keys (organisation_id, id);
