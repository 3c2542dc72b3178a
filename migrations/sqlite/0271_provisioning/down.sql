DROP INDEX members_by_external_id;
ALTER TABLE members DROP COLUMN has_left_directory;
ALTER TABLE members DROP COLUMN external_id;
ALTER TABLE members DROP COLUMN called;
