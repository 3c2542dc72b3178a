CREATE TABLE improvements (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    title           text        NOT NULL,
    source          text        NOT NULL CHECK (source IN ('audit', 'incident', 'indicator', 'employee', 'review', 'external', 'other')),
    proposer_id     uuid        REFERENCES members (id),
    owner_id        uuid        REFERENCES members (id),
    indicator_id    uuid        REFERENCES indicators (id),
    due_on          text,
    effort          text        CHECK (effort IN ('small', 'medium', 'large')),
    value           text        CHECK (value IN ('small', 'medium', 'large')),
    stage           text        NOT NULL CHECK (stage IN ('proposed', 'declined', 'accepted', 'planned', 'in_progress', 'measuring', 'realised', 'not_realised')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX improvements_by_stage ON improvements (organisation_id, stage, id);
CREATE INDEX improvements_by_owner ON improvements (organisation_id, owner_id, id);
CREATE INDEX improvements_by_proposer ON improvements (organisation_id, proposer_id, id);
CREATE INDEX improvements_by_indicator ON improvements (organisation_id, indicator_id);
-- Lists, newest first.
CREATE INDEX improvements_by_age ON improvements (organisation_id, id);
