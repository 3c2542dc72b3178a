-- What stands in every row is named by a small number: a measurement takes 36 bytes where it took 280.
CREATE TABLE measured_indicators (
    id              INTEGER NOT NULL PRIMARY KEY,
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    indicator_id    BLOB    NOT NULL UNIQUE REFERENCES indicators (id)
) STRICT;

CREATE TABLE measurement_series (
    id          INTEGER NOT NULL PRIMARY KEY,
    measured_id INTEGER NOT NULL REFERENCES measured_indicators (id),
    -- As one text; empty without any.
    dimensions  TEXT    NOT NULL,
    UNIQUE (measured_id, dimensions)
) STRICT;

CREATE TABLE measurement_origins (
    id              INTEGER NOT NULL PRIMARY KEY,
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    batch_id        BLOB    NOT NULL UNIQUE REFERENCES measurement_batches (id),
    recorded_at     INTEGER NOT NULL,
    -- Where its measurements are to be looked for.
    observed_from   INTEGER NOT NULL,
    observed_until  INTEGER NOT NULL
) STRICT;

ALTER TABLE measurements RENAME TO earlier_measurements;
DROP INDEX measurements_live;
CREATE INDEX earlier_by_key ON earlier_measurements (indicator_id, series, observed_at, batch_id, number);

-- What counts, in the order of time. Without foreign keys: asking them costs a tenth of a bulk load, and
-- `journal verify` misses what names nothing.
CREATE TABLE measurements (
    measured_id INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    series_id   INTEGER NOT NULL,
    -- Of a ratio the numerator.
    value       REAL    NOT NULL,
    denominator REAL CHECK (denominator > 0),
    origin_id   INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    PRIMARY KEY (measured_id, observed_at, series_id)
) STRICT, WITHOUT ROWID;

