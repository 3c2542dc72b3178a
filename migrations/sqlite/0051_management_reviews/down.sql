DROP TABLE management_reviews;
