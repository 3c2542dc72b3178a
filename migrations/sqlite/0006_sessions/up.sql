-- One login: the family of its refresh tokens ends with it.
CREATE TABLE sessions (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    member_id       BLOB    NOT NULL REFERENCES members (id),
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    ended_at        INTEGER
) STRICT;

CREATE TABLE refresh_tokens (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BLOB    NOT NULL REFERENCES sessions (id),
    issued_at  INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
