CREATE TABLE training_assignments (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    course_id       BLOB    NOT NULL REFERENCES courses (id),
    member_id       BLOB    NOT NULL REFERENCES members (id),
    due_on          TEXT    NOT NULL,
    stage           TEXT    NOT NULL CHECK (stage IN ('assigned', 'completed', 'failed', 'expired', 'void')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX training_assignments_by_member ON training_assignments (organisation_id, member_id, id);
CREATE INDEX training_assignments_by_course ON training_assignments (organisation_id, course_id, stage, id);
-- A member has one assignment of a course that counts.
CREATE UNIQUE INDEX training_assignments_that_count ON training_assignments (organisation_id, course_id, member_id)
WHERE stage IN ('assigned', 'completed', 'failed');
-- Lists, newest first.
CREATE INDEX training_assignments_by_age ON training_assignments (organisation_id, id);
