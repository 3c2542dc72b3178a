CREATE TABLE weaknesses (
    id               uuid        NOT NULL PRIMARY KEY,
    organisation_id  uuid        NOT NULL REFERENCES organisations (id),
    reference        text        NOT NULL,
    version          bigint      NOT NULL CHECK (version > 0),
    created_at       timestamptz NOT NULL,
    created_by       uuid,
    updated_at       timestamptz NOT NULL,
    state_salt       bytea       NOT NULL CHECK (length(state_salt) = 16),
    title            text        NOT NULL,
    owner_id         uuid        REFERENCES members (id),
    reporter_id      uuid        REFERENCES members (id),
    nonconformity_id uuid        REFERENCES nonconformities (id),
    -- Likelihood times impact; 0 while it is not assessed.
    level            bigint      NOT NULL CHECK (level BETWEEN 0 AND 25),
    stage            text        NOT NULL CHECK (stage IN ('reported', 'rejected', 'assessed', 'treating', 'accepted', 'closed')),
    -- What no query asks for, as JSON.
    description      text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX weaknesses_by_stage ON weaknesses (organisation_id, stage, id);
CREATE INDEX weaknesses_by_owner ON weaknesses (organisation_id, owner_id, id);
CREATE INDEX weaknesses_by_reporter ON weaknesses (organisation_id, reporter_id, id);
CREATE INDEX weaknesses_by_nonconformity ON weaknesses (organisation_id, nonconformity_id);
CREATE INDEX weaknesses_by_level ON weaknesses (organisation_id, level, id);
-- Lists, newest first.
CREATE INDEX weaknesses_by_age ON weaknesses (organisation_id, id);
