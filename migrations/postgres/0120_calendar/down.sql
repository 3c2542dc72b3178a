ALTER TABLE work_items DROP COLUMN changed_at;
ALTER TABLE work_items DROP COLUMN since;
ALTER TABLE members DROP COLUMN calendar_hash;
