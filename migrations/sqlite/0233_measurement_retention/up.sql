-- For how many days measurements are kept; NULL of those that are kept for ever.
ALTER TABLE indicators ADD COLUMN retention_days INTEGER;
CREATE INDEX indicators_retained ON indicators (organisation_id, id) WHERE retention_days IS NOT NULL;

-- Machinery: the latest moment of which a measurement was removed. Hours and days so far back say what was measured, and there may
-- be nothing left of which they could be made anew.
ALTER TABLE measured_indicators ADD COLUMN removed_until INTEGER;
