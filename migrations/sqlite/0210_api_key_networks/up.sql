-- From where a key may be used; from everywhere where it is empty.
ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '';
-- When a key was used last: a use is no write of the key.
CREATE TABLE api_key_uses (
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    api_key_id      BLOB NOT NULL REFERENCES api_keys (id),
    last_used_at    INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, api_key_id)
) STRICT;
