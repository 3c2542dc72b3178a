CREATE TABLE measurement_batches (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    reference       TEXT        NOT NULL,
    version         INTEGER      NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB       NOT NULL CHECK (length(state_salt) = 16),
    source          TEXT        NOT NULL,
    stage           TEXT        NOT NULL CHECK (stage IN ('recorded', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     TEXT        NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;

-- Never changed but for `standing`, never deleted. A batch's digest covers its rows.
CREATE TABLE measurements (
    organisation_id BLOB             NOT NULL REFERENCES organisations (id),
    batch_id        BLOB             NOT NULL REFERENCES measurement_batches (id),
    number          INTEGER           NOT NULL,
    indicator_id    BLOB             NOT NULL REFERENCES indicators (id),
    -- The dimensions as one text; empty without any.
    series          TEXT             NOT NULL,
    observed_at     INTEGER      NOT NULL,
    value           REAL,
    numerator       REAL,
    denominator     REAL CHECK (denominator > 0),
    note            TEXT,
    standing        TEXT             NOT NULL CHECK (standing IN ('live', 'superseded', 'withdrawn')),
    PRIMARY KEY (organisation_id, batch_id, number),
    CHECK ((value IS NULL) = (numerator IS NOT NULL) AND (numerator IS NULL) = (denominator IS NULL))
) STRICT;
CREATE UNIQUE INDEX measurements_live ON measurements (organisation_id, indicator_id, observed_at, series)
WHERE standing = 'live';

-- Machinery: what was not evaluated yet.
CREATE TABLE evaluation_queue (
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    indicator_id    BLOB NOT NULL REFERENCES indicators (id),
    batch_id        BLOB NOT NULL REFERENCES measurement_batches (id),
    PRIMARY KEY (organisation_id, indicator_id, batch_id)
) STRICT;
-- Lists, newest first.
CREATE INDEX measurement_batches_by_age ON measurement_batches (organisation_id, id);
