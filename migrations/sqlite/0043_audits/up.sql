CREATE TABLE audits (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    title           TEXT    NOT NULL,
    kind            TEXT    NOT NULL CHECK (kind IN ('internal', 'external', 'certification', 'surveillance', 'supplier')),
    programme_id    BLOB    REFERENCES audit_programmes (id),
    plan_key        TEXT,
    lead_id         BLOB    REFERENCES members (id),
    -- Ids of the members who audit and of those who are audited.
    people          TEXT    NOT NULL,
    starts_on       TEXT    NOT NULL,
    ends_on         TEXT    NOT NULL,
    -- Whether a later audit has something to take over.
    carries_over    INTEGER NOT NULL CHECK (carries_over IN (0, 1)),
    stage           TEXT    NOT NULL CHECK (stage IN ('planned', 'in_progress', 'reported', 'closed', 'cancelled')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference)
) STRICT;
CREATE INDEX audits_by_programme ON audits (organisation_id, programme_id);
-- Coverage of three years.
CREATE INDEX audits_by_end ON audits (organisation_id, ends_on);
CREATE INDEX audits_that_carry_over ON audits (organisation_id, id) WHERE carries_over;
-- Lists, newest first.
CREATE INDEX audits_by_age ON audits (organisation_id, id);
