-- Inputs of management reviews as they were frozen. Never changed, never deleted: the review binds each by its digest.
CREATE TABLE review_snapshots (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    review_id       BLOB    NOT NULL REFERENCES management_reviews (id),
    number          INTEGER NOT NULL CHECK (number > 0),
    -- Canonical JSON (RFC 8785).
    content         TEXT    NOT NULL,
    PRIMARY KEY (organisation_id, review_id, number)
) STRICT;
