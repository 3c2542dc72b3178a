-- What came in and no rule matched: machinery, bounded for each organisation, without entries in the journal.
CREATE TABLE ingest_unmatched (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    -- SHA-256, hexadecimal, of door, metric and labels.
    series_key      TEXT    NOT NULL,
    id              BLOB    NOT NULL CHECK (length(id) = 16),
    door            TEXT    NOT NULL CHECK (door IN ('otlp', 'prometheus', 'influx', 'cloudevents')),
    metric          TEXT    NOT NULL,
    -- A JSON object.
    labels          TEXT    NOT NULL,
    seen            INTEGER NOT NULL CHECK (seen > 0),
    first_at        INTEGER NOT NULL,
    last_at         INTEGER NOT NULL,
    last_value      REAL    NOT NULL,
    PRIMARY KEY (organisation_id, series_key)
) STRICT;
CREATE UNIQUE INDEX ingest_unmatched_by_id ON ingest_unmatched (organisation_id, id);
CREATE INDEX ingest_unmatched_by_age ON ingest_unmatched (organisation_id, last_at);
