DROP INDEX journal_entries_by_action;
