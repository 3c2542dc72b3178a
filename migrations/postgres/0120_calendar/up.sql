-- The link under which a calendar program reads what is due for a member: a hash of it.
ALTER TABLE members ADD COLUMN calendar_hash bytea CHECK (length(calendar_hash) = 32);
-- Since when somebody is waited for, and when what is said of it was last different.
ALTER TABLE work_items ADD COLUMN since timestamptz NOT NULL DEFAULT 'epoch';
ALTER TABLE work_items ADD COLUMN changed_at timestamptz NOT NULL DEFAULT 'epoch';
