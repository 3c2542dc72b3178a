-- Records raised by mistake: two stages more, and whoever reported a duplicate.
ALTER TABLE nonconformities DROP CONSTRAINT nonconformities_stage_check;
ALTER TABLE nonconformities ADD CONSTRAINT nonconformities_stage_check
    CHECK (stage IN ('reported', 'rejected', 'confirmed', 'analysed', 'planned', 'verifying', 'verified', 'closed', 'void', 'duplicate'));
ALTER TABLE nonconformities ADD COLUMN also_reported_by text NOT NULL DEFAULT '';
ALTER TABLE incidents DROP CONSTRAINT incidents_stage_check;
ALTER TABLE incidents ADD CONSTRAINT incidents_stage_check
    CHECK (stage IN ('reported', 'not_an_incident', 'triaged', 'contained', 'resolved', 'reviewed', 'closed', 'void', 'duplicate'));
ALTER TABLE incidents ADD COLUMN also_reported_by text NOT NULL DEFAULT '';
ALTER TABLE weaknesses DROP CONSTRAINT weaknesses_stage_check;
ALTER TABLE weaknesses ADD CONSTRAINT weaknesses_stage_check
    CHECK (stage IN ('reported', 'rejected', 'assessed', 'treating', 'accepted', 'closed', 'void', 'duplicate'));
ALTER TABLE weaknesses ADD COLUMN also_reported_by text NOT NULL DEFAULT '';
ALTER TABLE improvements DROP CONSTRAINT improvements_stage_check;
ALTER TABLE improvements ADD CONSTRAINT improvements_stage_check
    CHECK (stage IN ('proposed', 'declined', 'accepted', 'planned', 'in_progress', 'measuring', 'realised', 'not_realised', 'void', 'duplicate'));
ALTER TABLE improvements ADD COLUMN also_reported_by text NOT NULL DEFAULT '';
ALTER TABLE risks DROP CONSTRAINT risks_stage_check;
ALTER TABLE risks ADD CONSTRAINT risks_stage_check
    CHECK (stage IN ('identified', 'assessed', 'treated', 'accepted', 'retired', 'void'));
