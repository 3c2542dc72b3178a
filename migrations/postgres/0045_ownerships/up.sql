-- Who answered for what, and from when until when, kept by the store from what the records themselves say. A former owner
-- is not forgotten: impartiality looks a year back.
CREATE TABLE ownerships (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    record_id       uuid        NOT NULL,
    member_id       uuid        NOT NULL,
    -- The clause or control that is answered for by owning the record; empty for the record itself.
    requirement     text        NOT NULL,
    -- The record's version that said so first.
    from_version    bigint      NOT NULL CHECK (from_version > 0),
    owned_from      timestamptz NOT NULL,
    owned_until     timestamptz,
    PRIMARY KEY (organisation_id, record_id, member_id, requirement, from_version)
);
CREATE INDEX ownerships_by_requirement ON ownerships (organisation_id, requirement) WHERE requirement <> '';
