DROP TABLE digests;
ALTER TABLE members DROP COLUMN digest;
