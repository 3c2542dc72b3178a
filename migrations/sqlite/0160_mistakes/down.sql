ALTER TABLE improvements DROP COLUMN also_reported_by;
ALTER TABLE weaknesses DROP COLUMN also_reported_by;
ALTER TABLE incidents DROP COLUMN also_reported_by;
ALTER TABLE nonconformities DROP COLUMN also_reported_by;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '(''reported'', ''rejected'', ''confirmed'', ''analysed'', ''planned'', ''verifying'', ''verified'', ''closed'', ''void'', ''duplicate'')', '(''reported'', ''rejected'', ''confirmed'', ''analysed'', ''planned'', ''verifying'', ''verified'', ''closed'')')
WHERE type = 'table' AND name = 'nonconformities';
UPDATE sqlite_schema SET sql = replace(sql, '(''reported'', ''not_an_incident'', ''triaged'', ''contained'', ''resolved'', ''reviewed'', ''closed'', ''void'', ''duplicate'')', '(''reported'', ''not_an_incident'', ''triaged'', ''contained'', ''resolved'', ''reviewed'', ''closed'')')
WHERE type = 'table' AND name = 'incidents';
UPDATE sqlite_schema SET sql = replace(sql, '(''reported'', ''rejected'', ''assessed'', ''treating'', ''accepted'', ''closed'', ''void'', ''duplicate'')', '(''reported'', ''rejected'', ''assessed'', ''treating'', ''accepted'', ''closed'')')
WHERE type = 'table' AND name = 'weaknesses';
UPDATE sqlite_schema SET sql = replace(sql, '(''proposed'', ''declined'', ''accepted'', ''planned'', ''in_progress'', ''measuring'', ''realised'', ''not_realised'', ''void'', ''duplicate'')', '(''proposed'', ''declined'', ''accepted'', ''planned'', ''in_progress'', ''measuring'', ''realised'', ''not_realised'')')
WHERE type = 'table' AND name = 'improvements';
UPDATE sqlite_schema SET sql = replace(sql, '(''identified'', ''assessed'', ''treated'', ''accepted'', ''retired'', ''void'')', '(''identified'', ''assessed'', ''treated'', ''accepted'', ''retired'')')
WHERE type = 'table' AND name = 'risks';
PRAGMA writable_schema = RESET;
