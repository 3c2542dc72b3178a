DROP INDEX journal_entries_by_time;
