DROP TABLE ticket_links;
DROP TABLE ticket_positions;
DROP TABLE ticket_progress;
DROP TABLE ticket_secrets;
DROP TABLE ticket_connections;
