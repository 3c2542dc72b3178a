CREATE TABLE journal_entries (
    id              uuid        NOT NULL PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    -- Set once by the sequencer, gap-free per organisation; NULL until then.
    position        bigint CHECK (position >= 0),
    recorded_at     timestamptz NOT NULL,
    actor_kind      text        NOT NULL,
    actor_id        uuid,
    action          text        NOT NULL,
    object_kind     text        NOT NULL,
    object_id       uuid        NOT NULL,
    object_version  bigint      NOT NULL,
    -- The exact bytes that are hashed.
    leaf            bytea       NOT NULL,
    leaf_hash       bytea       NOT NULL CHECK (length(leaf_hash) = 32),
    -- What people read; may be redacted by law, the leaf holds its hash.
    detail          text,
    detail_salt     bytea,
    UNIQUE (organisation_id, position)
);
CREATE INDEX journal_entries_by_object ON journal_entries (organisation_id, object_kind, object_id, object_version);

CREATE TABLE journal_queue (
    entry_id        uuid NOT NULL PRIMARY KEY REFERENCES journal_entries (id),
    organisation_id uuid NOT NULL
);

CREATE FUNCTION journal_entries_are_never_deleted() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'journal entries are never deleted'; END $$;
CREATE TRIGGER journal_entries_are_never_deleted BEFORE DELETE ON journal_entries
FOR EACH ROW EXECUTE FUNCTION journal_entries_are_never_deleted();

CREATE FUNCTION journal_entries_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'journal entries are never changed'; END $$;
CREATE TRIGGER journal_entries_are_never_changed BEFORE UPDATE ON journal_entries
FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.organisation_id <> OLD.organisation_id OR NEW.leaf <> OLD.leaf
  OR NEW.leaf_hash <> OLD.leaf_hash OR NEW.recorded_at <> OLD.recorded_at OR NEW.action <> OLD.action
  OR NEW.actor_kind <> OLD.actor_kind OR NEW.actor_id IS DISTINCT FROM OLD.actor_id
  OR NEW.object_kind <> OLD.object_kind OR NEW.object_id <> OLD.object_id OR NEW.object_version <> OLD.object_version
  OR (OLD.position IS NOT NULL AND NEW.position IS DISTINCT FROM OLD.position))
EXECUTE FUNCTION journal_entries_are_never_changed();

-- No entry is written that the sequencer would not find.
CREATE FUNCTION journal_entries_are_queued() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO journal_queue (entry_id, organisation_id) VALUES (NEW.id, NEW.organisation_id); RETURN NULL; END $$;
CREATE TRIGGER journal_entries_are_queued AFTER INSERT ON journal_entries
FOR EACH ROW EXECUTE FUNCTION journal_entries_are_queued();
