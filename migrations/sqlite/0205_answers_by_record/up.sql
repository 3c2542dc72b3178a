-- Which record an answer shows: what must go by law goes from it, too.
ALTER TABLE idempotency_keys ADD COLUMN record_id BLOB;
-- What it said is gone by law; that the request was made is not.
ALTER TABLE idempotency_keys ADD COLUMN is_forgotten INTEGER NOT NULL DEFAULT 0 CHECK (is_forgotten IN (0, 1));
UPDATE idempotency_keys
SET record_id = unhex(json_extract(CAST(body AS TEXT), '$.id'), '-')
WHERE json_valid(CAST(body AS TEXT));
CREATE INDEX idempotency_keys_by_record ON idempotency_keys (organisation_id, record_id);
