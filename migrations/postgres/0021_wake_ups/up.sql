-- When records want to be looked at again by themselves, kept by the store from what the records themselves say.
CREATE TABLE wake_ups (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    record_id       uuid        NOT NULL,
    kind            text        NOT NULL,
    wakes_at        timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, record_id)
);
-- The worker's: it serves all organisations.
CREATE INDEX wake_ups_by_time ON wake_ups (wakes_at);
