-- Which record was made of which template: applying a set once more does not make it twice, whatever the record is called by
-- then.
CREATE TABLE template_uses (
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    template        TEXT NOT NULL,
    -- Of the kind that the template makes.
    record_id       BLOB NOT NULL CHECK (length(record_id) = 16),
    PRIMARY KEY (organisation_id, template)
) STRICT, WITHOUT ROWID;
