-- Whether a member wants the daily digest.
ALTER TABLE members ADD COLUMN digest boolean NOT NULL DEFAULT true;
-- Whose digest of a day was taken in hand, and what became of it. The row is there before the e-mail leaves, so that a
-- program that dies in between sends none rather than two. Old days are forgotten.
CREATE TABLE digests (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    member_id       uuid        NOT NULL,
    -- By the organisation's time zone.
    day             text        NOT NULL,
    claimed_at      timestamptz NOT NULL,
    outcome         text        NOT NULL CHECK (outcome IN ('claimed', 'sent', 'empty', 'refused')),
    PRIMARY KEY (organisation_id, member_id, day)
);
