CREATE TABLE management_reviews (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title           TEXT    NOT NULL,
    scheduled_on    TEXT    NOT NULL,
    chair_id        BLOB    NOT NULL REFERENCES members (id),
    stage           TEXT    NOT NULL CHECK (stage IN ('scheduled', 'prepared', 'held', 'approved', 'cancelled')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX management_reviews_by_stage ON management_reviews (organisation_id, stage, id);
-- Lists, newest first.
CREATE INDEX management_reviews_by_age ON management_reviews (organisation_id, id);
