CREATE TABLE nonconformities (
    id                 uuid        NOT NULL PRIMARY KEY,
    organisation_id    uuid        NOT NULL REFERENCES organisations (id),
    reference          text        NOT NULL,
    version            bigint      NOT NULL CHECK (version > 0),
    created_at         timestamptz NOT NULL,
    created_by         uuid,
    updated_at         timestamptz NOT NULL,
    state_salt         bytea       NOT NULL CHECK (length(state_salt) = 16),
    title              text        NOT NULL,
    statement          text        NOT NULL,
    objective_evidence text        NOT NULL,
    source             text        NOT NULL CHECK (source IN ('audit', 'incident', 'indicator', 'employee', 'review', 'external', 'other')),
    requirement        text,
    grade              text                 CHECK (grade IN ('minor', 'major')),
    owner_id           uuid,
    due_on             text,
    recurrences        bigint      NOT NULL CHECK (recurrences >= 0),
    stage              text        NOT NULL CHECK (stage IN ('reported', 'rejected', 'confirmed', 'analysed', 'planned', 'verifying', 'verified', 'closed')),
    -- What only the present stage and earlier attempts say, as JSON.
    stage_facts        text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX nonconformities_by_stage ON nonconformities (organisation_id, stage, id);
CREATE INDEX nonconformities_by_owner ON nonconformities (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX nonconformities_by_age ON nonconformities (organisation_id, id);
