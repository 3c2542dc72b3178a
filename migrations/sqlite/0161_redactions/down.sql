ALTER TABLE evidence DROP COLUMN content_erased;
DROP TABLE redactions;
