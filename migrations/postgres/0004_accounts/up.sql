-- Logins, unique per instance; a member says what an account is in one organisation.
CREATE TABLE accounts (
    id            uuid        NOT NULL PRIMARY KEY,
    email         text        NOT NULL UNIQUE,
    password_hash text        NOT NULL,
    created_at    timestamptz NOT NULL
);
