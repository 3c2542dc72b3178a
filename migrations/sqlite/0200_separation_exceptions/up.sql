-- Duties that were not kept apart, with the reason that was given: kept by the store from what the records themselves say, so
-- that a review finds them in one statement, whatever the number of kinds.
CREATE TABLE separation_exceptions (
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    record_id       BLOB    NOT NULL CHECK (length(record_id) = 16),
    number          INTEGER NOT NULL CHECK (number >= 0),
    kind            TEXT    NOT NULL,
    reference       TEXT    NOT NULL,
    made_at         INTEGER NOT NULL,
    exception       TEXT    NOT NULL,
    PRIMARY KEY (organisation_id, record_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX separation_exceptions_by_age ON separation_exceptions (organisation_id, made_at);

-- Of the records that are there. RFC 3339 has as many digits of a second as it needs.
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'nonconformity', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM nonconformities, json_each(stage_facts, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'action', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM actions, json_each(stage_facts, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'change', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM changes, json_each(description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'change_template', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM change_templates, json_each(description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'objective', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM objectives, json_each(description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'improvement', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM improvements, json_each(description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'audit', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM audits, json_each(description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'course', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM courses, json_each(description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT organisation_id, id, each.key, 'policy_version', reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM policy_versions, json_each(description, '$.exceptions') AS each;
