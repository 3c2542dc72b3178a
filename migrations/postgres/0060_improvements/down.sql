DROP TABLE improvements;
