DROP INDEX members_by_unit;
ALTER TABLE members DROP COLUMN unit;
