CREATE TABLE policies (
    id                 BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id    BLOB    NOT NULL REFERENCES organisations (id),
    reference          TEXT    NOT NULL,
    version            INTEGER NOT NULL CHECK (version > 0),
    created_at         INTEGER NOT NULL,
    created_by         BLOB,
    updated_at         INTEGER NOT NULL,
    state_salt         BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title              TEXT    NOT NULL,
    owner_id           BLOB    NOT NULL REFERENCES members (id),
    top_level          INTEGER NOT NULL CHECK (top_level IN (0, 1)),
    stage              TEXT    NOT NULL CHECK (stage IN ('draft', 'published', 'retired')),
    -- The version that holds, while one does.
    current_version_id BLOB,
    next_review_on     TEXT,
    -- What no query asks for, as JSON.
    description        TEXT    NOT NULL,
    CHECK ((stage = 'published') = (current_version_id IS NOT NULL)),
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX policies_by_stage ON policies (organisation_id, stage, id);
CREATE INDEX policies_by_owner ON policies (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX policies_by_age ON policies (organisation_id, id);
