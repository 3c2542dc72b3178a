CREATE TABLE links (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    target_kind     text        NOT NULL,
    target_id       uuid        NOT NULL,
    relation        text        NOT NULL CHECK (relation IN ('raised', 'addresses', 'caused_by', 'recurrence_of', 'evidence_for', 'verified_by', 'supersedes', 'duplicates', 'relates_to')),
    to_kind         text        NOT NULL,
    to_id           uuid        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('attached', 'withdrawn')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX links_by_target ON links (organisation_id, target_id);
CREATE INDEX links_by_end ON links (organisation_id, to_id);
-- An edge is drawn once.
CREATE UNIQUE INDEX links_attached ON links (organisation_id, target_id, relation, to_id) WHERE stage = 'attached';
-- Lists, newest first.
CREATE INDEX links_by_age ON links (organisation_id, id);
