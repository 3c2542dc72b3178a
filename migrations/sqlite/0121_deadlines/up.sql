-- Dates of these records become events once they have passed. Those that are there already are woken at once, and say
-- when they want to be.
INSERT INTO wake_ups (organisation_id, record_id, kind, wakes_at)
SELECT organisation_id, id, 'nonconformity', 0 FROM nonconformities WHERE true ON CONFLICT DO NOTHING;
INSERT INTO wake_ups (organisation_id, record_id, kind, wakes_at)
SELECT organisation_id, id, 'improvement', 0 FROM improvements WHERE true ON CONFLICT DO NOTHING;
INSERT INTO wake_ups (organisation_id, record_id, kind, wakes_at)
SELECT organisation_id, id, 'context_entry', 0 FROM context_entries WHERE true ON CONFLICT DO NOTHING;
INSERT INTO wake_ups (organisation_id, record_id, kind, wakes_at)
SELECT organisation_id, id, 'communication_plan', 0 FROM communication_plans WHERE true ON CONFLICT DO NOTHING;
INSERT INTO wake_ups (organisation_id, record_id, kind, wakes_at)
SELECT organisation_id, id, 'competence', 0 FROM competences WHERE true ON CONFLICT DO NOTHING;
INSERT INTO wake_ups (organisation_id, record_id, kind, wakes_at)
SELECT organisation_id, id, 'course', 0 FROM courses WHERE true ON CONFLICT DO NOTHING;
INSERT INTO wake_ups (organisation_id, record_id, kind, wakes_at)
SELECT organisation_id, id, 'audit', 0 FROM audits WHERE true ON CONFLICT DO NOTHING;
-- A case that nobody has confirmed is due when it is due.
UPDATE work_items SET due_on = (
    SELECT cases.due_on FROM nonconformities AS cases
    WHERE cases.organisation_id = work_items.organisation_id AND cases.id = work_items.record_id
) WHERE kind = 'nonconformity' AND state = 'reported';
