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
SELECT record.organisation_id, record.id, each.key, 'nonconformity', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM nonconformities AS record, json_each(record.stage_facts, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.key, 'action', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM actions AS record, json_each(record.stage_facts, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.key, 'change', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM changes AS record, json_each(record.description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.key, 'change_template', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM change_templates AS record, json_each(record.description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.key, 'objective', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM objectives AS record, json_each(record.description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.key, 'improvement', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM improvements AS record, json_each(record.description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.key, 'audit', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM audits AS record, json_each(record.description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.key, 'course', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM courses AS record, json_each(record.description, '$.exceptions') AS each;
INSERT INTO separation_exceptions
SELECT record.organisation_id, record.id, each.key, 'policy_version', record.reference,
    CAST(strftime('%s', substr(each.value ->> 'at', 1, 19)) AS INTEGER) * 1000000
        + iif(substr(each.value ->> 'at', 20, 1) = '.',
            CAST(substr(rtrim(substr(each.value ->> 'at', 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
    each.value
FROM policy_versions AS record, json_each(record.description, '$.exceptions') AS each;
