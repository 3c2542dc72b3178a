DROP INDEX idempotency_keys_by_record;
-- Whoever comes back for one of these may do it again: there is no answer to give.
DELETE FROM idempotency_keys WHERE is_forgotten;
ALTER TABLE idempotency_keys DROP COLUMN is_forgotten;
ALTER TABLE idempotency_keys DROP COLUMN record_id;
