CREATE TABLE identity_providers (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    reference       TEXT        NOT NULL,
    version         INTEGER     NOT NULL CHECK (version > 0),
    created_at      INTEGER     NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER     NOT NULL,
    state_salt      BLOB        NOT NULL CHECK (length(state_salt) = 16),
    name            TEXT        NOT NULL,
    stage           TEXT        NOT NULL CHECK (stage IN ('active', 'paused', 'retired')),
    -- What no query asks for, as JSON.
    body            TEXT        NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- Lists, newest first.
CREATE INDEX identity_providers_by_age ON identity_providers (organisation_id, id);
-- Those that are not retired.
CREATE INDEX identity_providers_kept ON identity_providers (organisation_id, stage) WHERE stage <> 'retired';
-- As whom providers know a member.
ALTER TABLE members ADD COLUMN identities TEXT NOT NULL DEFAULT '[]';
-- The same, kept by the store from what the members themselves say: looked up by what a provider says.
CREATE TABLE member_identities (
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    provider_id     BLOB        NOT NULL REFERENCES identity_providers (id),
    subject         TEXT        NOT NULL,
    member_id       BLOB        NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (organisation_id, provider_id, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_identities_by_member ON member_identities (organisation_id, member_id);
-- Tokens that have let somebody in, by their hash, until they have expired: none does twice.
CREATE TABLE used_id_tokens (
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    hash            BLOB        NOT NULL CHECK (length(hash) = 32),
    expires_at      INTEGER     NOT NULL,
    PRIMARY KEY (organisation_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX used_id_tokens_by_end ON used_id_tokens (organisation_id, expires_at);
