-- How a directory calls a member (JSON), as whom it knows the member, and whether it has removed the member.
ALTER TABLE members ADD COLUMN called TEXT NOT NULL DEFAULT '{}';
ALTER TABLE members ADD COLUMN external_id TEXT;
ALTER TABLE members ADD COLUMN has_left_directory INTEGER NOT NULL DEFAULT 0 CHECK (has_left_directory IN (0, 1));
CREATE INDEX members_by_external_id ON members (organisation_id, external_id) WHERE external_id IS NOT NULL;
