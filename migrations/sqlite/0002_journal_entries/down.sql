DROP TABLE journal_queue;
DROP TABLE journal_entries;
