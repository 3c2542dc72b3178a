CREATE TABLE nonconformities (
    id                 BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id    BLOB    NOT NULL REFERENCES organisations (id),
    reference          TEXT    NOT NULL,
    version            INTEGER NOT NULL CHECK (version > 0),
    created_at         INTEGER NOT NULL,
    created_by         BLOB,
    updated_at         INTEGER NOT NULL,
    state_salt         BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title              TEXT    NOT NULL,
    statement          TEXT    NOT NULL,
    objective_evidence TEXT    NOT NULL,
    source             TEXT    NOT NULL CHECK (source IN ('audit', 'incident', 'indicator', 'employee', 'review', 'external', 'other')),
    requirement        TEXT,
    grade              TEXT             CHECK (grade IN ('minor', 'major')),
    owner_id           BLOB,
    due_on             TEXT,
    recurrences        INTEGER NOT NULL CHECK (recurrences >= 0),
    stage              TEXT    NOT NULL CHECK (stage IN ('reported', 'rejected', 'confirmed', 'analysed', 'planned', 'verifying', 'verified', 'closed')),
    -- What only the present stage and earlier attempts say, as JSON.
    stage_facts        TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX nonconformities_by_stage ON nonconformities (organisation_id, stage, id);
CREATE INDEX nonconformities_by_owner ON nonconformities (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX nonconformities_by_age ON nonconformities (organisation_id, id);
