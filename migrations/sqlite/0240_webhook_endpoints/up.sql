CREATE TABLE webhook_endpoints (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    reference       TEXT        NOT NULL,
    version         INTEGER     NOT NULL CHECK (version > 0),
    created_at      INTEGER     NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER     NOT NULL,
    state_salt      BLOB        NOT NULL CHECK (length(state_salt) = 16),
    description     TEXT        NOT NULL,
    stage           TEXT        NOT NULL CHECK (stage IN ('active', 'paused', 'disabled', 'retired')),
    -- What no query asks for, as JSON.
    body            TEXT        NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- Lists, newest first.
CREATE INDEX webhook_endpoints_by_age ON webhook_endpoints (organisation_id, id);
-- Those to which something may be sent.
CREATE INDEX webhook_endpoints_kept ON webhook_endpoints (organisation_id, stage) WHERE stage <> 'retired';
-- What endpoints sign with, sealed with a key that is not in the database.
CREATE TABLE webhook_secrets (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    endpoint_id     BLOB        NOT NULL REFERENCES webhook_endpoints (id) DEFERRABLE INITIALLY DEFERRED,
    sealed          BLOB        NOT NULL,
    -- Until when it signs; as long as there is no other, where nothing is said.
    ends_at         INTEGER
) STRICT;
CREATE INDEX webhook_secrets_by_endpoint ON webhook_secrets (organisation_id, endpoint_id, id);
-- How far each endpoint has come in its organisation's journal, and how it gets on.
CREATE TABLE webhook_progress (
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    endpoint_id     BLOB        NOT NULL REFERENCES webhook_endpoints (id) DEFERRABLE INITIALLY DEFERRED,
    -- Of the last event of which a delivery was made or that was passed over; -1 before the first.
    position        INTEGER     NOT NULL,
    failing_since   INTEGER,
    succeeded_at    INTEGER,
    PRIMARY KEY (organisation_id, endpoint_id)
) STRICT;
-- Each event that is, or was, to be sent to an endpoint, and each test.
CREATE TABLE webhook_deliveries (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    endpoint_id     BLOB        NOT NULL REFERENCES webhook_endpoints (id) DEFERRABLE INITIALLY DEFERRED,
    -- The event's entry in the journal; none for a test.
    entry_id        BLOB        REFERENCES journal_entries (id),
    position        INTEGER     NOT NULL,
    -- The record that the event is about.
    object_id       BLOB,
    event_type      TEXT        NOT NULL,
    state           TEXT        NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up', 'dropped')),
    -- Why the next attempt is made, or the last one was.
    cause           TEXT        NOT NULL CHECK (cause IN ('scheduled', 'manual', 'test')),
    -- Attempts since its time came first, and in all.
    tried           INTEGER     NOT NULL,
    attempts        INTEGER     NOT NULL,
    made_at         INTEGER     NOT NULL,
    due_at          INTEGER     NOT NULL,
    -- Who sends it, and until when nobody else does.
    lease_id        BLOB,
    leased_until    INTEGER,
    ended_at        INTEGER,
    UNIQUE (organisation_id, endpoint_id, entry_id)
) STRICT;
-- What waits, in the order of the journal.
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (organisation_id, endpoint_id, position, id)
    WHERE state = 'waiting';
-- Lists, newest first.
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (organisation_id, endpoint_id, id);
-- What is forgotten.
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE state <> 'waiting';
-- What is to be sent next, of all endpoints.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE state = 'waiting';
-- Whether an event waits for another of its record.
CREATE INDEX webhook_deliveries_held ON webhook_deliveries (endpoint_id, object_id, position) WHERE state = 'waiting';
CREATE TABLE webhook_attempts (
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    delivery_id     BLOB        NOT NULL REFERENCES webhook_deliveries (id),
    number          INTEGER     NOT NULL CHECK (number > 0),
    began_at        INTEGER     NOT NULL,
    cause           TEXT        NOT NULL CHECK (cause IN ('scheduled', 'manual', 'test')),
    took_ms         INTEGER     NOT NULL,
    status          INTEGER,
    -- The beginning of what was answered.
    answer          TEXT,
    -- What went wrong, in plain words.
    error           TEXT,
    PRIMARY KEY (delivery_id, number)
) STRICT;
