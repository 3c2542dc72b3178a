CREATE TABLE members (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    account_id      uuid        NOT NULL REFERENCES accounts (id),
    name            text        NOT NULL,
    active          boolean     NOT NULL,
    roles           text        NOT NULL,
    UNIQUE (organisation_id, reference),
    UNIQUE (organisation_id, account_id)
);
CREATE INDEX members_by_account ON members (account_id);
-- Lists, newest first.
CREATE INDEX members_by_age ON members (organisation_id, id);
