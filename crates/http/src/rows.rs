//! Bodies of many items: a JSON array, JSON lines or CSV. An item that cannot be read does not keep the others from being
//! read; what follows from that is for each door to say.

use crate::body;
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use csv::StringRecord;
use ratchet_domain::refusal::{Fault, Refusal};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

/// What such a body holds many of.
pub(crate) trait Item: DeserializeOwned + 'static {
    /// What they are, in the plural.
    const NAME: &'static str;
    /// Items per body at most.
    const ITEMS: usize;
    /// Bytes per body at most, after decompression.
    const BYTES: usize;
    /// Whether it holds no arrays: their length would have to be looked at.
    const IS_FLAT: bool = false;
    /// What a column of a CSV file holds.
    type Column: PartialEq;

    /// What the column of this name holds.
    fn column(name: &str) -> Option<Self::Column>;

    /// The names of all columns, for people.
    fn columns() -> String;

    /// The item that a row of a CSV file makes; cells without anything are left out.
    ///
    /// # Errors
    /// The fault of a cell, by the name of its column.
    fn of_cells(cells: &[(&Self::Column, &str)]) -> Result<Self, Fault>;
}

/// An item, or why it cannot be read.
pub(crate) type Read<T> = Result<T, Fault>;

/// A body of many items. What is wrong with it as a whole is kept until the caller is known to be allowed to ask.
pub(crate) struct Rows<T> {
    pub items: Result<Vec<Read<T>>, ApiError>,
    pub digest: [u8; 32],
}

impl<T: Item> FromRequest for Rows<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let parse = match body::media_type(&request).as_str() {
                "application/json" => json::<T>,
                "application/x-ndjson" => ndjson::<T>,
                "text/csv" => csv::<T>,
                _ => {
                    let error = "Content-Type must be application/json, application/x-ndjson or text/csv.";
                    return Ok(Self { items: Err(ApiError::MediaType(error)), digest: [0; 32] });
                }
            };
            let bytes = body::read(&request, payload, T::BYTES).await;
            let digest = Sha256::digest(bytes.as_deref().unwrap_or_default()).into();
            Ok(Self { items: bytes.and_then(|bytes| counted(parse(&bytes)?)), digest })
        })
    }
}

pub(crate) fn counted<T: Item>(items: Vec<Read<T>>) -> Result<Vec<Read<T>>, ApiError> {
    if items.is_empty() || items.len() > T::ITEMS {
        return Err(Refusal::invalid("", "length", format!("must hold 1 to {} {}", T::ITEMS, T::NAME)).into());
    }
    Ok(items)
}

/// A JSON array.
pub(crate) fn json<T: Item>(bytes: &[u8]) -> Result<Vec<Read<T>>, ApiError> {
    body::refuse_mark(bytes)?;
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte != b'[') {
        body::parse::<serde::de::IgnoredAny>(bytes)?;
        return Err(Refusal::invalid("", "type", format!("must be an array of {}", T::NAME)).into());
    }
    // At once where every item is good, as in most bodies.
    if T::IS_FLAT
        && body::is_plain(bytes)
        && let Ok(Objects(items)) = serde_json::from_slice::<Objects<T>>(bytes)
    {
        return Ok(items.into_iter().map(Ok).collect());
    }
    let items: Vec<&RawValue> = body::parse(bytes)?;
    Ok(items.into_iter().map(|item| object(item.get().as_bytes())).collect())
}

/// An array of objects, no more of them than a body may have. Serde would take an array for a struct, too.
struct Objects<T>(Vec<T>);

impl<'de, T: Item> Deserialize<'de> for Objects<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Each(PhantomData)).map(Self)
    }
}

struct Each<T>(PhantomData<T>);

impl<'de, T: Item> Visitor<'de> for Each<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(Object(item)) = sequence.next_element()? {
            if items.len() >= T::ITEMS {
                return Err(A::Error::custom("too many items"));
            }
            items.push(item);
        }
        Ok(items)
    }
}

struct Object<T>(T);

impl<'de, T: Item> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(One(PhantomData)).map(Self)
    }
}

struct One<T>(PhantomData<T>);

impl<'de, T: Item> Visitor<'de> for One<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

/// JSON lines: one item in each, blank ones passed over.
pub(crate) fn ndjson<T: Item>(bytes: &[u8]) -> Result<Vec<Read<T>>, ApiError> {
    body::refuse_mark(bytes)?;
    let is_plain = T::IS_FLAT && body::is_plain(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let read = |line: &[u8]| match serde_json::from_slice(line) {
        Ok(item) if is_plain && line.starts_with(b"{") => Ok(item),
        Ok(_) | Err(_) => object(line),
    };
    Ok(lines.map(read).collect())
}

/// One item as a JSON object.
pub(crate) fn object<T: DeserializeOwned>(bytes: &[u8]) -> Read<T> {
    match body::parse_object(bytes) {
        Ok(item) => Ok(item),
        Err(ApiError::Refused(Refusal::Invalid(mut faults))) if !faults.is_empty() => Err(faults.swap_remove(0)),
        Err(error) => Err(Fault::new("", "malformed", error.to_string())),
    }
}

/// CSV (RFC 4180) with a header.
pub(crate) fn csv<T: Item>(bytes: &[u8]) -> Result<Vec<Read<T>>, ApiError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(|_| ApiError::Malformed("the header is not UTF-8".to_owned()))?.clone();
    let columns: Vec<T::Column> = header.iter().map(column::<T>).collect::<Result<_, _>>()?;
    for (index, column) in columns.iter().enumerate() {
        if columns[..index].contains(column) {
            let name = header.get(index).unwrap_or_default();
            return Err(
                Refusal::invalid(format!("/{name}"), "duplicate", "the header must name each column once").into()
            );
        }
    }
    // Counted before they are read: what is refused as a whole is not worth the work.
    Ok(reader.records().take(T::ITEMS + 1).map(|record| row(&columns, record)).collect())
}

fn column<T: Item>(name: &str) -> Result<T::Column, ApiError> {
    let unknown = || {
        let detail = format!("columns are {}", T::columns());
        ApiError::Refused(Refusal::invalid(format!("/{name}"), "unknown_field", detail))
    };
    T::column(name).ok_or_else(unknown)
}

fn row<T: Item>(columns: &[T::Column], record: Result<StringRecord, csv::Error>) -> Read<T> {
    let record = record.map_err(|_| Fault::new("", "malformed", "the row is not UTF-8"))?;
    if record.len() != columns.len() {
        let detail = format!("the row has {} columns, the header {}", record.len(), columns.len());
        return Err(Fault::new("", "columns", detail));
    }
    let cells: Vec<(&T::Column, &str)> = columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()).collect();
    T::of_cells(&cells)
}
