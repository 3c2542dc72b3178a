-- When records want to be looked at again by themselves, kept by the store from what the records themselves say.
CREATE TABLE wake_ups (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    record_id       BLOB    NOT NULL CHECK (length(record_id) = 16),
    kind            TEXT    NOT NULL,
    wakes_at        INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, record_id)
) STRICT, WITHOUT ROWID;
-- The worker's: it serves all organisations.
CREATE INDEX wake_ups_by_time ON wake_ups (wakes_at);
