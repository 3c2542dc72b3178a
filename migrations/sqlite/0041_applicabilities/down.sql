DROP TABLE applicabilities;
