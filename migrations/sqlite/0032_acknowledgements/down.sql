DROP TABLE acknowledgements;
