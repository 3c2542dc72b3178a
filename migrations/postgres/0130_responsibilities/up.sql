-- Who is named for what on records that are not over, kept by the store from what the records themselves say: what a member
-- who leaves has to leave to others.
CREATE TABLE responsibilities (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    record_id       uuid NOT NULL,
    part            text NOT NULL CHECK (part IN ('owner', 'assignee', 'collector', 'analyst', 'author', 'chair', 'lead_auditor', 'auditor')),
    member_id       uuid NOT NULL,
    kind            text NOT NULL,
    PRIMARY KEY (organisation_id, record_id, part, member_id)
);
CREATE INDEX responsibilities_by_member ON responsibilities (organisation_id, member_id, record_id);
