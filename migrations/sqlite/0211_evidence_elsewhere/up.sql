-- What lies elsewhere has no file here. A column cannot be let go of NOT NULL: another takes its place and its name.
ALTER TABLE evidence ADD COLUMN content_sha256 TEXT CHECK (length(content_sha256) = 64);
UPDATE evidence SET content_sha256 = sha256;
DROP INDEX evidence_by_content;
ALTER TABLE evidence DROP COLUMN sha256;
ALTER TABLE evidence RENAME COLUMN content_sha256 TO sha256;
CREATE INDEX evidence_by_content ON evidence (organisation_id, sha256);
