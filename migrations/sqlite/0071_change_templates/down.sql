DROP TABLE change_templates;
