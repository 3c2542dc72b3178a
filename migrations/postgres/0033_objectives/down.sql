DROP TABLE objectives;
