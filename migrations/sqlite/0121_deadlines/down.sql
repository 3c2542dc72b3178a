UPDATE work_items SET due_on = NULL WHERE kind = 'nonconformity' AND state = 'reported';
-- A course waits for its audience, too.
DELETE FROM wake_ups WHERE kind IN (
    'nonconformity', 'improvement', 'context_entry', 'communication_plan', 'competence', 'audit'
);
