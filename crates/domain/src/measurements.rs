//! Measurements [9.1]: figures that arrive in batches. One batch is one record; its rows are never edited or deleted.

mod batch;
mod point;
mod rollup;
mod rows;
mod sift;
#[cfg(test)]
pub(crate) mod tests;

pub use batch::{
    BatchDraft, Counts, DigestForm, MeasurementBatch, RemovedRows, Stage, StageName, Verb, WITHDRAWN_ROWS,
    WithdrawnRow, edge,
};
pub use point::{
    DIMENSION_NAME, DIMENSION_VALUE, DIMENSIONS, Figure, NOTE, Point, RawPoint, SERIES, Standing, check_point,
    dimensions_of, series_of,
};
pub use rollup::{Rollup, Step, settled_until};
pub use rows::RowsDigest;
pub use sift::{Key, Outcome, Row, Sifted, sift};
