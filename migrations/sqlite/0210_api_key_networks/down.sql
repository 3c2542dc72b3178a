DROP TABLE api_key_uses;
ALTER TABLE api_keys DROP COLUMN networks;
