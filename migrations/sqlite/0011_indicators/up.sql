CREATE TABLE indicators (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    reference       TEXT        NOT NULL,
    version         INTEGER      NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB       NOT NULL CHECK (length(state_salt) = 16),
    name            TEXT        NOT NULL,
    owner_id        BLOB        REFERENCES members (id),
    stage           TEXT        NOT NULL CHECK (stage IN ('draft', 'active', 'retired')),
    -- What no query asks for, as JSON.
    description     TEXT        NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX indicators_by_stage ON indicators (organisation_id, stage, id);

-- Machinery: how each indicator stands by what was measured so far.
CREATE TABLE indicator_evaluations (
    indicator_id    BLOB        NOT NULL PRIMARY KEY REFERENCES indicators (id),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    -- The newest measurement of every series, as JSON.
    state           TEXT        NOT NULL,
    -- The revision of target and thresholds it was judged by.
    revision        INTEGER      NOT NULL,
    evaluated_at    INTEGER NOT NULL
) STRICT;
-- Lists, newest first.
CREATE INDEX indicators_by_age ON indicators (organisation_id, id);
