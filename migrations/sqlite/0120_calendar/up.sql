-- The link under which a calendar program reads what is due for a member: a hash of it.
ALTER TABLE members ADD COLUMN calendar_hash BLOB CHECK (length(calendar_hash) = 32);
-- Since when somebody is waited for, and when what is said of it was last different.
ALTER TABLE work_items ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE work_items ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
