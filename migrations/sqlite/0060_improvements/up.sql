CREATE TABLE improvements (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title           TEXT    NOT NULL,
    source          TEXT    NOT NULL CHECK (source IN ('audit', 'incident', 'indicator', 'employee', 'review', 'external', 'other')),
    proposer_id     BLOB    REFERENCES members (id),
    owner_id        BLOB    REFERENCES members (id),
    indicator_id    BLOB    REFERENCES indicators (id),
    due_on          TEXT,
    effort          TEXT    CHECK (effort IN ('small', 'medium', 'large')),
    value           TEXT    CHECK (value IN ('small', 'medium', 'large')),
    stage           TEXT    NOT NULL CHECK (stage IN ('proposed', 'declined', 'accepted', 'planned', 'in_progress', 'measuring', 'realised', 'not_realised')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX improvements_by_stage ON improvements (organisation_id, stage, id);
CREATE INDEX improvements_by_owner ON improvements (organisation_id, owner_id, id);
CREATE INDEX improvements_by_proposer ON improvements (organisation_id, proposer_id, id);
CREATE INDEX improvements_by_indicator ON improvements (organisation_id, indicator_id);
-- Lists, newest first.
CREATE INDEX improvements_by_age ON improvements (organisation_id, id);
