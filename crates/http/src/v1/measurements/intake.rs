//! What a body of measurements holds, item by item: JSON, JSON lines or CSV. An item that cannot be read does not keep
//! the others away.

use crate::body;
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};
use csv::StringRecord;
use ratchet_domain::refusal::{Fault, Refusal};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

/// Items per body at most.
pub(crate) const ITEMS: usize = 10_000;
/// Bytes per body at most, after decompression.
pub(crate) const BYTES: usize = 8 << 20;
/// A column that holds a dimension begins with this.
const DIMENSION: &str = "dim.";

/// One measurement as it is sent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasurementItem {
    /// Of which indicator: id or reference. Not needed where the parameter `indicator` names it.
    #[serde(default)]
    #[schema(example = "IND-2026-0001")]
    pub indicator: Option<String>,
    /// When it was observed (RFC 3339), from 1970 to one day ahead.
    #[schema(value_type = DateTime<Utc>)]
    pub observed_at: Option<DateTime<Utc>>,
    /// For a gauge: the number.
    #[serde(default)]
    #[schema(example = 42.5)]
    pub value: Option<f64>,
    /// For a ratio, with its denominator.
    #[serde(default)]
    pub numerator: Option<f64>,
    /// For a ratio: greater than zero.
    #[serde(default)]
    pub denominator: Option<f64>,
    /// What it is of, at most 8: `{"site": "north"}`. Each combination is a series of its own.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// Whatever is to be remembered of it.
    #[serde(default)]
    #[schema(max_length = 1_000)]
    pub note: Option<String>,
}

/// An item, or why it cannot be read.
pub(crate) type Read = Result<MeasurementItem, Fault>;

/// A body of measurements. What is wrong with it as a whole is kept until the caller is known to be allowed to ask.
pub(crate) struct Intake {
    pub items: Result<Vec<Read>, ApiError>,
    pub digest: [u8; 32],
}

impl FromRequest for Intake {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let parse = match body::media_type(&request).as_str() {
                "application/json" => json,
                "application/x-ndjson" => ndjson,
                "text/csv" => csv,
                _ => {
                    let error = "Content-Type must be application/json, application/x-ndjson or text/csv.";
                    return Ok(Self { items: Err(ApiError::MediaType(error)), digest: [0; 32] });
                }
            };
            let bytes = body::read(&request, payload, BYTES).await;
            let digest = Sha256::digest(bytes.as_deref().unwrap_or_default()).into();
            Ok(Self { items: bytes.and_then(|bytes| counted(parse(&bytes)?)), digest })
        })
    }
}

fn counted(items: Vec<Read>) -> Result<Vec<Read>, ApiError> {
    if items.is_empty() || items.len() > ITEMS {
        return Err(Refusal::invalid("", "length", format!("must hold 1 to {ITEMS} measurements")).into());
    }
    Ok(items)
}

/// A JSON array.
pub(crate) fn json(bytes: &[u8]) -> Result<Vec<Read>, ApiError> {
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte != b'[') {
        body::parse::<serde::de::IgnoredAny>(bytes)?;
        return Err(Refusal::invalid("", "type", "must be an array of measurements").into());
    }
    let items: Vec<&RawValue> = body::parse(bytes)?;
    Ok(items.into_iter().map(|item| object(item.get().as_bytes())).collect())
}

/// JSON lines: one measurement in each, blank ones passed over.
pub(crate) fn ndjson(bytes: &[u8]) -> Result<Vec<Read>, ApiError> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    Ok(lines.filter(|line| !line.is_empty()).map(object).collect())
}

fn object(bytes: &[u8]) -> Read {
    match body::parse_object(bytes) {
        Ok(item) => Ok(item),
        Err(ApiError::Refused(Refusal::Invalid(mut faults))) if !faults.is_empty() => Err(faults.swap_remove(0)),
        Err(error) => Err(Fault::new("", "malformed", error.to_string())),
    }
}

/// What a column of a CSV file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Named(Field),
    Dimension(String),
}

/// The columns that every CSV file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum Field {
    Indicator,
    ObservedAt,
    Value,
    Numerator,
    Denominator,
    Note,
}

/// CSV (RFC 4180) with a header.
pub(crate) fn csv(bytes: &[u8]) -> Result<Vec<Read>, ApiError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(|_| ApiError::Malformed("the header is not UTF-8".to_owned()))?.clone();
    let columns: Vec<Column> = header.iter().map(column).collect::<Result<_, _>>()?;
    for (index, column) in columns.iter().enumerate() {
        if columns[..index].contains(column) {
            return Err(ApiError::Malformed(format!("the header names column {} twice", index + 1)));
        }
    }
    // Counted before they are read: what is refused as a whole is not worth the work.
    Ok(reader.records().take(ITEMS + 1).map(|record| row(&columns, record)).collect())
}

