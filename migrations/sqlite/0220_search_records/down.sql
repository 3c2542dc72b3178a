CREATE INDEX search_words_by_record ON search_words (organisation_id, record_id);
DROP TABLE search_records;
