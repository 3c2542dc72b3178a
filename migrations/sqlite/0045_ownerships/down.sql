DROP TABLE ownerships;
