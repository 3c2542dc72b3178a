-- Drafts made by mistake: a stage more.
ALTER TABLE policies DROP CONSTRAINT policies_stage_check;
ALTER TABLE policies ADD CONSTRAINT policies_stage_check
    CHECK (stage IN ('draft', 'published', 'retired', 'void'));
ALTER TABLE audit_programmes DROP CONSTRAINT audit_programmes_stage_check;
ALTER TABLE audit_programmes ADD CONSTRAINT audit_programmes_stage_check
    CHECK (stage IN ('draft', 'approved', 'closed', 'void'));
ALTER TABLE indicators DROP CONSTRAINT indicators_stage_check;
ALTER TABLE indicators ADD CONSTRAINT indicators_stage_check
    CHECK (stage IN ('draft', 'active', 'retired', 'void'));
