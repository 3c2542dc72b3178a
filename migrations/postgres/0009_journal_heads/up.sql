-- How far each organisation's tree has grown; written by the sequencer alone.
CREATE TABLE journal_heads (
    organisation_id uuid        NOT NULL PRIMARY KEY REFERENCES organisations (id),
    size            bigint      NOT NULL CHECK (size > 0),
    root            bytea       NOT NULL CHECK (length(root) = 32),
    -- The tree's right edge: enough to append without reading any leaf.
    frontier        bytea       NOT NULL,
    grown_at        timestamptz NOT NULL
);

-- Up to 256 hashes each (C2SP tlog-tiles).
CREATE TABLE journal_tiles (
    organisation_id uuid    NOT NULL REFERENCES organisations (id),
    level           integer NOT NULL CHECK (level >= 0),
    number          bigint  NOT NULL CHECK (number >= 0),
    hashes          bytea   NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (organisation_id, level, number)
);

-- Signed notes (C2SP tlog-checkpoint): one for every size at which the sequencer paused.
CREATE TABLE journal_checkpoints (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    size            bigint      NOT NULL CHECK (size > 0),
    note            text        NOT NULL,
    made_at         timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, size)
);

-- The newest signed tree over all heads: a whole organisation cannot be dropped unseen.
CREATE TABLE journal_instances (
    id      integer     NOT NULL PRIMARY KEY CHECK (id = 1),
    note    text        NOT NULL,
    made_at timestamptz NOT NULL
);
