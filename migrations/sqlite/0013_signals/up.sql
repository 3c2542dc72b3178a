CREATE TABLE signals (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    reference       TEXT        NOT NULL,
    version         INTEGER      NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB       NOT NULL CHECK (length(state_salt) = 16),
    indicator_id    BLOB        NOT NULL REFERENCES indicators (id),
    kind            TEXT        NOT NULL CHECK (kind IN ('warning', 'critical', 'out_of_control', 'adverse_trend', 'stale')),
    owner_id        BLOB        REFERENCES members (id),
    case_id         BLOB        REFERENCES nonconformities (id),
    is_open         INTEGER     NOT NULL CHECK (is_open IN (0, 1)),
    stage           TEXT        NOT NULL CHECK (stage IN ('raised', 'acknowledged', 'linked', 'dismissed', 'cleared')),
    -- What no query asks for, as JSON.
    description     TEXT        NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- One signal per indicator and kind is open at a time.
CREATE UNIQUE INDEX signals_open ON signals (organisation_id, indicator_id, kind) WHERE is_open;
CREATE INDEX signals_by_case ON signals (organisation_id, case_id);
-- Lists, newest first.
CREATE INDEX signals_by_age ON signals (organisation_id, id);
