-- Whether a member wants the daily digest.
ALTER TABLE members ADD COLUMN digest INTEGER NOT NULL DEFAULT 1 CHECK (digest IN (0, 1));
-- Whose digest of a day was taken in hand, and what became of it. The row is there before the e-mail leaves, so that a
-- program that dies in between sends none rather than two. Old days are forgotten.
CREATE TABLE digests (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    member_id       BLOB    NOT NULL CHECK (length(member_id) = 16),
    -- By the organisation's time zone.
    day             TEXT    NOT NULL,
    claimed_at      INTEGER NOT NULL,
    outcome         TEXT    NOT NULL CHECK (outcome IN ('claimed', 'sent', 'empty', 'refused')),
    PRIMARY KEY (organisation_id, member_id, day)
) STRICT, WITHOUT ROWID;
