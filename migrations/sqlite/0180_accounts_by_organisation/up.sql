-- An account is one organisation's: what another organisation does with the same address opens nothing here. One that had
-- several members stays theirs until an admin makes them new ones.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE accounts_before AS
    SELECT id, email, password_hash, created_at,
           (SELECT organisation_id FROM members WHERE account_id = accounts.id ORDER BY id LIMIT 1) AS organisation_id
    FROM accounts;
DROP TABLE accounts;
CREATE TABLE accounts (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email           TEXT    NOT NULL,
    password_hash   TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    UNIQUE (organisation_id, email)
) STRICT;
INSERT INTO accounts SELECT id, email, password_hash, created_at, organisation_id
    FROM accounts_before WHERE organisation_id IS NOT NULL;
DROP TABLE accounts_before;
-- Whoever logs in says an address first.
CREATE INDEX accounts_by_email ON accounts (email);
