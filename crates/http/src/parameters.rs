//! Parameters: each is documented, an unknown or repeated one is refused, never ignored.

use crate::body::wording;
use crate::caller::{Extracted, once_known};
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_domain::refusal::Fault;
use ratchet_domain::{tags, text, webhook_endpoints};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;
use std::str::FromStr;
use strum::VariantArray;

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
            (start, _) if start.starts_with("must lie between ") => (path, "out_of_range"),
            _ => (path, "malformed"),
        };
        ApiError::Parameters(vec![Fault::new(name, code, wording::plain(&message).replace(" member ", " parameter "))])
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
pub(crate) fn listed<'de, T, D>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    T: FromStr + VariantArray + Copy,
    &'static str: From<T>,
    D: Deserializer<'de>,
{
    each(deserializer, |word| {
        word.parse().map_err(|_| {
            let known: Vec<&str> = T::VARIANTS.iter().map(|known| <&'static str>::from(*known)).collect();
            format!("`{word}` is none of {}", known.join(", "))
        })
    })
}

/// Whole numbers separated by commas.
pub(crate) fn listed_within<'de, const FIRST: i64, const LAST: i64, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<i64>>, D::Error> {
    each(deserializer, number_within::<FIRST, LAST>)
}

/// Controls of Annex A separated by commas.
pub(crate) fn listed_controls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    each(deserializer, |word| text::control("", word).map(|()| word.to_owned()).map_err(|fault| fault.detail))
}

/// Tags separated by commas.
pub(crate) fn listed_labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let labels = each(deserializer, |word| tags::check("", word).map(|()| word.to_owned()).map_err(|it| it.detail))?;
    match labels {
        Some(labels) if labels.len() > TAGS => Err(D::Error::custom(format!("must name at most {TAGS}"))),
        labels => Ok(labels),
    }
}

/// Types of events, or patterns of them, separated by commas.
pub(crate) fn listed_events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let patterns = each(deserializer, |word| {
        let unknown = || format!("`{word}` is no type of event, such as nonconformity.closed, nor a pattern of some");
        webhook_endpoints::is_pattern(word).then(|| word.to_owned()).ok_or_else(unknown)
    })?;
    match patterns {
        Some(patterns) if patterns.len() > webhook_endpoints::PATTERNS => {
            Err(D::Error::custom(format!("must name at most {}", webhook_endpoints::PATTERNS)))
        }
        patterns => Ok(patterns),
    }
}

/// Tags that a list can be narrowed by.
const TAGS: usize = 20;

fn each<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<Vec<T>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.split(',').map(|word| read(word).map_err(D::Error::custom)).collect::<Result<_, _>>().map(Some)
}

/// A whole number from the first to the last.
pub(crate) fn within<'de, const FIRST: i64, const LAST: i64, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    number_within::<FIRST, LAST>(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

fn number_within<const FIRST: i64, const LAST: i64>(text: &str) -> Result<i64, String> {
    let number: i64 = text.parse().map_err(|_| format!("must be a whole number, not `{text}`"))?;
    if (FIRST..=LAST).contains(&number) { Ok(number) } else { Err(format!("must lie between {FIRST} and {LAST}")) }
}

/// What may be a tag's label.
pub(crate) fn label<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let label = String::deserialize(deserializer)?;
    tags::check("", &label).map_err(|fault| D::Error::custom(fault.detail))?;
    Ok(Some(label))
}

/// A kind of record and what happened to it: `nonconformity.closed`.
pub(crate) fn action<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let action = String::deserialize(deserializer)?;
    let kind = action.split_once('.').and_then(|(kind, _)| Prefix::of_kind(kind));
    kind.ok_or_else(|| D::Error::custom("must be a kind of record and what happened to it: nonconformity.closed"))?;
    Ok(Some(action))
}

/// A clause or control that the catalogue has.
pub(crate) fn requirement<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let number = String::deserialize(deserializer)?;
    text::requirement("", &number).map_err(|fault| D::Error::custom(fault.detail))?;
    Ok(Some(number))
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
