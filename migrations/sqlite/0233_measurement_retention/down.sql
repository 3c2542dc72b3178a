ALTER TABLE measured_indicators DROP COLUMN removed_until;
DROP INDEX indicators_retained;
ALTER TABLE indicators DROP COLUMN retention_days;
