-- Records raised by mistake: two stages more, and whoever reported a duplicate. SQLite changes a CHECK only in the text
-- of its schema (https://www.sqlite.org/lang_altertable.html, "other kinds of table schema changes"): rows stay as they are.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '(''reported'', ''rejected'', ''confirmed'', ''analysed'', ''planned'', ''verifying'', ''verified'', ''closed'')', '(''reported'', ''rejected'', ''confirmed'', ''analysed'', ''planned'', ''verifying'', ''verified'', ''closed'', ''void'', ''duplicate'')')
WHERE type = 'table' AND name = 'nonconformities';
UPDATE sqlite_schema SET sql = replace(sql, '(''reported'', ''not_an_incident'', ''triaged'', ''contained'', ''resolved'', ''reviewed'', ''closed'')', '(''reported'', ''not_an_incident'', ''triaged'', ''contained'', ''resolved'', ''reviewed'', ''closed'', ''void'', ''duplicate'')')
WHERE type = 'table' AND name = 'incidents';
UPDATE sqlite_schema SET sql = replace(sql, '(''reported'', ''rejected'', ''assessed'', ''treating'', ''accepted'', ''closed'')', '(''reported'', ''rejected'', ''assessed'', ''treating'', ''accepted'', ''closed'', ''void'', ''duplicate'')')
WHERE type = 'table' AND name = 'weaknesses';
UPDATE sqlite_schema SET sql = replace(sql, '(''proposed'', ''declined'', ''accepted'', ''planned'', ''in_progress'', ''measuring'', ''realised'', ''not_realised'')', '(''proposed'', ''declined'', ''accepted'', ''planned'', ''in_progress'', ''measuring'', ''realised'', ''not_realised'', ''void'', ''duplicate'')')
WHERE type = 'table' AND name = 'improvements';
UPDATE sqlite_schema SET sql = replace(sql, '(''identified'', ''assessed'', ''treated'', ''accepted'', ''retired'')', '(''identified'', ''assessed'', ''treated'', ''accepted'', ''retired'', ''void'')')
WHERE type = 'table' AND name = 'risks';
PRAGMA writable_schema = RESET;
ALTER TABLE nonconformities ADD COLUMN also_reported_by TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN also_reported_by TEXT NOT NULL DEFAULT '';
ALTER TABLE weaknesses ADD COLUMN also_reported_by TEXT NOT NULL DEFAULT '';
ALTER TABLE improvements ADD COLUMN also_reported_by TEXT NOT NULL DEFAULT '';
