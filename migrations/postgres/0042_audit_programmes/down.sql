DROP TABLE audit_programmes;
