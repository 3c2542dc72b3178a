-- What must go by law, and what has gone.
CREATE TABLE redactions (
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
    stage           text    NOT NULL CHECK (stage IN ('requested', 'carried_out', 'rejected')),
    -- What no query asks for, as JSON.
    description     text    NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX redactions_by_target ON redactions (organisation_id, target_id);
CREATE INDEX redactions_by_stage ON redactions (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX redactions_by_age ON redactions (organisation_id, id);
-- Whether a redaction has erased the file.
ALTER TABLE evidence ADD COLUMN content_erased boolean NOT NULL DEFAULT false;
