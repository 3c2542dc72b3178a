CREATE TABLE webhook_endpoints (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    description     text        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('active', 'paused', 'disabled', 'retired')),
    -- What no query asks for, as JSON.
    body            text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- Lists, newest first.
CREATE INDEX webhook_endpoints_by_age ON webhook_endpoints (organisation_id, id);
-- Those to which something may be sent.
CREATE INDEX webhook_endpoints_kept ON webhook_endpoints (organisation_id, stage) WHERE stage <> 'retired';
-- What endpoints sign with, sealed with a key that is not in the database.
CREATE TABLE webhook_secrets (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    endpoint_id     uuid        NOT NULL REFERENCES webhook_endpoints (id) DEFERRABLE INITIALLY DEFERRED,
    sealed          bytea       NOT NULL,
    -- Until when it signs; as long as there is no other, where nothing is said.
    ends_at         timestamptz
);
CREATE INDEX webhook_secrets_by_endpoint ON webhook_secrets (organisation_id, endpoint_id, id);
-- How far each endpoint has come in its organisation's journal, and how it gets on.
CREATE TABLE webhook_progress (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    endpoint_id     uuid        NOT NULL REFERENCES webhook_endpoints (id) DEFERRABLE INITIALLY DEFERRED,
    -- Of the last event of which a delivery was made or that was passed over; -1 before the first.
    position        bigint      NOT NULL,
    failing_since   timestamptz,
    succeeded_at    timestamptz,
    PRIMARY KEY (organisation_id, endpoint_id)
);
-- Each event that is, or was, to be sent to an endpoint, and each test.
CREATE TABLE webhook_deliveries (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    endpoint_id     uuid        NOT NULL REFERENCES webhook_endpoints (id) DEFERRABLE INITIALLY DEFERRED,
    -- The event's entry in the journal; none for a test.
    entry_id        uuid        REFERENCES journal_entries (id),
    position        bigint      NOT NULL,
    -- The record that the event is about.
    object_id       uuid,
    event_type      text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up', 'dropped')),
    -- Why the next attempt is made, or the last one was.
    cause           text        NOT NULL CHECK (cause IN ('scheduled', 'manual', 'test')),
    -- Attempts since its time came first, and in all.
    tried           bigint      NOT NULL,
    attempts        bigint      NOT NULL,
    made_at         timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    -- Who sends it, and until when nobody else does.
    lease_id        uuid,
    leased_until    timestamptz,
    ended_at        timestamptz,
    UNIQUE (organisation_id, endpoint_id, entry_id)
);
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
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    delivery_id     uuid        NOT NULL REFERENCES webhook_deliveries (id),
    number          bigint      NOT NULL CHECK (number > 0),
    began_at        timestamptz NOT NULL,
    cause           text        NOT NULL CHECK (cause IN ('scheduled', 'manual', 'test')),
    took_ms         bigint      NOT NULL,
    status          bigint,
    -- The beginning of what was answered.
    answer          text,
    -- What went wrong, in plain words.
    error           text,
    PRIMARY KEY (delivery_id, number)
);
