CREATE TABLE indicators (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    name            text        NOT NULL,
    owner_id        uuid        REFERENCES members (id),
    stage           text        NOT NULL CHECK (stage IN ('draft', 'active', 'retired')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX indicators_by_stage ON indicators (organisation_id, stage, id);

-- Machinery: how each indicator stands by what was measured so far.
CREATE TABLE indicator_evaluations (
    indicator_id    uuid        NOT NULL PRIMARY KEY REFERENCES indicators (id),
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    -- The newest measurement of every series, as JSON.
    state           text        NOT NULL,
    -- The revision of target and thresholds it was judged by.
    revision        bigint      NOT NULL,
    evaluated_at    timestamptz NOT NULL
);
-- Lists, newest first.
CREATE INDEX indicators_by_age ON indicators (organisation_id, id);
