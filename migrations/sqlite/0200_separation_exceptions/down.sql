DROP TABLE separation_exceptions;
