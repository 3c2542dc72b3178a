PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '(''draft'', ''published'', ''retired'', ''void'')', '(''draft'', ''published'', ''retired'')')
WHERE type = 'table' AND name = 'policies';
UPDATE sqlite_schema SET sql = replace(sql, '(''draft'', ''approved'', ''closed'', ''void'')', '(''draft'', ''approved'', ''closed'')')
WHERE type = 'table' AND name = 'audit_programmes';
UPDATE sqlite_schema SET sql = replace(sql, '(''draft'', ''active'', ''retired'', ''void'')', '(''draft'', ''active'', ''retired'')')
WHERE type = 'table' AND name = 'indicators';
PRAGMA writable_schema = RESET;
