CREATE TABLE ticket_connections (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    description     text        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('active', 'paused', 'failing', 'retired')),
    -- What no query asks for, as JSON.
    body            text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- Lists, newest first.
CREATE INDEX ticket_connections_by_age ON ticket_connections (organisation_id, id);
-- Those that are kept going.
CREATE INDEX ticket_connections_kept ON ticket_connections (organisation_id, stage) WHERE stage <> 'retired';
-- By what a connection says who it is, and by what the other system signs: sealed with a key that is not in the database.
CREATE TABLE ticket_secrets (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    connection_id   uuid        NOT NULL REFERENCES ticket_connections (id) DEFERRABLE INITIALLY DEFERRED,
    purpose         text        NOT NULL CHECK (purpose IN ('credentials', 'inbound')),
    sealed          bytea       NOT NULL,
    PRIMARY KEY (connection_id, purpose)
);
-- How each connection gets on.
CREATE TABLE ticket_progress (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    connection_id   uuid        NOT NULL PRIMARY KEY REFERENCES ticket_connections (id) DEFERRABLE INITIALLY DEFERRED,
    -- Until when it is known what has changed there, and when it is asked again.
    polled_until    timestamptz NOT NULL,
    poll_due_at     timestamptz NOT NULL,
    -- Who asks, and until when nobody else does.
    leased_until    timestamptz,
    -- Failures one after the other, and when it is tried again.
    failures        bigint      NOT NULL,
    retry_at        timestamptz NOT NULL,
    error           text,
    succeeded_at    timestamptz
);
-- How far each organisation's journal was looked through for actions that are tickets.
CREATE TABLE ticket_positions (
    organisation_id uuid        NOT NULL PRIMARY KEY REFERENCES organisations (id),
    position        bigint      NOT NULL
);
-- Each action that is a ticket, and when the two are compared next.
CREATE TABLE ticket_links (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    action_id       uuid        NOT NULL PRIMARY KEY REFERENCES actions (id) DEFERRABLE INITIALLY DEFERRED,
    connection_id   uuid        NOT NULL REFERENCES ticket_connections (id) DEFERRABLE INITIALLY DEFERRED,
    -- The ticket; none while it is not there yet.
    remote_key      text,
    due_at          timestamptz NOT NULL,
    failures        bigint      NOT NULL,
    error           text,
    synced_at       timestamptz,
    -- Who compares them, and until when nobody else does.
    lease_id        uuid,
    leased_until    timestamptz,
    -- A ticket is one action's.
    UNIQUE (connection_id, remote_key)
);
CREATE INDEX ticket_links_due ON ticket_links (due_at);
-- Those that are being compared.
CREATE INDEX ticket_links_leased ON ticket_links (leased_until) WHERE leased_until IS NOT NULL;
