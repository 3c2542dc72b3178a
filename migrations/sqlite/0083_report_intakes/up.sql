-- What has come through the public report link and waits for the hour: under a random id, without a time, and with the
-- hash of the follow-up code alone. Rows lie in the order of their ids, not of their arrival.
CREATE TABLE report_intakes (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    code_hash       BLOB NOT NULL CHECK (length(code_hash) = 32),
    -- The report, or what its reporter answers, as JSON.
    body            TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- One report or one answer of a reporter waits at a time.
CREATE UNIQUE INDEX report_intakes_by_code ON report_intakes (organisation_id, code_hash);
