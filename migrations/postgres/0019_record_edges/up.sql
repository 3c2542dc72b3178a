-- What records are to each other, drawn by the store from what the records themselves say. `record_id` says it.
CREATE TABLE record_edges (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    record_id       uuid NOT NULL,
    from_kind       text NOT NULL,
    from_id         uuid NOT NULL,
    relation        text NOT NULL CHECK (relation IN ('raised', 'addresses', 'caused_by', 'recurrence_of', 'evidence_for', 'verified_by', 'supersedes', 'duplicates', 'relates_to')),
    to_kind         text NOT NULL,
    to_id           uuid NOT NULL,
    PRIMARY KEY (organisation_id, record_id, from_id, relation, to_id)
);
CREATE INDEX record_edges_by_start ON record_edges (organisation_id, from_id);
CREATE INDEX record_edges_by_end ON record_edges (organisation_id, to_id);
