DROP TABLE built_in_days;
DROP INDEX indicators_built_in;
ALTER TABLE indicators DROP COLUMN built_in;
