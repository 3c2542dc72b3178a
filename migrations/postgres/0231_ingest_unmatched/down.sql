DROP TABLE ingest_unmatched;
