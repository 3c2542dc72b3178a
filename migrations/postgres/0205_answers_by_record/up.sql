-- Which record an answer shows: what must go by law goes from it, too.
ALTER TABLE idempotency_keys ADD COLUMN record_id uuid;
-- What it said is gone by law; that the request was made is not.
ALTER TABLE idempotency_keys ADD COLUMN is_forgotten boolean NOT NULL DEFAULT false;
UPDATE idempotency_keys
SET record_id = substring(convert_from(body, 'UTF8')::jsonb ->> 'id' FROM '^[0-9a-f-]{36}$')::uuid
WHERE substring(body FROM 1 FOR 1) = '\x7b';
CREATE INDEX idempotency_keys_by_record ON idempotency_keys (organisation_id, record_id);
