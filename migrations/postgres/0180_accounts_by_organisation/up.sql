-- An account is one organisation's: what another organisation does with the same address opens nothing here. One that had
-- several members stays theirs until an admin makes them new ones.
ALTER TABLE accounts ADD COLUMN organisation_id uuid REFERENCES organisations (id);
UPDATE accounts SET organisation_id =
    (SELECT organisation_id FROM members WHERE account_id = accounts.id ORDER BY id LIMIT 1);
DELETE FROM accounts WHERE organisation_id IS NULL;
ALTER TABLE accounts ALTER COLUMN organisation_id SET NOT NULL;
ALTER TABLE accounts DROP CONSTRAINT accounts_email_key;
ALTER TABLE accounts ADD CONSTRAINT accounts_organisation_id_email_key UNIQUE (organisation_id, email);
-- Whoever logs in says an address first.
CREATE INDEX accounts_by_email ON accounts (email);
