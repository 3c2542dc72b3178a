//! Files whose content went by law. They go off the disk behind the commit that says so, and as often as it takes: a disk
//! may refuse, and a process may end in between.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::evidence::{has_content, hold_content};
use crate::files::Files;
use crate::schema::evidence;
use crate::store::Store;
use diesel::prelude::*;
use uuid::Uuid;

/// Removes every file of which no piece of evidence is left that shows it; how many there were. One that cannot be removed
/// does not keep the others.
///
/// # Errors
/// The database's, or the first of the file system's.
pub async fn catch_up(store: &Store, files: &Files) -> Result<usize, Error> {
    let there = files.clone();
    // Out of what is committed: what a rollback undoes would lose its file.
    let gone = store.read(move |connection| erased(&there, connection)).await?;
    let (mut removed, mut fault) = (0, None);
    for (organisation, sha256) in gone {
        match remove(store, files, organisation, sha256).await {
            Ok(is_removed) => removed += usize::from(is_removed),
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    fault.map_or(Ok(removed), Err)
}

/// Removes the file of a content that a committed redaction erased, unless it was sent anew since; whether it is gone.
///
/// # Errors
/// The database's, or the file system's.
pub async fn remove(store: &Store, files: &Files, organisation: Uuid, sha256: String) -> Result<bool, Error> {
    let files = files.clone();
    let job = move |connection: &mut AnyConnection| -> Result<bool, Error> {
        hold_content(organisation, &sha256, connection)?;
        if has_content(organisation, &sha256, connection)? {
            return Ok(false);
        }
        files.remove(organisation, &sha256).map_err(|error| Error::File(error.to_string()))?;
        Ok(true)
    };
    store.work(job).await
}

/// The contents that a redaction has erased and whose files are there.
fn erased(files: &Files, connection: &mut AnyConnection) -> Result<Vec<(Uuid, String)>, Error> {
    let mut erased: Vec<(KeyValue, String)> = evidence::table
        .filter(evidence::content_erased.eq(true))
        .filter(evidence::sha256.is_not_null())
        .select((evidence::organisation_id, evidence::sha256.assume_not_null()))
        .distinct()
        .load(connection)?;
    erased.retain(|(organisation, sha256)| files.has(organisation.0, sha256));
    Ok(erased.into_iter().map(|(organisation, sha256)| (organisation.0, sha256)).collect())
}
