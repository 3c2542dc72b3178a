//! Reading for longer than a request: of one moment, on a connection of its own.

use crate::connection::{Address, AnyConnection};
use crate::error::Error;

/// A connection in a transaction that sees one moment. That ends with it, and with nothing kept.
pub struct Snapshot(AnyConnection);

impl Snapshot {
    pub(super) fn take(address: &Address) -> Result<Self, Error> {
        let mut connection = address.reopen()?;
        connection.enter_snapshot()?;
        connection.allow_pauses()?;
        Ok(Self(connection))
    }

    /// The connection. The moment is that of the first statement.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.0
    }
}
