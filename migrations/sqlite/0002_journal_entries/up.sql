CREATE TABLE journal_entries (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    -- Set once by the sequencer, gap-free per organisation; NULL until then.
    position        INTEGER CHECK (position >= 0),
    recorded_at     INTEGER NOT NULL,
    actor_kind      TEXT    NOT NULL,
    actor_id        BLOB,
    action          TEXT    NOT NULL,
    object_kind     TEXT    NOT NULL,
    object_id       BLOB    NOT NULL,
    object_version  INTEGER NOT NULL,
    -- The exact bytes that are hashed.
    leaf            BLOB    NOT NULL,
    leaf_hash       BLOB    NOT NULL CHECK (length(leaf_hash) = 32),
    -- What people read; may be redacted by law, the leaf holds its hash.
    detail          TEXT,
    detail_salt     BLOB,
    UNIQUE (organisation_id, position)
) STRICT;
CREATE INDEX journal_entries_by_object ON journal_entries (organisation_id, object_kind, object_id, object_version);

CREATE TABLE journal_queue (
    entry_id        BLOB NOT NULL PRIMARY KEY REFERENCES journal_entries (id),
    organisation_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER journal_entries_are_never_deleted BEFORE DELETE ON journal_entries
BEGIN SELECT RAISE(ABORT, 'journal entries are never deleted'); END;

CREATE TRIGGER journal_entries_are_never_changed BEFORE UPDATE ON journal_entries
WHEN NEW.id IS NOT OLD.id OR NEW.organisation_id IS NOT OLD.organisation_id OR NEW.leaf IS NOT OLD.leaf
  OR NEW.leaf_hash IS NOT OLD.leaf_hash OR NEW.recorded_at IS NOT OLD.recorded_at OR NEW.action IS NOT OLD.action
  OR NEW.actor_kind IS NOT OLD.actor_kind OR NEW.actor_id IS NOT OLD.actor_id
  OR NEW.object_kind IS NOT OLD.object_kind OR NEW.object_id IS NOT OLD.object_id OR NEW.object_version IS NOT OLD.object_version
  OR (OLD.position IS NOT NULL AND NEW.position IS NOT OLD.position)
BEGIN SELECT RAISE(ABORT, 'journal entries are never changed'); END;

-- No entry is written that the sequencer would not find.
CREATE TRIGGER journal_entries_are_queued AFTER INSERT ON journal_entries
BEGIN INSERT INTO journal_queue (entry_id, organisation_id) VALUES (NEW.id, NEW.organisation_id); END;
