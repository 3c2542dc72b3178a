CREATE TABLE acknowledgements (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    policy_id       BLOB    NOT NULL REFERENCES policies (id),
    version_id      BLOB    NOT NULL REFERENCES policy_versions (id),
    member_id       BLOB    NOT NULL REFERENCES members (id),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    -- Once.
    UNIQUE (organisation_id, version_id, member_id),
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX acknowledgements_by_policy ON acknowledgements (organisation_id, policy_id, id);
CREATE INDEX acknowledgements_by_member ON acknowledgements (organisation_id, member_id, id);
-- Lists, newest first.
CREATE INDEX acknowledgements_by_age ON acknowledgements (organisation_id, id);
