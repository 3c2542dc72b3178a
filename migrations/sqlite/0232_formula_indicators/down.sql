DROP TABLE formula_runs;
DROP INDEX indicators_computed;
ALTER TABLE indicators DROP COLUMN expression;
