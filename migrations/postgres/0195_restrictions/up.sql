-- Which records are kept from all but their readers.
CREATE TABLE restrictions (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    target_id       uuid        NOT NULL,
    -- Ids of members, separated by blanks.
    readers         text        NOT NULL,
    stage           text    NOT NULL CHECK (stage IN ('in_force', 'lifted')),
    -- What no query asks for, as JSON.
    description     text    NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- A record is restricted once at a time.
CREATE UNIQUE INDEX restrictions_in_force ON restrictions (organisation_id, target_id) WHERE stage = 'in_force';
CREATE INDEX restrictions_by_target ON restrictions (organisation_id, target_id);
CREATE INDEX restrictions_by_stage ON restrictions (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX restrictions_by_age ON restrictions (organisation_id, id);
