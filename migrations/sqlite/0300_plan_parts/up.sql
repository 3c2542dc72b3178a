-- Which record was made of which item, or task, of another's plan of action: the same again makes nothing again.
CREATE TABLE plan_parts (
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    -- Its id in that plan.
    part            BLOB NOT NULL CHECK (length(part) = 16),
    kind            TEXT NOT NULL CHECK (kind IN ('nonconformity', 'action')),
    record_id       BLOB NOT NULL CHECK (length(record_id) = 16),
    PRIMARY KEY (organisation_id, kind, part)
) STRICT, WITHOUT ROWID;
