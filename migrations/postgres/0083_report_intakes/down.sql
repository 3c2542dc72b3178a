DROP TABLE report_intakes;
