DROP TABLE indicator_evaluations;
DROP TABLE indicators;
