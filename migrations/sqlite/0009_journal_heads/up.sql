-- How far each organisation's tree has grown; written by the sequencer alone.
CREATE TABLE journal_heads (
    organisation_id BLOB        NOT NULL PRIMARY KEY REFERENCES organisations (id),
    size            INTEGER NOT NULL CHECK (size > 0),
    root            BLOB    NOT NULL CHECK (length(root) = 32),
    -- The tree's right edge: enough to append without reading any leaf.
    frontier        BLOB    NOT NULL,
    grown_at        INTEGER NOT NULL
) STRICT;

-- Up to 256 hashes each (C2SP tlog-tiles).
CREATE TABLE journal_tiles (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    level           INTEGER NOT NULL CHECK (level >= 0),
    number          INTEGER NOT NULL CHECK (number >= 0),
    hashes          BLOB    NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (organisation_id, level, number)
) STRICT;

-- Signed notes (C2SP tlog-checkpoint): one for every size at which the sequencer paused.
CREATE TABLE journal_checkpoints (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    size            INTEGER NOT NULL CHECK (size > 0),
    note            TEXT    NOT NULL,
    made_at         INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, size)
) STRICT;

-- The newest signed tree over all heads: a whole organisation cannot be dropped unseen.
CREATE TABLE journal_instances (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    note    TEXT    NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
