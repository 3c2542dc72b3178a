CREATE TABLE communication_plans (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    subject         TEXT    NOT NULL,
    owner_id        BLOB    NOT NULL,
    next_on         TEXT,
    stage           TEXT    NOT NULL CHECK (stage IN ('in_force', 'retired')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX communication_plans_by_owner ON communication_plans (organisation_id, owner_id, id);
-- Lists, newest first.
CREATE INDEX communication_plans_by_age ON communication_plans (organisation_id, id);
