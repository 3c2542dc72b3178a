DROP TABLE used_id_tokens;
DROP TABLE member_identities;
ALTER TABLE members DROP COLUMN identities;
DROP TABLE identity_providers;
