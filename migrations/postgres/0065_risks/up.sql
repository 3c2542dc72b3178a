CREATE TABLE risks (
    id                 uuid        NOT NULL PRIMARY KEY,
    organisation_id    uuid        NOT NULL REFERENCES organisations (id),
    reference          text        NOT NULL,
    version            bigint      NOT NULL CHECK (version > 0),
    created_at         timestamptz NOT NULL,
    created_by         uuid,
    updated_at         timestamptz NOT NULL,
    state_salt         bytea       NOT NULL CHECK (length(state_salt) = 16),
    title              text        NOT NULL,
    external_reference text,
    owner_id           uuid        REFERENCES members (id),
    -- Likelihood times impact, as it is now; 0 while it is not assessed.
    level              bigint      NOT NULL CHECK (level BETWEEN 0 AND 25),
    treatment          text        CHECK (treatment IN ('modify', 'retain', 'avoid', 'share')),
    review_on          text,
    stage              text        NOT NULL CHECK (stage IN ('identified', 'assessed', 'treated', 'accepted', 'retired')),
    -- What no query asks for, as JSON.
    description        text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
-- What another tool feeds is there once.
CREATE UNIQUE INDEX risks_by_external_reference ON risks (organisation_id, external_reference)
WHERE external_reference IS NOT NULL;
CREATE INDEX risks_by_stage ON risks (organisation_id, stage, id);
CREATE INDEX risks_by_owner ON risks (organisation_id, owner_id, id);
CREATE INDEX risks_by_level ON risks (organisation_id, level, id);
-- Lists, newest first.
CREATE INDEX risks_by_age ON risks (organisation_id, id);
