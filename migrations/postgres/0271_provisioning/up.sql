-- How a directory calls a member (JSON), as whom it knows the member, and whether it has removed the member.
ALTER TABLE members ADD COLUMN called text NOT NULL DEFAULT '{}';
ALTER TABLE members ADD COLUMN external_id text;
ALTER TABLE members ADD COLUMN has_left_directory boolean NOT NULL DEFAULT false;
CREATE INDEX members_by_external_id ON members (organisation_id, external_id) WHERE external_id IS NOT NULL;
