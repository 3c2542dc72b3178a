-- The part of the organisation in which a member works.
ALTER TABLE members ADD COLUMN unit text;
CREATE INDEX members_by_unit ON members (organisation_id, unit) WHERE unit IS NOT NULL;
