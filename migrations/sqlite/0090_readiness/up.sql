-- How ready each organisation was, day by day: written once, never changed.
CREATE TABLE readiness_days (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    day             TEXT    NOT NULL,
    -- In per cent; none where nothing could be asked.
    score           INTEGER CHECK (score BETWEEN 0 AND 100),
    -- What every check came to, as JSON.
    content         TEXT    NOT NULL,
    PRIMARY KEY (organisation_id, day)
) STRICT;
-- Counted by where they stand without reading the rows themselves.
CREATE INDEX actions_by_stage ON actions (organisation_id, stage, kind, due_on, id);
CREATE INDEX signals_by_stage ON signals (organisation_id, stage, kind, id);
CREATE INDEX training_assignments_by_stage ON training_assignments (organisation_id, stage, id);
