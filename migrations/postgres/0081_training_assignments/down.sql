DROP TABLE training_assignments;
