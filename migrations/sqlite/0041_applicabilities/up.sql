CREATE TABLE applicabilities (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    reference       TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    created_by      BLOB,
    updated_at      INTEGER NOT NULL,
    state_salt      BLOB    NOT NULL CHECK (length(state_salt) = 16),
    control         TEXT    NOT NULL,
    -- The control's place in Annex A, with leading zeros: A.5.2 stands before A.5.10.
    place           TEXT    NOT NULL,
    owner_id        BLOB    REFERENCES members (id),
    status          TEXT    CHECK (status IN ('not_started', 'planned', 'partly', 'implemented')),
    stage           TEXT    NOT NULL CHECK (stage IN ('applicable', 'excluded')),
    -- What no query asks for, as JSON.
    description     TEXT    NOT NULL,
    UNIQUE (organisation_id, reference),
    CHECK ((status IS NULL) = (stage = 'excluded'))
) STRICT;
-- The organisation says one thing of a control.
CREATE UNIQUE INDEX applicabilities_by_control ON applicabilities (organisation_id, control);
-- Lists, newest first.
CREATE INDEX applicabilities_by_age ON applicabilities (organisation_id, id);
