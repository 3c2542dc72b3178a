DROP TABLE delegations;
ALTER TABLE members DROP COLUMN delegations;
ALTER TABLE members DROP COLUMN terms;
