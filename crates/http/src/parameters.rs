//! Parameters: each is documented, an unknown or repeated one is refused, never ignored.

use crate::bounds;
use crate::caller::{Extracted, once_known};
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::Fault;
use ratchet_domain::text;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;
use std::str::FromStr;

/// The record that the path names, by id or reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target(pub Locator);

impl FromRequest for Target {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let named = request.match_info().get("id").and_then(|text| text.parse().ok());
        once_known(request, named.map(Self).ok_or(ApiError::NotFound))
    }
}

/// The query's parameters.
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        once_known(request, parse(request.query_string()).map(Self))
    }
}

/// Parameters of every write.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WriteParameters {
    /// Run the same job and keep nothing: answers what would be, or the very problem.
    #[serde(default)]
    #[param(required = false)]
    pub dry_run: bool,
}

/// Reads a query string.
pub(crate) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    once_each(query)?;
    readable(query)?;
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        let mut quoted = message.split('`');
        let (start, named) = (quoted.next().unwrap_or_default(), quoted.next());
        let (name, code) = match (start, named) {
            ("unknown field ", Some(name)) => (name.to_owned(), "unknown_parameter"),
            ("missing field ", Some(name)) => (name.to_owned(), "required"),
            (bounds::OUTSIDE, _) => (path, "out_of_range"),
            _ => (path, "malformed"),
        };
        ApiError::Parameters(vec![Fault::new(name, code, message)])
    })
}

fn once_each(query: &str) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if !seen.insert(name.to_string()) {
            return Err(ApiError::parameter(&name, "duplicate", "must be given once; separate values by commas"));
        }
    }
    Ok(())
}

/// Refuses what no text may hold: one database would take it, the other would not.
fn readable(query: &str) -> Result<(), ApiError> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let faults: Vec<Fault> = pairs
        .flat_map(|(name, value)| [&name, &value].map(|text| text::forbidden_character(&name, text)))
        .flatten()
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::Parameters(faults)) }
}

/// Values separated by commas: `open,confirmed`.
pub(crate) fn listed<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let values: Result<Vec<T>, D::Error> = text
        .split(',')
        .map(|word| word.parse().map_err(|_| D::Error::custom(format!("`{word}` is none of the known values"))))
        .collect();
    values.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_repeated_are_refused() {
        for (query, name, code) in [
            ("dry_run=true&x=1", "x", "unknown_parameter"),
            ("dry_run=true&dry_run=false", "dry_run", "duplicate"),
            ("dry_run=perhaps", "dry_run", "malformed"),
            ("dry_run=true%00", "dry_run", "forbidden_character"),
            ("%E2%80%AE=1", "\u{202e}", "forbidden_character"),
        ] {
            let ApiError::Parameters(faults) = parse::<WriteParameters>(query).unwrap_err() else { panic!("{query}") };
            assert_eq!((faults[0].pointer.as_str(), faults[0].code.as_str()), (name, code), "{query}");
        }
        assert!(parse::<WriteParameters>("dry_run=true").unwrap().dry_run);
    }
}
