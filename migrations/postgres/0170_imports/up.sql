-- Which record was brought in as which entry of another register: the same entry again makes nothing again.
CREATE TABLE imports (
    organisation_id    uuid NOT NULL REFERENCES organisations (id),
    kind               text NOT NULL,
    external_reference text NOT NULL,
    record_id          uuid NOT NULL,
    -- SHA-256, hexadecimal, of the row as it was read.
    digest             text NOT NULL CHECK (length(digest) = 64),
    raised_on          text NOT NULL,
    -- Of those that had ended.
    ended_on           text,
    PRIMARY KEY (organisation_id, kind, external_reference)
);
-- Whether a record was brought in, and when what it tells of had ended.
CREATE UNIQUE INDEX imports_by_record ON imports (organisation_id, record_id, ended_on);
