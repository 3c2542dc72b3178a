PRAGMA defer_foreign_keys = ON;
CREATE TABLE accounts_after AS SELECT id, email, password_hash, created_at FROM accounts;
DROP TABLE accounts;
CREATE TABLE accounts (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email         TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;
INSERT INTO accounts SELECT id, email, password_hash, created_at FROM accounts_after;
DROP TABLE accounts_after;
