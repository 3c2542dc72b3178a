CREATE TABLE changes (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    title           text        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('standard', 'normal', 'emergency')),
    impact          text        CHECK (impact IN ('none', 'low', 'medium', 'high')),
    owner_id        uuid        NOT NULL REFERENCES members (id),
    verdict         text        CHECK (verdict IN ('beneficial', 'neutral', 'harmful')),
    phase_from      timestamptz CHECK ((phase_from IS NOT NULL) = (stage = 'closed')),
    stage           text        NOT NULL CHECK (stage IN ('draft', 'submitted', 'assessed', 'rejected', 'approved', 'scheduled', 'implementing', 'monitoring', 'reviewed', 'closed', 'rolled_back', 'cancelled')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX changes_by_stage ON changes (organisation_id, stage, id);
CREATE INDEX changes_by_owner ON changes (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX changes_by_age ON changes (organisation_id, id);
