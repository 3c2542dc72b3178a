-- What came in and no rule matched: machinery, bounded for each organisation, without entries in the journal.
CREATE TABLE ingest_unmatched (
    organisation_id uuid             NOT NULL REFERENCES organisations (id),
    -- SHA-256, hexadecimal, of door, metric and labels.
    series_key      text             NOT NULL,
    id              uuid             NOT NULL,
    door            text             NOT NULL CHECK (door IN ('otlp', 'prometheus', 'influx', 'cloudevents')),
    metric          text             NOT NULL,
    -- A JSON object.
    labels          text             NOT NULL,
    seen            bigint           NOT NULL CHECK (seen > 0),
    first_at        timestamptz      NOT NULL,
    last_at         timestamptz      NOT NULL,
    last_value      double precision NOT NULL,
    PRIMARY KEY (organisation_id, series_key)
);
CREATE UNIQUE INDEX ingest_unmatched_by_id ON ingest_unmatched (organisation_id, id);
CREATE INDEX ingest_unmatched_by_age ON ingest_unmatched (organisation_id, last_at);
