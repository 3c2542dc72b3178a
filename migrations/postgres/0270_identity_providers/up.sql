CREATE TABLE identity_providers (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    name            text        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('active', 'paused', 'retired')),
    -- What no query asks for, as JSON.
    body            text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- Lists, newest first.
CREATE INDEX identity_providers_by_age ON identity_providers (organisation_id, id);
-- Those that are not retired.
CREATE INDEX identity_providers_kept ON identity_providers (organisation_id, stage) WHERE stage <> 'retired';
-- As whom providers know a member.
ALTER TABLE members ADD COLUMN identities text NOT NULL DEFAULT '[]';
-- The same, kept by the store from what the members themselves say: looked up by what a provider says.
CREATE TABLE member_identities (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    provider_id     uuid        NOT NULL REFERENCES identity_providers (id),
    subject         text        NOT NULL,
    member_id       uuid        NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (organisation_id, provider_id, subject)
);
CREATE INDEX member_identities_by_member ON member_identities (organisation_id, member_id);
-- Tokens that have let somebody in, by their hash, until they have expired: none does twice.
CREATE TABLE used_id_tokens (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    hash            bytea       NOT NULL CHECK (length(hash) = 32),
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, hash)
);
CREATE INDEX used_id_tokens_by_end ON used_id_tokens (organisation_id, expires_at);
