DROP TABLE competences;
