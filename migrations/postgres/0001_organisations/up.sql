CREATE TABLE organisations (
    id         uuid        NOT NULL PRIMARY KEY,
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL
);

-- The last number drawn per prefix and year: references have no gaps.
CREATE TABLE reference_counters (
    organisation_id uuid    NOT NULL REFERENCES organisations (id),
    prefix          text    NOT NULL,
    year            integer NOT NULL,
    last            bigint  NOT NULL CHECK (last > 0),
    PRIMARY KEY (organisation_id, prefix, year)
);
