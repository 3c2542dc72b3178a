DROP TABLE journal_queue;
DROP TABLE journal_entries;
DROP FUNCTION journal_entries_are_never_changed();
DROP FUNCTION journal_entries_are_never_deleted();
DROP FUNCTION journal_entries_are_queued();
