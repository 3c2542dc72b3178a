CREATE TABLE incidents (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    title           text        NOT NULL,
    category        text        CHECK (category IN ('malware', 'deception', 'intrusion', 'misuse', 'disclosure', 'loss', 'outage', 'physical', 'supplier', 'other')),
    severity        bigint      CHECK (severity BETWEEN 1 AND 4),
    owner_id        uuid        REFERENCES members (id),
    reporter_id     uuid        REFERENCES members (id),
    detected_at     timestamptz NOT NULL,
    personal_data   boolean     NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('reported', 'not_an_incident', 'triaged', 'contained', 'resolved', 'reviewed', 'closed')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX incidents_by_stage ON incidents (organisation_id, stage, id);
CREATE INDEX incidents_by_owner ON incidents (organisation_id, owner_id, id);
CREATE INDEX incidents_by_reporter ON incidents (organisation_id, reporter_id, id);
CREATE INDEX incidents_by_detection ON incidents (organisation_id, detected_at, id);
-- Lists, newest first.
CREATE INDEX incidents_by_age ON incidents (organisation_id, id);
