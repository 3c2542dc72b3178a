CREATE TABLE risks (
    id                 BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id    BLOB    NOT NULL REFERENCES organisations (id),
    reference          TEXT    NOT NULL,
    version            INTEGER NOT NULL CHECK (version > 0),
    created_at         INTEGER NOT NULL,
    created_by         BLOB,
    updated_at         INTEGER NOT NULL,
    state_salt         BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title              TEXT    NOT NULL,
    external_reference TEXT,
    owner_id           BLOB    REFERENCES members (id),
    -- Likelihood times impact, as it is now; 0 while it is not assessed.
    level              INTEGER NOT NULL CHECK (level BETWEEN 0 AND 25),
    treatment          TEXT    CHECK (treatment IN ('modify', 'retain', 'avoid', 'share')),
    review_on          TEXT,
    stage              TEXT    NOT NULL CHECK (stage IN ('identified', 'assessed', 'treated', 'accepted', 'retired')),
    -- What no query asks for, as JSON.
    description        TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- What another tool feeds is there once.
CREATE UNIQUE INDEX risks_by_external_reference ON risks (organisation_id, external_reference)
WHERE external_reference IS NOT NULL;
CREATE INDEX risks_by_stage ON risks (organisation_id, stage, id);
CREATE INDEX risks_by_owner ON risks (organisation_id, owner_id, id);
CREATE INDEX risks_by_level ON risks (organisation_id, level, id);
-- Lists, newest first.
CREATE INDEX risks_by_age ON risks (organisation_id, id);
