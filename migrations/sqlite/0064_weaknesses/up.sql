CREATE TABLE weaknesses (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id  BLOB    NOT NULL REFERENCES organisations (id),
    reference        TEXT    NOT NULL,
    version          INTEGER NOT NULL CHECK (version > 0),
    created_at       INTEGER NOT NULL,
    created_by       BLOB,
    updated_at       INTEGER NOT NULL,
    state_salt       BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title            TEXT    NOT NULL,
    owner_id         BLOB    REFERENCES members (id),
    reporter_id      BLOB    REFERENCES members (id),
    nonconformity_id BLOB    REFERENCES nonconformities (id),
    -- Likelihood times impact; 0 while it is not assessed.
    level            INTEGER NOT NULL CHECK (level BETWEEN 0 AND 25),
    stage            TEXT    NOT NULL CHECK (stage IN ('reported', 'rejected', 'assessed', 'treating', 'accepted', 'closed')),
    -- What no query asks for, as JSON.
    description      TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX weaknesses_by_stage ON weaknesses (organisation_id, stage, id);
CREATE INDEX weaknesses_by_owner ON weaknesses (organisation_id, owner_id, id);
CREATE INDEX weaknesses_by_reporter ON weaknesses (organisation_id, reporter_id, id);
CREATE INDEX weaknesses_by_nonconformity ON weaknesses (organisation_id, nonconformity_id);
CREATE INDEX weaknesses_by_level ON weaknesses (organisation_id, level, id);
-- Lists, newest first.
CREATE INDEX weaknesses_by_age ON weaknesses (organisation_id, id);
