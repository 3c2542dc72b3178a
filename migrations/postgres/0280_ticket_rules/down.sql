ALTER TABLE ticket_progress DROP COLUMN poll_error;
ALTER TABLE ticket_progress DROP COLUMN poll_failures;
ALTER TABLE ticket_progress DROP COLUMN rule_error;
