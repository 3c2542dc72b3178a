-- Who is named for what on records that are not over, kept by the store from what the records themselves say: what a member
-- who leaves has to leave to others.
CREATE TABLE responsibilities (
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    record_id       BLOB NOT NULL CHECK (length(record_id) = 16),
    part            TEXT NOT NULL CHECK (part IN ('owner', 'assignee', 'collector', 'analyst', 'author', 'chair', 'lead_auditor', 'auditor')),
    member_id       BLOB NOT NULL CHECK (length(member_id) = 16),
    kind            TEXT NOT NULL,
    PRIMARY KEY (organisation_id, record_id, part, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX responsibilities_by_member ON responsibilities (organisation_id, member_id, record_id);
