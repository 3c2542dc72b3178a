-- What lies elsewhere cannot be said any more: its hash stands for a file that nobody has.
UPDATE evidence SET sha256 = repeat('0', 64) WHERE sha256 IS NULL;
ALTER TABLE evidence ALTER COLUMN sha256 SET NOT NULL;
