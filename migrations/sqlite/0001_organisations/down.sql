DROP TABLE reference_counters;
DROP TABLE organisations;
