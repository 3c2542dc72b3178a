DROP INDEX weaknesses_scanned;
ALTER TABLE weaknesses DROP COLUMN scanner;
