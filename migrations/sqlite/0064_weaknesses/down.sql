DROP TABLE weaknesses;