fn column(name: &str) -> Result<Column, ApiError> {
    if let Some(dimension) = name.strip_prefix(DIMENSION) {
        return Ok(Column::Dimension(dimension.to_owned()));
    }
    let unknown = || {
        let detail = "columns are indicator, observed_at, value, numerator, denominator, note and dim.<name>";
        ApiError::Refused(Refusal::invalid(format!("/{name}"), "unknown_field", detail))
    };
    Ok(Column::Named(name.parse().map_err(|_| unknown())?))
}

fn row(columns: &[Column], record: Result<StringRecord, csv::Error>) -> Read {
    let record = record.map_err(|_| Fault::new("", "malformed", "the row is not UTF-8"))?;
    if record.len() != columns.len() {
        let detail = format!("the row has {} columns, the header {}", record.len(), columns.len());
        return Err(Fault::new("", "columns", detail));
    }
    let mut item = MeasurementItem::default();
    for (column, cell) in columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
        match column {
            Column::Dimension(name) => {
                item.dimensions.insert(name.clone(), cell.to_owned());
            }
            Column::Named(field) => match field {
                Field::Indicator => item.indicator = Some(cell.to_owned()),
                Field::Note => item.note = Some(cell.to_owned()),
                Field::ObservedAt => item.observed_at = Some(moment(cell)?),
                Field::Value => item.value = Some(number(*field, cell)?),
                Field::Numerator => item.numerator = Some(number(*field, cell)?),
                Field::Denominator => item.denominator = Some(number(*field, cell)?),
            },
        }
    }
    Ok(item)
}

fn moment(cell: &str) -> Result<DateTime<Utc>, Fault> {
    let found = DateTime::parse_from_rfc3339(cell).map(|moment| moment.to_utc());
    found.map_err(|_| Fault::new("/observed_at", "type", "must be a moment with its zone: 2026-03-01T08:00:00Z"))
}

fn number(field: Field, cell: &str) -> Result<f64, Fault> {
    let name: &'static str = field.into();
    f64::from_str(cell).map_err(|_| Fault::new(format!("/{name}"), "type", "must be a number with a decimal point"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(items: Vec<Read>) -> Vec<String> {
        items
            .into_iter()
            .map(|item| item.map_or_else(|fault| format!("{} {}", fault.pointer, fault.code), |_| "ok".to_owned()))
            .collect()
    }

    #[test]
    fn one_bad_item_does_not_keep_the_others_away() {
        let body = r#"[{"observed_at":"2026-01-01T00:00:00Z","value":1}, 7, {"value":"x"}, {"value":1e400}, {"x":1}]"#;
        assert_eq!(
            faults(json(body.as_bytes()).unwrap()),
            ["ok", " type", "/value type", " malformed", "/x unknown_field"]
        );
        let body = b"{\"value\":1}\r\n\n{\"value\":\n{\"value\":2}";
        assert_eq!(faults(ndjson(body).unwrap()), ["ok", " malformed", "ok"]);
        let body = b"\xef\xbb\xbfobserved_at,value,dim.site\n2026-01-01T00:00:00Z,1,\"a,b\"\n2026-01-01,1,\n,\"1,5\",x\n,1\n\xff,1,x\n,2,y\n";
        assert_eq!(
            faults(csv(body).unwrap()),
            ["ok", "/observed_at type", "/value type", " columns", " malformed", "ok"]
        );
    }

    #[test]
    fn a_bad_whole_is_refused_whole() {
        for (parse, body) in [
            (json as fn(&[u8]) -> Result<Vec<Read>, ApiError>, r#"{"value":1}"#),
            (json, "[1"),
            (json, ""),
            (csv, "time,value\n"),
            (csv, "value,value\n1,2\n"),
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(counted(csv(b"value\n").unwrap()).is_err());
        assert!(counted(ndjson(&b"{}\n".repeat(ITEMS + 1)).unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_bring_a_parser_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (json(&bytes), ndjson(&bytes), csv(&bytes));
        }

        #[test]
        fn the_three_forms_say_the_same(value in -1e9_f64..1e9, site in "[a-z]{1,8}") {
            let object = format!(r#"{{"observed_at":"2026-01-01T00:00:00Z","value":{value:?},"dimensions":{{"site":"{site}"}}}}"#);
            let row = format!("observed_at,value,dim.site\n2026-01-01T00:00:00Z,{value:?},{site}\n");
            let one = |items: Result<Vec<Read>, ApiError>| items.unwrap().remove(0).unwrap();
            let expected = one(json(format!("[{object}]").as_bytes()));
            prop_assert_eq!(&one(ndjson(object.as_bytes())), &expected);
            prop_assert_eq!(&one(csv(row.as_bytes())), &expected);
        }
    }
}
