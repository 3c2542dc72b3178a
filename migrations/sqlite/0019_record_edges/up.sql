-- What records are to each other, drawn by the store from what the records themselves say. `record_id` says it.
CREATE TABLE record_edges (
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    record_id       BLOB NOT NULL CHECK (length(record_id) = 16),
    from_kind       TEXT NOT NULL,
    from_id         BLOB NOT NULL CHECK (length(from_id) = 16),
    relation        TEXT NOT NULL CHECK (relation IN ('raised', 'addresses', 'caused_by', 'recurrence_of', 'evidence_for', 'verified_by', 'supersedes', 'duplicates', 'relates_to')),
    to_kind         TEXT NOT NULL,
    to_id           BLOB NOT NULL CHECK (length(to_id) = 16),
    PRIMARY KEY (organisation_id, record_id, from_id, relation, to_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_edges_by_start ON record_edges (organisation_id, from_id);
CREATE INDEX record_edges_by_end ON record_edges (organisation_id, to_id);
