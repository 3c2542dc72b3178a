DROP TABLE search_cursors;
DROP TABLE search_words;
