-- What went wrong when rules were applied last.
ALTER TABLE ticket_progress ADD COLUMN rule_error TEXT;
-- Asking what has changed may fail while tickets are compared: failures one after the other, and what went wrong.
ALTER TABLE ticket_progress ADD COLUMN poll_failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket_progress ADD COLUMN poll_error TEXT;
