DROP INDEX accounts_by_email;
ALTER TABLE accounts DROP CONSTRAINT accounts_organisation_id_email_key;
ALTER TABLE accounts ADD CONSTRAINT accounts_email_key UNIQUE (email);
ALTER TABLE accounts DROP COLUMN organisation_id;
