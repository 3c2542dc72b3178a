CREATE TABLE signals (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    indicator_id    uuid        NOT NULL REFERENCES indicators (id),
    kind            text        NOT NULL CHECK (kind IN ('warning', 'critical', 'out_of_control', 'adverse_trend', 'stale')),
    owner_id        uuid        REFERENCES members (id),
    case_id         uuid        REFERENCES nonconformities (id),
    is_open         boolean     NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('raised', 'acknowledged', 'linked', 'dismissed', 'cleared')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- One signal per indicator and kind is open at a time.
CREATE UNIQUE INDEX signals_open ON signals (organisation_id, indicator_id, kind) WHERE is_open;
CREATE INDEX signals_by_case ON signals (organisation_id, case_id);
-- Lists, newest first.
CREATE INDEX signals_by_age ON signals (organisation_id, id);
