-- What lies elsewhere has no file here.
ALTER TABLE evidence ALTER COLUMN sha256 DROP NOT NULL;
