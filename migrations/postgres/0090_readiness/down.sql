DROP INDEX training_assignments_by_stage;
DROP INDEX signals_by_stage;
DROP INDEX actions_by_stage;
DROP TABLE readiness_days;
