-- Until when a member holds a role, and how far it reaches; and to whom the member has delegated.
ALTER TABLE members ADD COLUMN terms text NOT NULL DEFAULT '[]';
ALTER TABLE members ADD COLUMN delegations text NOT NULL DEFAULT '[]';
-- Who stands in for whom and when, kept by the store from what the members themselves say: looked up by who stands in.
CREATE TABLE delegations (
    organisation_id uuid    NOT NULL REFERENCES organisations (id),
    member_id       uuid    NOT NULL REFERENCES members (id),
    number          bigint  NOT NULL CHECK (number >= 0),
    delegate_id     uuid    NOT NULL,
    begins_on       text    NOT NULL,
    ends_on         text    NOT NULL,
    is_ended        boolean NOT NULL,
    PRIMARY KEY (organisation_id, member_id, number)
);
CREATE INDEX delegations_by_delegate ON delegations (organisation_id, delegate_id);
