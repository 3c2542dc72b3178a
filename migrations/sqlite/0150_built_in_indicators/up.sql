-- Which of the built-in indicators it is: those that the program measures by itself. Each organisation has each of them once.
ALTER TABLE indicators ADD COLUMN built_in TEXT CHECK (built_in IN ('open_nonconformities', 'days_to_close_nonconformity', 'overdue_actions', 'actions_verified_effective', 'recurrence_rate', 'audit_programme_completion', 'acknowledgement_coverage', 'training_completion', 'employee_report_rate', 'hours_to_answer_report', 'improvements_realised', 'hours_to_contain_incident', 'days_since_management_review'));
CREATE UNIQUE INDEX indicators_built_in ON indicators (organisation_id, built_in) WHERE built_in IS NOT NULL;

-- Machinery: the days of which the built-in indicators were measured, so that two replicas measure a day once, also one of
-- which there was nothing to measure.
CREATE TABLE built_in_days (
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    day             TEXT NOT NULL,
    PRIMARY KEY (organisation_id, day)
) STRICT, WITHOUT ROWID;
