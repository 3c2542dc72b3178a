CREATE TABLE timeline_entries (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    incident_id     uuid        NOT NULL REFERENCES incidents (id),
    happened_at     timestamptz NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('observation', 'measure', 'decision', 'communication')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX timeline_entries_by_incident ON timeline_entries (organisation_id, incident_id, happened_at, id);
-- Lists, newest first.
CREATE INDEX timeline_entries_by_age ON timeline_entries (organisation_id, id);
