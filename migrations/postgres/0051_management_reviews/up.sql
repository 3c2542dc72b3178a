CREATE TABLE management_reviews (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    title           text        NOT NULL,
    scheduled_on    text        NOT NULL,
    chair_id        uuid        NOT NULL REFERENCES members (id),
    stage           text        NOT NULL CHECK (stage IN ('scheduled', 'prepared', 'held', 'approved', 'cancelled')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX management_reviews_by_stage ON management_reviews (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX management_reviews_by_age ON management_reviews (organisation_id, id);
