CREATE TABLE members (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    account_id      BLOB    NOT NULL REFERENCES accounts (id),
    name            TEXT    NOT NULL,
    active          INTEGER NOT NULL CHECK (active IN (0, 1)),
    roles           TEXT    NOT NULL,
    UNIQUE (organisation_id, reference),
    UNIQUE (organisation_id, account_id)
) STRICT;
CREATE INDEX members_by_account ON members (account_id);
-- Lists, newest first.
CREATE INDEX members_by_age ON members (organisation_id, id);
