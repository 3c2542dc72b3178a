-- What an indicator is computed of others by; NULL of one whose figures are sent, or counted.
ALTER TABLE indicators ADD COLUMN expression text;
CREATE INDEX indicators_computed ON indicators (organisation_id, stage) WHERE expression IS NOT NULL;

-- Machinery: how far each active one of them is computed, and what is to be computed anew.
CREATE TABLE formula_runs (
    indicator_id    uuid        NOT NULL PRIMARY KEY REFERENCES indicators (id),
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    -- Periods that begin before it were looked at.
    computed_until  timestamptz NOT NULL,
    -- Between which moments figures of its sources have changed since.
    touched_from    timestamptz,
    touched_until   timestamptz,
    -- When there is something to compute.
    due_at          timestamptz NOT NULL,
    CHECK ((touched_from IS NULL) = (touched_until IS NULL))
);
CREATE INDEX formula_runs_due ON formula_runs (due_at);
