DROP TABLE record_edges;
