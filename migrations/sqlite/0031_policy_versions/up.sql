CREATE TABLE policy_versions (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    policy_id       BLOB    NOT NULL REFERENCES policies (id),
    number          INTEGER NOT NULL CHECK (number > 0),
    -- Who wrote it, separated by blanks.
    authors         TEXT    NOT NULL,
    stage           TEXT    NOT NULL CHECK (stage IN ('draft', 'in_review', 'approved', 'scheduled', 'published', 'superseded', 'retired', 'withdrawn')),
    is_open         INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, policy_id, number),
    UNIQUE (organisation_id, reference)
) STRICT;
-- One version of a policy is worked on at a time, and one holds.
CREATE UNIQUE INDEX policy_versions_open ON policy_versions (organisation_id, policy_id) WHERE is_open;
CREATE UNIQUE INDEX policy_versions_in_force ON policy_versions (organisation_id, policy_id) WHERE stage = 'published';
CREATE INDEX policy_versions_by_stage ON policy_versions (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX policy_versions_by_age ON policy_versions (organisation_id, id);
