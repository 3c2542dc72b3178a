-- What lies elsewhere cannot be said any more: its hash stands for a file that nobody has.
ALTER TABLE evidence ADD COLUMN content_sha256 TEXT NOT NULL DEFAULT '0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(content_sha256) = 64);
UPDATE evidence SET content_sha256 = sha256 WHERE sha256 IS NOT NULL;
DROP INDEX evidence_by_content;
ALTER TABLE evidence DROP COLUMN sha256;
ALTER TABLE evidence RENAME COLUMN content_sha256 TO sha256;
CREATE INDEX evidence_by_content ON evidence (organisation_id, sha256);
