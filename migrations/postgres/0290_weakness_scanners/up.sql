-- The tool that has found a weakness; NULL of what people have reported.
ALTER TABLE weaknesses ADD COLUMN scanner text;
CREATE INDEX weaknesses_scanned ON weaknesses (organisation_id, scanner) WHERE scanner IS NOT NULL;
