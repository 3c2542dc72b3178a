ALTER TABLE measurements RENAME TO later_measurements;
CREATE TABLE measurements (
    organisation_id BLOB             NOT NULL REFERENCES organisations (id),
    batch_id        BLOB             NOT NULL REFERENCES measurement_batches (id),
    number          INTEGER           NOT NULL,
    indicator_id    BLOB             NOT NULL REFERENCES indicators (id),
    series          TEXT             NOT NULL,
    observed_at     INTEGER      NOT NULL,
    value           REAL,
    numerator       REAL,
    denominator     REAL CHECK (denominator > 0),
    note            TEXT,
    standing        TEXT             NOT NULL CHECK (standing IN ('live', 'superseded', 'withdrawn')),
    PRIMARY KEY (organisation_id, batch_id, number),
    CHECK ((value IS NULL) = (numerator IS NOT NULL) AND (numerator IS NULL) = (denominator IS NULL))
) STRICT;
INSERT INTO measurements
SELECT origin.organisation_id, origin.batch_id, kept.number, measured.indicator_id, series.dimensions, kept.observed_at,
    CASE WHEN kept.denominator IS NULL THEN kept.value END, CASE WHEN kept.denominator IS NOT NULL THEN kept.value END,
    kept.denominator, note.note, kept.standing
FROM (
    SELECT measured_id, observed_at, series_id, value, denominator, origin_id, number, 'live' AS standing
    FROM later_measurements
    UNION ALL
    SELECT measured_id, observed_at, series_id, value, denominator, origin_id, number, standing FROM past_measurements
) AS kept
JOIN measured_indicators AS measured ON measured.id = kept.measured_id
JOIN measurement_series AS series ON series.id = kept.series_id
JOIN measurement_origins AS origin ON origin.id = kept.origin_id
LEFT JOIN measurement_notes AS note ON note.origin_id = kept.origin_id AND note.number = kept.number;
CREATE UNIQUE INDEX measurements_live ON measurements (organisation_id, indicator_id, observed_at, series)
WHERE standing = 'live';
DROP TABLE measurement_rollups;
DROP TABLE measurement_notes;
DROP TABLE past_measurements;
DROP TABLE later_measurements;
DROP TABLE measurement_origins;
DROP TABLE measurement_series;
DROP TABLE measured_indicators;
