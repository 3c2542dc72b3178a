//! What changes the keys of the instance, but for the journal's: [`super::journal`].

use crate::keys::Keys;
use crate::settings::{Fault, Settings};
use crate::source::source;
use std::process::ExitCode;

/// A new key signs access tokens as soon as the servers are started again. Sessions go on: refresh tokens are not signed
/// with it.
pub(crate) fn rotate_token(settings: &Settings, at_once: bool) -> Result<ExitCode, Fault> {
    let replaced_at = (!at_once).then(|| (source().now)());
    Keys::existing(settings)?.rotate_token(rand::random(), replaced_at).replace(settings)?;
    println!(
        "A new key signs access tokens. Now start every server of the instance again, and back up the file `keys`."
    );
    println!("{}", if at_once { "No token that is out counts then: clients refresh." } else { TOKENS_END });
    Ok(ExitCode::SUCCESS)
}

const TOKENS_END: &str = "Tokens signed until now count until they expire, ten minutes at most; what a server signs with the former key \
     before it is started again counts no longer than until then.";
