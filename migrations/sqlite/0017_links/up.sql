CREATE TABLE links (
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
    relation        TEXT    NOT NULL CHECK (relation IN ('raised', 'addresses', 'caused_by', 'recurrence_of', 'evidence_for', 'verified_by', 'supersedes', 'duplicates', 'relates_to')),
    to_kind         TEXT    NOT NULL,
    to_id           BLOB    NOT NULL,
    stage           TEXT    NOT NULL CHECK (stage IN ('attached', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX links_by_target ON links (organisation_id, target_id);
CREATE INDEX links_by_end ON links (organisation_id, to_id);
-- An edge is drawn once.
CREATE UNIQUE INDEX links_attached ON links (organisation_id, target_id, relation, to_id) WHERE stage = 'attached';
-- Lists, newest first.
CREATE INDEX links_by_age ON links (organisation_id, id);
