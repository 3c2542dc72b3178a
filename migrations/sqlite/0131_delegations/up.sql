-- Until when a member holds a role, and how far it reaches; and to whom the member has delegated.
ALTER TABLE members ADD COLUMN terms TEXT NOT NULL DEFAULT '[]';
ALTER TABLE members ADD COLUMN delegations TEXT NOT NULL DEFAULT '[]';
-- Who stands in for whom and when, kept by the store from what the members themselves say: looked up by who stands in.
CREATE TABLE delegations (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    member_id       BLOB    NOT NULL REFERENCES members (id),
    number          INTEGER NOT NULL CHECK (number >= 0),
    delegate_id     BLOB    NOT NULL CHECK (length(delegate_id) = 16),
    begins_on       TEXT    NOT NULL,
    ends_on         TEXT    NOT NULL,
    is_ended        INTEGER NOT NULL CHECK (is_ended IN (0, 1)),
    PRIMARY KEY (organisation_id, member_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX delegations_by_delegate ON delegations (organisation_id, delegate_id);
