-- Drafts made by mistake: a stage more. SQLite changes a CHECK only in the text of its schema
-- (https://www.sqlite.org/lang_altertable.html, "other kinds of table schema changes"): rows stay as they are.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '(''draft'', ''published'', ''retired'')', '(''draft'', ''published'', ''retired'', ''void'')')
WHERE type = 'table' AND name = 'policies';
UPDATE sqlite_schema SET sql = replace(sql, '(''draft'', ''approved'', ''closed'')', '(''draft'', ''approved'', ''closed'', ''void'')')
WHERE type = 'table' AND name = 'audit_programmes';
UPDATE sqlite_schema SET sql = replace(sql, '(''draft'', ''active'', ''retired'')', '(''draft'', ''active'', ''retired'', ''void'')')
WHERE type = 'table' AND name = 'indicators';
PRAGMA writable_schema = RESET;
