DROP TABLE journal_instances;
DROP TABLE journal_checkpoints;
DROP TABLE journal_tiles;
DROP TABLE journal_heads;
