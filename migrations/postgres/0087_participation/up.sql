-- Who did what, and when: counted by month without reading the entries themselves.
CREATE INDEX journal_entries_by_action ON journal_entries (organisation_id, action, recorded_at, actor_id);
