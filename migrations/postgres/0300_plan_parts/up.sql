-- Which record was made of which item, or task, of another's plan of action: the same again makes nothing again.
CREATE TABLE plan_parts (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    -- Its id in that plan.
    part            uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('nonconformity', 'action')),
    record_id       uuid NOT NULL,
    PRIMARY KEY (organisation_id, kind, part)
);
