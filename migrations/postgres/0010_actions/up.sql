CREATE TABLE actions (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    title           text        NOT NULL,
    description     text,
    kind            text        NOT NULL CHECK (kind IN ('correction', 'corrective', 'preventive', 'improvement', 'review_output', 'change_task')),
    parent_kind     text        NOT NULL,
    parent_id       uuid        NOT NULL,
    attempt         bigint      NOT NULL CHECK (attempt >= 0),
    assignee_id     uuid        NOT NULL REFERENCES members (id),
    due_on          text        NOT NULL,
    priority        text        NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    done_criteria   text,
    due_moves       bigint      NOT NULL CHECK (due_moves >= 0),
    stage           text        NOT NULL CHECK (stage IN ('open', 'in_progress', 'blocked', 'done', 'verified', 'cancelled')),
    -- What only the present stage says, and exceptions from separation of duties, as JSON.
    stage_facts     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX actions_by_parent ON actions (organisation_id, parent_id, attempt);
CREATE INDEX actions_by_assignee ON actions (organisation_id, assignee_id, stage);
-- Lists, newest first.
CREATE INDEX actions_by_age ON actions (organisation_id, id);
