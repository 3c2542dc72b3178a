CREATE TABLE actions (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title           TEXT    NOT NULL,
    description     TEXT,
    kind            TEXT    NOT NULL CHECK (kind IN ('correction', 'corrective', 'preventive', 'improvement', 'review_output', 'change_task')),
    parent_kind     TEXT    NOT NULL,
    parent_id       BLOB    NOT NULL,
    attempt         INTEGER NOT NULL CHECK (attempt >= 0),
    assignee_id     BLOB    NOT NULL REFERENCES members (id),
    due_on          TEXT    NOT NULL,
    priority        TEXT    NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    done_criteria   TEXT,
    due_moves       INTEGER NOT NULL CHECK (due_moves >= 0),
    stage           TEXT    NOT NULL CHECK (stage IN ('open', 'in_progress', 'blocked', 'done', 'verified', 'cancelled')),
    -- What only the present stage says, and exceptions from separation of duties, as JSON.
    stage_facts     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX actions_by_parent ON actions (organisation_id, parent_id, attempt);
CREATE INDEX actions_by_assignee ON actions (organisation_id, assignee_id, stage);
-- Lists, newest first.
CREATE INDEX actions_by_age ON actions (organisation_id, id);
