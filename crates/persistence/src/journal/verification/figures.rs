//! Measurements: the journal binds each batch, and the batch its rows by their digest.

use super::{PAGE, Verification};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::measurements::{self, Stored};
use crate::table::Table;
use ratchet_domain::measurements::{MeasurementBatch, Stage, Standing};

impl Verification<'_> {
    /// Each batch's rows are those that it was recorded with, and count as they should.
    pub(super) fn figures(&mut self, connection: &mut AnyConnection) -> Result<(), Error> {
        let mut after = None;
        loop {
            // What cannot be read was found with the other records.
            let Ok(batches) = MeasurementBatch::walk(self.organisation, after, PAGE, connection) else { return Ok(()) };
            let Some((last, _)) = batches.last() else { return Ok(()) };
            after = Some(last.head.id);
            for (batch, _) in batches {
                match measurements::of_batch(self.organisation, batch.id(), connection) {
                    Ok(rows) => self.figures_of(&batch, &rows, connection)?,
                    Err(Error::Corrupt { table, row, fault }) => self.found(table, row, None, fault),
                    Err(error) => return Err(error),
                }
            }
        }
    }

    fn figures_of(
        &mut self,
        batch: &MeasurementBatch,
        rows: &[Stored],
        connection: &mut AnyConnection,
    ) -> Result<(), Error> {
        let reference = batch.head.reference.to_string();
        if MeasurementBatch::digest_of(rows.iter().map(|row| &row.point)) != batch.digest {
            self.found("measurements", &reference, None, "the batch's rows are not those that were recorded");
        }
        for row in rows {
            let is_struck = batch.withdrawn_rows.iter().any(|struck| struck.row == row.batch.1);
            let counts = match (&batch.stage, row.standing) {
                (Stage::Recorded, Standing::Live) if !is_struck => continue,
                (Stage::Recorded, Standing::Withdrawn) if is_struck => continue,
                (Stage::Withdrawn { .. }, Standing::Withdrawn) => continue,
                (Stage::Recorded, Standing::Live) => "counts although it was withdrawn",
                (Stage::Recorded | Stage::Withdrawn { .. }, Standing::Superseded) => {
                    if measurements::has_successor(self.organisation, &row.point, connection)? {
                        continue;
                    }
                    "is superseded by nothing"
                }
                (Stage::Recorded, Standing::Withdrawn) => "is withdrawn, its batch is not",
                (Stage::Withdrawn { .. }, Standing::Live) => "counts although its batch is withdrawn",
            };
            self.found("measurements", format!("{reference} row {}", row.batch.1), None, counts);
        }
        Ok(())
    }
}
