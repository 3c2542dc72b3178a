CREATE TABLE api_keys (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    name            TEXT    NOT NULL,
    secret_hash     BLOB    NOT NULL CHECK (length(secret_hash) = 32),
    scopes          TEXT    NOT NULL,
    expires_at      INTEGER,
    revoked_at      INTEGER,
    UNIQUE (organisation_id, reference)
) STRICT;
-- Lists, newest first.
CREATE INDEX api_keys_by_age ON api_keys (organisation_id, id);
