DROP TABLE ingest_rules;
