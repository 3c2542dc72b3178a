DROP TABLE evaluation_queue;
DROP TABLE measurements;
DROP TABLE measurement_batches;
