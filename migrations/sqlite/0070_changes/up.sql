CREATE TABLE changes (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    reference       TEXT        NOT NULL,
    version         INTEGER     NOT NULL CHECK (version > 0),
    created_at      INTEGER     NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER     NOT NULL,
    state_salt      BLOB        NOT NULL CHECK (length(state_salt) = 16),
    title           TEXT        NOT NULL,
    kind            TEXT        NOT NULL CHECK (kind IN ('standard', 'normal', 'emergency')),
    impact          TEXT        CHECK (impact IN ('none', 'low', 'medium', 'high')),
    owner_id        BLOB        NOT NULL REFERENCES members (id),
    verdict         TEXT        CHECK (verdict IN ('beneficial', 'neutral', 'harmful')),
    phase_from      INTEGER     CHECK ((phase_from IS NOT NULL) = (stage = 'closed')),
    stage           TEXT        NOT NULL CHECK (stage IN ('draft', 'submitted', 'assessed', 'rejected', 'approved', 'scheduled', 'implementing', 'monitoring', 'reviewed', 'closed', 'rolled_back', 'cancelled')),
    -- What no query asks for, as JSON.
    description     TEXT        NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX changes_by_stage ON changes (organisation_id, stage, id);
CREATE INDEX changes_by_owner ON changes (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX changes_by_age ON changes (organisation_id, id);
