-- What has come through the public report link and waits for the hour: under a random id, without a time, and with the
-- hash of the follow-up code alone. Rows are gone when they have been taken in.
CREATE TABLE report_intakes (
    id              uuid  NOT NULL PRIMARY KEY,
    organisation_id uuid  NOT NULL REFERENCES organisations (id),
    code_hash       bytea NOT NULL CHECK (length(code_hash) = 32),
    -- The report, or what its reporter answers, as JSON.
    body            text  NOT NULL
);
-- One report or one answer of a reporter waits at a time.
CREATE UNIQUE INDEX report_intakes_by_code ON report_intakes (organisation_id, code_hash);
