//! The digest of a batch's rows, made and made again row by row: nothing is held but where the hash stands.

use super::{Figure, Point};
use sha2::{Digest, Sha256};

/// A gauge's row says so, and a ratio's.
const GAUGE: u8 = 0;
/// See [`GAUGE`].
const RATIO: u8 = 1;
/// The length of a note that is not there.
const NONE: u32 = u32::MAX;

/// SHA-256 over rows in the order of their indicators' ids, then moments, then numbers. Of each row: the 16 bytes of the
/// indicator's id, the moment in microseconds since 1970 (8 bytes), the row's number (4), the dimensions (their length in 4
/// bytes, then UTF-8), 0 and the value or 1 and numerator and denominator (1 byte, then 8 of IEEE 754 each), and the note
/// as the dimensions are (a length of `ffffffff` without one). Numbers are big-endian.
#[derive(Debug, Clone, Default)]
pub struct RowsDigest(Sha256);

impl RowsDigest {
    /// Takes the next row.
    pub fn add(&mut self, number: i64, point: &Point) {
        let Point { indicator, observed_at, series, figure, note } = point;
        // One call for each row: what surrounds a call costs more than the bytes.
        let mut row = [0_u8; 64];
        let length = u32::try_from(series.len()).unwrap_or(NONE);
        let number = u32::try_from(number).unwrap_or(NONE);
        let (head, rest) = row.split_at_mut(32);
        head[..16].copy_from_slice(indicator.0.as_bytes());
        head[16..24].copy_from_slice(&observed_at.timestamp_micros().to_be_bytes());
        head[24..28].copy_from_slice(&number.to_be_bytes());
        head[28..].copy_from_slice(&length.to_be_bytes());
        self.0.update(head);
        self.0.update(series.as_bytes());
        let end = match *figure {
            Figure::Gauge { value } => {
                rest[0] = GAUGE;
                rest[1..9].copy_from_slice(&value.to_be_bytes());
                9
            }
            Figure::Ratio { numerator, denominator } => {
                rest[0] = RATIO;
                rest[1..9].copy_from_slice(&numerator.to_be_bytes());
                rest[9..17].copy_from_slice(&denominator.to_be_bytes());
                17
            }
        };
        let length = note.as_ref().map_or(NONE, |note| u32::try_from(note.len()).unwrap_or(NONE));
        rest[end..end + 4].copy_from_slice(&length.to_be_bytes());
        self.0.update(&rest[..end + 4]);
        self.0.update(note.as_deref().unwrap_or_default().as_bytes());
    }

    /// The digest, hexadecimal.
    #[must_use]
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}
