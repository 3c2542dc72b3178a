DROP TABLE timeline_entries;
