//! What a measurement looks like in a body, and in a row of a CSV file.

use crate::rows::{Item, Read};
use chrono::{DateTime, Utc};
use ratchet_domain::refusal::Fault;
use serde::Deserialize;
use std::collections::BTreeMap;
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

/// What a column of a CSV file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    Named(Field),
    Dimension(String),
}

/// The columns that every CSV file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Field {
    Indicator,
    ObservedAt,
    Value,
    Numerator,
    Denominator,
    Note,
}

impl Item for MeasurementItem {
    const NAME: &'static str = "measurements";
    const ITEMS: usize = ITEMS;
    const BYTES: usize = BYTES;
    const IS_FLAT: bool = true;
    type Column = Column;

    fn column(name: &str) -> Option<Column> {
        match name.strip_prefix(DIMENSION) {
            Some(dimension) => Some(Column::Dimension(dimension.to_owned())),
            None => name.parse().ok().map(Column::Named),
        }
    }

    fn columns() -> String {
        "indicator, observed_at, value, numerator, denominator, note and dim.<name>".to_owned()
    }

    fn of_cells(cells: &[(&Column, &str)]) -> Read<Self> {
        let mut item = Self::default();
        for (column, cell) in cells {
            match column {
                Column::Dimension(name) => {
                    item.dimensions.insert(name.clone(), (*cell).to_owned());
                }
                Column::Named(field) => match field {
                    Field::Indicator => item.indicator = Some((*cell).to_owned()),
                    Field::Note => item.note = Some((*cell).to_owned()),
                    Field::ObservedAt => item.observed_at = Some(moment(cell)?),
                    Field::Value => item.value = Some(number(*field, cell)?),
                    Field::Numerator => item.numerator = Some(number(*field, cell)?),
                    Field::Denominator => item.denominator = Some(number(*field, cell)?),
                },
            }
        }
        Ok(item)
    }
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
    use crate::error::ApiError;
    use crate::rows::{counted, csv, json, ndjson};
    use proptest::prelude::*;

    fn faults(items: Vec<Read<MeasurementItem>>) -> Vec<String> {
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
        for (parse, body) in [
            (json as fn(&[u8]) -> Result<Vec<Read<MeasurementItem>>, ApiError>, "\u{feff}[{\"value\":1}]"),
            (ndjson, "\u{feff}{\"value\":1}"),
        ] {
            let refused = parse(body.as_bytes());
            assert!(matches!(refused, Err(ApiError::Malformed(told)) if told.contains("byte order mark")), "{body}");
        }
        let body = b"\xef\xbb\xbfobserved_at,value,dim.site\n2026-01-01T00:00:00Z,1,\"a,b\"\n2026-01-01,1,\n,\"1,5\",x\n,1\n\xff,1,x\n,2,y\n";
        assert_eq!(
            faults(csv(body).unwrap()),
            ["ok", "/observed_at type", "/value type", " columns", " malformed", "ok"]
        );
    }

    #[test]
    fn a_bad_whole_is_refused_whole() {
        for (parse, body) in [
            (json as fn(&[u8]) -> Result<Vec<Read<MeasurementItem>>, ApiError>, r#"{"value":1}"#),
            (json, "[1"),
            (json, ""),
            (csv, "time,value\n"),
            (csv, "value,value\n1,2\n"),
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(counted(csv::<MeasurementItem>(b"value\n").unwrap()).is_err());
        assert!(counted(ndjson::<MeasurementItem>(&b"{}\n".repeat(ITEMS + 1)).unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_bring_a_parser_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (json::<MeasurementItem>(&bytes), ndjson::<MeasurementItem>(&bytes), csv::<MeasurementItem>(&bytes));
        }

        #[test]
        fn the_three_forms_say_the_same(value in -1e9_f64..1e9, site in "[a-z]{1,8}") {
            let object = format!(r#"{{"observed_at":"2026-01-01T00:00:00Z","value":{value:?},"dimensions":{{"site":"{site}"}}}}"#);
            let row = format!("observed_at,value,dim.site\n2026-01-01T00:00:00Z,{value:?},{site}\n");
            let one = |items: Result<Vec<Read<MeasurementItem>>, ApiError>| items.unwrap().remove(0).unwrap();
            let expected = one(json(format!("[{object}]").as_bytes()));
            prop_assert_eq!(&one(ndjson(object.as_bytes())), &expected);
            prop_assert_eq!(&one(csv(row.as_bytes())), &expected);
        }
    }
}
