CREATE TABLE organisations (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at INTEGER NOT NULL
) STRICT;

-- The last number drawn per prefix and year: references have no gaps.
CREATE TABLE reference_counters (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    prefix          TEXT    NOT NULL,
    year            INTEGER NOT NULL,
    last            INTEGER NOT NULL CHECK (last > 0),
    PRIMARY KEY (organisation_id, prefix, year)
) STRICT, WITHOUT ROWID;
