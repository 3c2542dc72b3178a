-- The answer to a retried POST, stored in the transaction of its effect and kept for a day.
CREATE TABLE idempotency_keys (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    caller_id       uuid        NOT NULL,
    key             text        NOT NULL,
    fingerprint     bytea       NOT NULL CHECK (length(fingerprint) = 32),
    status          integer     NOT NULL,
    headers         text        NOT NULL,
    body            bytea       NOT NULL,
    stored_at       timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, caller_id, key)
);
