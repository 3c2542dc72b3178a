-- What records wait for, kept by the store from what the records themselves say: lists of work over all areas.
CREATE TABLE work_items (
    organisation_id uuid   NOT NULL REFERENCES organisations (id),
    record_id       uuid   NOT NULL,
    -- A record may wait for several people.
    number          bigint NOT NULL,
    kind            text   NOT NULL,
    reference       text   NOT NULL,
    title           text,
    state           text   NOT NULL,
    -- Who is to act: a member, or whoever has the permission but one.
    member_id       uuid,
    permission      text,
    except_id       uuid,
    due_on          text,
    PRIMARY KEY (organisation_id, record_id, number),
    CHECK ((member_id IS NULL) <> (permission IS NULL))
);
CREATE INDEX work_items_by_member ON work_items (organisation_id, member_id, due_on) WHERE member_id IS NOT NULL;
CREATE INDEX work_items_by_permission ON work_items (organisation_id, permission, due_on) WHERE permission IS NOT NULL;
CREATE INDEX work_items_by_day ON work_items (organisation_id, due_on) WHERE due_on IS NOT NULL;
