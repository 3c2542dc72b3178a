DROP TABLE nonconformities;
