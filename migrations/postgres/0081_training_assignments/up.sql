CREATE TABLE training_assignments (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    course_id       uuid        NOT NULL REFERENCES courses (id),
    member_id       uuid        NOT NULL REFERENCES members (id),
    due_on          text        NOT NULL,
    stage           text        NOT NULL CHECK (stage IN ('assigned', 'completed', 'failed', 'expired', 'void')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference)
);
CREATE INDEX training_assignments_by_member ON training_assignments (organisation_id, member_id, id);
CREATE INDEX training_assignments_by_course ON training_assignments (organisation_id, course_id, stage, id);
-- A member has one assignment of a course that counts.
CREATE UNIQUE INDEX training_assignments_that_count ON training_assignments (organisation_id, course_id, member_id)
WHERE stage IN ('assigned', 'completed', 'failed');
-- Lists, newest first.
CREATE INDEX training_assignments_by_age ON training_assignments (organisation_id, id);