-- What counted once. Never changed, never deleted.
CREATE TABLE past_measurements (
    measured_id INTEGER NOT NULL REFERENCES measured_indicators (id),
    observed_at INTEGER NOT NULL,
    series_id   INTEGER NOT NULL REFERENCES measurement_series (id),
    value       REAL    NOT NULL,
    denominator REAL CHECK (denominator > 0),
    origin_id   INTEGER NOT NULL REFERENCES measurement_origins (id),
    number      INTEGER NOT NULL,
    standing    TEXT    NOT NULL CHECK (standing IN ('superseded', 'withdrawn')),
    -- Until when it counted.
    ended_at    INTEGER NOT NULL,
    PRIMARY KEY (measured_id, observed_at, origin_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE measurement_notes (
    origin_id INTEGER NOT NULL REFERENCES measurement_origins (id),
    number    INTEGER NOT NULL,
    note      TEXT    NOT NULL,
    PRIMARY KEY (origin_id, number)
) STRICT, WITHOUT ROWID;

-- Machinery: what counts of a series in an hour and in a day (UTC), kept true in the transaction that changes it.
CREATE TABLE measurement_rollups (
    series_id    INTEGER NOT NULL REFERENCES measurement_series (id),
    step         TEXT    NOT NULL CHECK (step IN ('hour', 'day')),
    starts_at    INTEGER NOT NULL,
    count        INTEGER NOT NULL CHECK (count > 0),
    mean         REAL    NOT NULL,
    -- The sum of the squared distances from the mean.
    deviations   REAL    NOT NULL,
    least        REAL    NOT NULL,
    greatest     REAL    NOT NULL,
    newest_at    INTEGER NOT NULL,
    newest       REAL    NOT NULL,
    -- Of a ratio: the sums of both parts.
    numerators   REAL,
    denominators REAL,
    PRIMARY KEY (series_id, step, starts_at)
) STRICT, WITHOUT ROWID;

INSERT INTO measured_indicators (organisation_id, indicator_id)
SELECT DISTINCT organisation_id, indicator_id FROM earlier_measurements ORDER BY indicator_id;

INSERT INTO measurement_series (measured_id, dimensions)
SELECT DISTINCT measured.id, earlier.series
FROM earlier_measurements AS earlier JOIN measured_indicators AS measured ON measured.indicator_id = earlier.indicator_id
ORDER BY measured.id, earlier.series;

INSERT INTO measurement_origins (organisation_id, batch_id, recorded_at, observed_from, observed_until)
SELECT batch.organisation_id, batch.id, batch.created_at, min(earlier.observed_at), max(earlier.observed_at)
FROM earlier_measurements AS earlier JOIN measurement_batches AS batch ON batch.id = earlier.batch_id
GROUP BY batch.id ORDER BY batch.created_at, batch.id;

INSERT INTO measurements
SELECT measured.id, earlier.observed_at, series.id, coalesce(earlier.value, earlier.numerator), earlier.denominator,
    origin.id, earlier.number
FROM earlier_measurements AS earlier
JOIN measured_indicators AS measured ON measured.indicator_id = earlier.indicator_id
JOIN measurement_series AS series ON series.measured_id = measured.id AND series.dimensions = earlier.series
JOIN measurement_origins AS origin ON origin.batch_id = earlier.batch_id
WHERE earlier.standing = 'live' ORDER BY 1, 2, 3;

-- A superseded one counted until the next of its key was recorded; a withdrawn one until its batch was written last.
INSERT INTO past_measurements
SELECT measured.id, earlier.observed_at, series.id, coalesce(earlier.value, earlier.numerator), earlier.denominator,
    origin.id, earlier.number, earlier.standing,
    coalesce(CASE earlier.standing WHEN 'superseded' THEN (
        SELECT min(following.created_at)
        FROM earlier_measurements AS later JOIN measurement_batches AS following ON following.id = later.batch_id
        WHERE later.indicator_id = earlier.indicator_id AND later.series = earlier.series
        AND later.observed_at = earlier.observed_at
        AND (later.batch_id > earlier.batch_id OR (later.batch_id = earlier.batch_id AND later.number > earlier.number))
    ) END, batch.updated_at)
FROM earlier_measurements AS earlier
JOIN measured_indicators AS measured ON measured.indicator_id = earlier.indicator_id
JOIN measurement_series AS series ON series.measured_id = measured.id AND series.dimensions = earlier.series
JOIN measurement_origins AS origin ON origin.batch_id = earlier.batch_id
JOIN measurement_batches AS batch ON batch.id = earlier.batch_id
WHERE earlier.standing <> 'live';

INSERT INTO measurement_notes
SELECT origin.id, earlier.number, earlier.note
FROM earlier_measurements AS earlier JOIN measurement_origins AS origin ON origin.batch_id = earlier.batch_id
WHERE earlier.note IS NOT NULL;

WITH steps (step, width) AS (VALUES ('hour', 3600000000), ('day', 86400000000)),
figures AS (
    SELECT series_id, step, observed_at - observed_at % width AS starts_at, observed_at, value AS part, denominator,
        value / coalesce(denominator, 1.0) AS quotient
    FROM measurements, steps
),
means AS (
    SELECT series_id, step, starts_at, count(*) AS count, avg(quotient) AS mean, min(quotient) AS least,
        max(quotient) AS greatest, max(observed_at) AS newest_at,
        CASE WHEN count(denominator) > 0 THEN sum(part) END AS numerators, sum(denominator) AS denominators
    FROM figures GROUP BY series_id, step, starts_at
)
INSERT INTO measurement_rollups
SELECT means.series_id, means.step, means.starts_at, means.count, means.mean,
    sum(CASE WHEN abs(figures.quotient - means.mean) < 1e-150 THEN 0 ELSE
        (figures.quotient - means.mean) * (figures.quotient - means.mean) END), means.least, means.greatest, means.newest_at,
    max(CASE WHEN figures.observed_at = means.newest_at THEN figures.quotient END), means.numerators, means.denominators
FROM means JOIN figures
ON figures.series_id = means.series_id AND figures.step = means.step AND figures.starts_at = means.starts_at
GROUP BY means.series_id, means.step, means.starts_at;

DROP TABLE earlier_measurements;
