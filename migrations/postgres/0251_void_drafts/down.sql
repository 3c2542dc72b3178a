ALTER TABLE policies DROP CONSTRAINT policies_stage_check;
ALTER TABLE policies ADD CONSTRAINT policies_stage_check
    CHECK (stage IN ('draft', 'published', 'retired'));
ALTER TABLE audit_programmes DROP CONSTRAINT audit_programmes_stage_check;
ALTER TABLE audit_programmes ADD CONSTRAINT audit_programmes_stage_check
    CHECK (stage IN ('draft', 'approved', 'closed'));
