-- Which record was brought in as which entry of another register: the same entry again makes nothing again.
CREATE TABLE imports (
    organisation_id    BLOB NOT NULL REFERENCES organisations (id),
    kind               TEXT NOT NULL,
    external_reference TEXT NOT NULL,
    record_id          BLOB NOT NULL CHECK (length(record_id) = 16),
    -- SHA-256, hexadecimal, of the row as it was read.
    digest             TEXT NOT NULL CHECK (length(digest) = 64),
    raised_on          TEXT NOT NULL,
    -- Of those that had ended.
    ended_on           TEXT,
    PRIMARY KEY (organisation_id, kind, external_reference)
) STRICT, WITHOUT ROWID;
-- Whether a record was brought in, and when what it tells of had ended.
CREATE UNIQUE INDEX imports_by_record ON imports (organisation_id, record_id, ended_on);
