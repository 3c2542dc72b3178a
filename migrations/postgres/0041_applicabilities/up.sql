CREATE TABLE applicabilities (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    reference       text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    created_by      uuid,
    updated_at      timestamptz NOT NULL,
    state_salt      bytea       NOT NULL CHECK (length(state_salt) = 16),
    control         text        NOT NULL,
    -- The control's place in Annex A, with leading zeros: A.5.2 stands before A.5.10.
    place           text        NOT NULL,
    owner_id        uuid        REFERENCES members (id),
    status          text        CHECK (status IN ('not_started', 'planned', 'partly', 'implemented')),
    stage           text        NOT NULL CHECK (stage IN ('applicable', 'excluded')),
    -- What no query asks for, as JSON.
    description     text        NOT NULL,
    UNIQUE (organisation_id, reference),
    CHECK ((status IS NULL) = (stage = 'excluded'))
);
-- The organisation says one thing of a control.
CREATE UNIQUE INDEX applicabilities_by_control ON applicabilities (organisation_id, control);
-- Lists, newest first.
CREATE INDEX applicabilities_by_age ON applicabilities (organisation_id, id);
