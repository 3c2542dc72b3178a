CREATE TABLE context_entries (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    kind            text        NOT NULL CHECK (kind IN ('external_issue', 'internal_issue', 'interested_party', 'climate_change')),
    title           text        NOT NULL,
    owner_id        uuid        REFERENCES members (id),
    review_due_on   text,
    stage           text        NOT NULL CHECK (stage IN ('current', 'retired')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- One decision about climate change is in force at a time.
CREATE UNIQUE INDEX context_entries_climate ON context_entries (organisation_id) WHERE kind = 'climate_change' AND stage = 'current';
CREATE INDEX context_entries_by_stage ON context_entries (organisation_id, stage, kind, id);
CREATE INDEX context_entries_by_owner ON context_entries (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX context_entries_by_age ON context_entries (organisation_id, id);
