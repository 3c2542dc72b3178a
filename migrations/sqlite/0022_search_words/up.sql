-- The words by which records are found, kept by a worker that follows the journal.
CREATE TABLE search_words (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    word            TEXT    NOT NULL,
    record_id       BLOB    NOT NULL CHECK (length(record_id) = 16),
    kind            TEXT    NOT NULL,
    -- 2 in a title, 1 elsewhere.
    weight          INTEGER NOT NULL CHECK (weight IN (1, 2)),
    PRIMARY KEY (organisation_id, word, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_words_by_record ON search_words (organisation_id, record_id);

-- How far the worker has followed each journal: entries up to this position are searched.
CREATE TABLE search_cursors (
    organisation_id BLOB    NOT NULL PRIMARY KEY REFERENCES organisations (id),
    size            INTEGER NOT NULL CHECK (size >= 0)
) STRICT;
