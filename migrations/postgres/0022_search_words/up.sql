-- The words by which records are found, kept by a worker that follows the journal. Compared byte by byte, as on SQLite.
CREATE TABLE search_words (
    organisation_id uuid   NOT NULL REFERENCES organisations (id),
    word            text   NOT NULL COLLATE "C",
    record_id       uuid   NOT NULL,
    kind            text   NOT NULL,
    -- 2 in a title, 1 elsewhere.
    weight          bigint NOT NULL CHECK (weight IN (1, 2)),
    PRIMARY KEY (organisation_id, word, record_id)
);
CREATE INDEX search_words_by_record ON search_words (organisation_id, record_id);

-- How far the worker has followed each journal: entries up to this position are searched.
CREATE TABLE search_cursors (
    organisation_id uuid   NOT NULL PRIMARY KEY REFERENCES organisations (id),
    size            bigint NOT NULL CHECK (size >= 0)
);
