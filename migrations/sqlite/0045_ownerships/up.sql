-- Who answered for what, and from when until when, kept by the store from what the records themselves say. A former owner
-- is not forgotten: impartiality looks a year back.
CREATE TABLE ownerships (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    record_id       BLOB    NOT NULL CHECK (length(record_id) = 16),
    member_id       BLOB    NOT NULL CHECK (length(member_id) = 16),
    -- The clause or control that is answered for by owning the record; empty for the record itself.
    requirement     TEXT    NOT NULL,
    -- The record's version that said so first.
    from_version    INTEGER NOT NULL CHECK (from_version > 0),
    owned_from      INTEGER NOT NULL,
    owned_until     INTEGER,
    PRIMARY KEY (organisation_id, record_id, member_id, requirement, from_version)
) STRICT, WITHOUT ROWID;
CREATE INDEX ownerships_by_requirement ON ownerships (organisation_id, requirement) WHERE requirement <> '';
