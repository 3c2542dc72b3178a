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
SELECT organisation_id, id, each.number - 1, 'nonconformity', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM nonconformities, json_array_elements(stage_facts::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.number - 1, 'action', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM actions, json_array_elements(stage_facts::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.number - 1, 'change', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM changes, json_array_elements(description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.number - 1, 'change_template', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM change_templates, json_array_elements(description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.number - 1, 'objective', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM objectives, json_array_elements(description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.number - 1, 'improvement', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM improvements, json_array_elements(description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.number - 1, 'audit', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM audits, json_array_elements(description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.number - 1, 'course', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM courses, json_array_elements(description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.number - 1, 'policy_version', reference, (each.value ->> 'at')::timestamptz, each.value::text
FROM policy_versions, json_array_elements(description::json -> 'exceptions') WITH ORDINALITY AS each (value, number);
