-- Those of one clause or control, the newest first: what is similar, and what a list is narrowed to.
CREATE INDEX nonconformities_by_requirement ON nonconformities (organisation_id, requirement, id);
