CREATE TABLE measurement_batches (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    source          text        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('recorded', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);

-- Never changed but for `standing`, never deleted. A batch's digest covers its rows.
CREATE TABLE measurements (
    organisation_id uuid             NOT NULL REFERENCES organisations (id),
    batch_id        uuid             NOT NULL REFERENCES measurement_batches (id),
    number          bigint           NOT NULL,
    indicator_id    uuid             NOT NULL REFERENCES indicators (id),
    -- The dimensions as one text; empty without any.
    series          text             NOT NULL,
    observed_at     timestamptz      NOT NULL,
    value           double precision,
    numerator       double precision,
    denominator     double precision CHECK (denominator > 0),
    note            text,
    standing        text             NOT NULL CHECK (standing IN ('live', 'superseded', 'withdrawn')),
    PRIMARY KEY (organisation_id, batch_id, number),
    CHECK ((value IS NULL) = (numerator IS NOT NULL) AND (numerator IS NULL) = (denominator IS NULL))
);
CREATE UNIQUE INDEX measurements_live ON measurements (organisation_id, indicator_id, observed_at, series)
WHERE standing = 'live';

-- Machinery: what was not evaluated yet.
CREATE TABLE evaluation_queue (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    indicator_id    uuid NOT NULL REFERENCES indicators (id),
    batch_id        uuid NOT NULL REFERENCES measurement_batches (id),
    PRIMARY KEY (organisation_id, indicator_id, batch_id)
);
-- Lists, newest first.
CREATE INDEX measurement_batches_by_age ON measurement_batches (organisation_id, id);
