DROP TABLE template_uses;
