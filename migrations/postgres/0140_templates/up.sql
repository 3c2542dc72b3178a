-- Which record was made of which template: applying a set once more does not make it twice, whatever the record is called by
-- then.
CREATE TABLE template_uses (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    template        text NOT NULL,
    -- Of the kind that the template makes.
    record_id       uuid NOT NULL,
    PRIMARY KEY (organisation_id, template)
);
