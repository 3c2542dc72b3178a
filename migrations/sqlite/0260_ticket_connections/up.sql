CREATE TABLE ticket_connections (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    reference       TEXT        NOT NULL,
    version         INTEGER     NOT NULL CHECK (version > 0),
    created_at      INTEGER     NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER     NOT NULL,
    state_salt      BLOB        NOT NULL CHECK (length(state_salt) = 16),
    description     TEXT        NOT NULL,
    stage           TEXT        NOT NULL CHECK (stage IN ('active', 'paused', 'failing', 'retired')),
    -- What no query asks for, as JSON.
    body            TEXT        NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- Lists, newest first.
CREATE INDEX ticket_connections_by_age ON ticket_connections (organisation_id, id);
-- Those that are kept going.
CREATE INDEX ticket_connections_kept ON ticket_connections (organisation_id, stage) WHERE stage <> 'retired';
-- By what a connection says who it is, and by what the other system signs: sealed with a key that is not in the database.
CREATE TABLE ticket_secrets (
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    connection_id   BLOB        NOT NULL REFERENCES ticket_connections (id) DEFERRABLE INITIALLY DEFERRED,
    purpose         TEXT        NOT NULL CHECK (purpose IN ('credentials', 'inbound')),
    sealed          BLOB        NOT NULL,
    PRIMARY KEY (connection_id, purpose)
) STRICT;
-- How each connection gets on.
CREATE TABLE ticket_progress (
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    connection_id   BLOB        NOT NULL PRIMARY KEY REFERENCES ticket_connections (id) DEFERRABLE INITIALLY DEFERRED,
    -- Until when it is known what has changed there, and when it is asked again.
    polled_until    INTEGER     NOT NULL,
    poll_due_at     INTEGER     NOT NULL,
    -- Who asks, and until when nobody else does.
    leased_until    INTEGER,
    -- Failures one after the other, and when it is tried again.
    failures        INTEGER     NOT NULL,
    retry_at        INTEGER     NOT NULL,
    error           TEXT,
    succeeded_at    INTEGER
) STRICT;
-- How far each organisation's journal was looked through for actions that are tickets.
CREATE TABLE ticket_positions (
    organisation_id BLOB        NOT NULL PRIMARY KEY REFERENCES organisations (id),
    position        INTEGER     NOT NULL
) STRICT;
-- Each action that is a ticket, and when the two are compared next.
CREATE TABLE ticket_links (
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    action_id       BLOB        NOT NULL PRIMARY KEY REFERENCES actions (id) DEFERRABLE INITIALLY DEFERRED,
    connection_id   BLOB        NOT NULL REFERENCES ticket_connections (id) DEFERRABLE INITIALLY DEFERRED,
    -- The ticket; none while it is not there yet.
    remote_key      TEXT,
    due_at          INTEGER     NOT NULL,
    failures        INTEGER     NOT NULL,
    error           TEXT,
    synced_at       INTEGER,
    -- Who compares them, and until when nobody else does.
    lease_id        BLOB,
    leased_until    INTEGER,
    -- A ticket is one action's.
    UNIQUE (connection_id, remote_key)
) STRICT;
CREATE INDEX ticket_links_due ON ticket_links (due_at);
-- Those that are being compared.
CREATE INDEX ticket_links_leased ON ticket_links (leased_until) WHERE leased_until IS NOT NULL;
