-- Duties that were not kept apart, with the reason that was given: kept by the store from what the records themselves say, so
-- that a review finds them in one statement, whatever the number of kinds.
CREATE TABLE separation_exceptions (
    organisation_id uuid        NOT NULL REFERENCES organisations (id),
    record_id       uuid        NOT NULL,
    number          bigint      NOT NULL CHECK (number >= 0),
    kind            text        NOT NULL,
    reference       text        NOT NULL,
    made_at         timestamptz NOT NULL,
    exception       text        NOT NULL,
    PRIMARY KEY (organisation_id, record_id, number)
);
CREATE INDEX separation_exceptions_by_age ON separation_exceptions (organisation_id, made_at);

-- Of the records that are there.
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'nonconformity', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM nonconformities AS record, json_array_elements(record.stage_facts::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'action', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM actions AS record, json_array_elements(record.stage_facts::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'change', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM changes AS record, json_array_elements(record.description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'change_template', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM change_templates AS record, json_array_elements(record.description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'objective', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM objectives AS record, json_array_elements(record.description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'improvement', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM improvements AS record, json_array_elements(record.description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'audit', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM audits AS record, json_array_elements(record.description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'course', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM courses AS record, json_array_elements(record.description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.number - 1, 'policy_version', record.reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM policy_versions AS record, json_array_elements(record.description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
