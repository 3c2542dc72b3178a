-- The answer to a retried POST, stored in the transaction of its effect and kept for a day.
CREATE TABLE idempotency_keys (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    caller_id       BLOB    NOT NULL,
    key             TEXT    NOT NULL,
    fingerprint     BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    status          INTEGER NOT NULL,
    headers         TEXT    NOT NULL,
    body            BLOB    NOT NULL,
    stored_at       INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, caller_id, key)
) STRICT;
