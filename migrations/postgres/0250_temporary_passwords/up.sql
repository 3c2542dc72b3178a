-- Until when a password opens anything that its owner did not choose; null where nothing ends it.
ALTER TABLE accounts ADD COLUMN password_until timestamptz;
