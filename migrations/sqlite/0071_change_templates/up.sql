CREATE TABLE change_templates (
    id              BLOB        NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB        NOT NULL REFERENCES organisations (id),
    reference       TEXT        NOT NULL,
    version         INTEGER     NOT NULL CHECK (version > 0),
    created_at      INTEGER     NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER     NOT NULL,
    state_salt      BLOB        NOT NULL CHECK (length(state_salt) = 16),
    title           TEXT        NOT NULL,
    stage           TEXT        NOT NULL CHECK (stage IN ('draft', 'approved', 'retired')),
    -- What no query asks for, as JSON.
    description     TEXT        NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
-- Lists, newest first.
CREATE INDEX change_templates_by_age ON change_templates (organisation_id, id);
