-- From where a key may be used; from everywhere where it is empty.
ALTER TABLE api_keys ADD COLUMN networks text NOT NULL DEFAULT '';
-- When a key was used last: a use is no write of the key.
CREATE TABLE api_key_uses (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    api_key_id      uuid NOT NULL REFERENCES api_keys (id),
    last_used_at    timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, api_key_id)
);
