CREATE TABLE tags (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    target_kind     TEXT    NOT NULL,
    target_id       BLOB    NOT NULL,
    label           TEXT    NOT NULL,
    stage           TEXT    NOT NULL CHECK (stage IN ('attached', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX tags_by_target ON tags (organisation_id, target_id);
CREATE UNIQUE INDEX tags_attached ON tags (organisation_id, target_id, label) WHERE stage = 'attached';
CREATE INDEX tags_by_label ON tags (organisation_id, label);
-- Lists, newest first.
CREATE INDEX tags_by_age ON tags (organisation_id, id);
