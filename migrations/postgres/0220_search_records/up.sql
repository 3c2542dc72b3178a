-- The words of each record in one place: what it said before is known without an index over all words, and words that stay are
-- not written again.
CREATE TABLE search_records (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    record_id       uuid NOT NULL,
    -- Each with its weight before it, apart by blanks.
    words           text NOT NULL,
    PRIMARY KEY (organisation_id, record_id)
);
DROP INDEX search_words_by_record;
-- The worker reads the journal anew.
DELETE FROM search_words;
DELETE FROM search_cursors;
