CREATE TABLE objectives (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title           TEXT    NOT NULL,
    policy_id       BLOB    NOT NULL REFERENCES policies (id),
    indicator_id    BLOB    REFERENCES indicators (id),
    owner_id        BLOB    NOT NULL REFERENCES members (id),
    due_on          TEXT,
    stage           TEXT    NOT NULL CHECK (stage IN ('draft', 'active', 'revising', 'achieved', 'missed', 'abandoned')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX objectives_by_stage ON objectives (organisation_id, stage, id);
CREATE INDEX objectives_by_owner ON objectives (organisation_id, owner_id, id);
CREATE INDEX objectives_by_policy ON objectives (organisation_id, policy_id, id);
CREATE INDEX objectives_by_indicator ON objectives (organisation_id, indicator_id, id);
-- Lists, newest first.
CREATE INDEX objectives_by_age ON objectives (organisation_id, id);
