-- What was written between two moments.
CREATE INDEX journal_entries_by_time ON journal_entries (organisation_id, recorded_at);
