CREATE TABLE policies (
    id                 uuid        NOT NULL PRIMARY KEY,
    organisation_id    uuid        NOT NULL REFERENCES organisations (id),
    reference          text        NOT NULL,
    version            bigint      NOT NULL CHECK (version > 0),
    created_at         timestamptz NOT NULL,
    created_by         uuid,
    updated_at         timestamptz NOT NULL,
    state_salt         bytea       NOT NULL CHECK (length(state_salt) = 16),
    title              text        NOT NULL,
    owner_id           uuid        NOT NULL REFERENCES members (id),
    top_level          boolean     NOT NULL,
    stage              text        NOT NULL CHECK (stage IN ('draft', 'published', 'retired')),
    -- The version that holds, while one does.
    current_version_id uuid,
    next_review_on     text,
    -- What no query asks for, as JSON.
    description        text        NOT NULL,
    CHECK ((stage = 'published') = (current_version_id IS NOT NULL)),
    UNIQUE (organisation_id, reference)
);
CREATE INDEX policies_by_stage ON policies (organisation_id, stage, id);
CREATE INDEX policies_by_owner ON policies (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX policies_by_age ON policies (organisation_id, id);
