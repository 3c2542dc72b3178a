DROP TABLE plan_parts;
