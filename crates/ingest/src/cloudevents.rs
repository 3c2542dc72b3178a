//! CloudEvents 1.0 in JSON, with a figure as data: `{"value": 4.2, "metric": "...", "labels": {...}, "observed_at": "..."}`.
//!
//! The metric is the event's type where the data names none; source, subject and type of the event are labels, of which those
//! in the data win. The event's `time` is that of the figure where the data says none: without either the event is refused,
//! since sent again it would be another measurement.

use crate::{Gathering, Intake, LABELS, Labels, Unreadable, borrowed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What an event says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `1.0`.
    pub specversion: String,
    /// What it is.
    pub kind: String,
    /// Where it comes from.
    pub source: String,
    /// What of it.
    pub subject: Option<String>,
    /// When, as RFC 3339 writes it.
    pub time: Option<String>,
    /// By which its sender knows it.
    pub id: String,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(default)]
    specversion: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    source: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    data_base64: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    metric: Option<String>,
    value: f64,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    observed_at: Option<String>,
}

/// Reads one event in the structured mode.
///
/// # Errors
/// [`Unreadable`] when it is no JSON.
pub fn structured(body: &[u8]) -> Result<Intake, Unreadable> {
    let mut gathering = Gathering::default();
    one(parse(body)?, &mut gathering)?;
    Ok(gathering.finish())
}

/// Reads several events, in the batched mode.
///
/// # Errors
/// [`Unreadable`] when they are no array of JSON, or too many.
pub fn batch(body: &[u8]) -> Result<Intake, Unreadable> {
    let events: Vec<&RawValue> = parse(body)?;
    let mut gathering = Gathering::default();
    for event in events {
        one(event, &mut gathering)?;
    }
    Ok(gathering.finish())
}

/// Reads the data of one event whose attributes came beside it, in the binary mode.
///
/// # Errors
/// [`Unreadable`] when it is no JSON.
pub fn binary(attributes: Attributes, body: &[u8]) -> Result<Intake, Unreadable> {
    let data: &RawValue = parse(body)?;
    let mut gathering = Gathering::default();
    gathering.begin();
    take(attributes, Some(data), &mut gathering)?;
    Ok(gathering.finish())
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body)
        .map_err(|_| Unreadable::malformed("the body is not JSON of the form that its type says"))
}

fn one(event: &RawValue, gathering: &mut Gathering) -> Result<(), Unreadable> {
    gathering.begin();
    let Some(Event { specversion, id, source, kind, subject, time, data, data_base64 }) = object(event) else {
        return gathering.refuse(|| "the event is not an object with the members of a CloudEvent".to_owned());
    };
    let attributes = Attributes { specversion, kind, source, subject, time, id };
    let Some(encoded) = data_base64 else { return take(attributes, data, gathering) };
    if data.is_some() {
        return gathering.refuse(|| format!("{}: the event has data and data_base64", attributes.kind));
    }
    match STANDARD.decode(encoded) {
        // What is no JSON is refused as data without a value is.
        Ok(bytes) => take(attributes, serde_json::from_slice(&bytes).ok(), gathering),
        Err(_) => gathering.refuse(|| format!("{}: data_base64 is not base64 (RFC 4648)", attributes.kind)),
    }
}

/// An object, and not the array of its members' values, which serde takes for it.
fn object<'a, T: Deserialize<'a>>(text: &'a RawValue) -> Option<T> {
    if !text.get().starts_with('{') {
        return None;
    }
    serde_json::from_str(text.get()).ok()
}

fn take(event: Attributes, data: Option<&RawValue>, gathering: &mut Gathering) -> Result<(), Unreadable> {
    match read(event, data) {
        Err(why) => gathering.refuse(|| why)?,
        Ok((metric, labels, at, value)) => {
            let series = gathering.series(&[&metric], borrowed(&labels))?;
            gathering.sample(series, at, value)?;
        }
    }
    Ok(())
}

fn read(event: Attributes, data: Option<&RawValue>) -> Result<(String, Labels, DateTime<Utc>, f64), String> {
    let Attributes { specversion, kind, source, subject, time, id } = event;
    if specversion != "1.0" || kind.is_empty() || source.is_empty() || id.is_empty() {
        return Err("an event needs specversion 1.0, id, source and type".to_owned());
    }
    let Some(Data { metric, value, labels, observed_at }) = data.and_then(object) else {
        return Err(format!(
            "{kind}: the data needs a value that is a number, and may have metric, labels and observed_at"
        ));
    };
    let time = observed_at.or(time).ok_or_else(|| format!("{kind}: the event has no time"))?;
    let at =
        DateTime::parse_from_rfc3339(&time).map_err(|_| format!("{kind}: the time is not as RFC 3339 writes it"))?;
    if !value.is_finite() {
        return Err(format!("{kind}: the value is not finite"));
    }
    let mut all = labels;
    for (name, said) in [("source", Some(source)), ("subject", subject), ("type", Some(kind.clone()))] {
        if let Some(said) = said {
            all.entry(name.to_owned()).or_insert(said);
        }
    }
    if all.len() > LABELS {
        return Err(format!("{kind}: the event has more than {LABELS} labels"));
    }
    let metric = metric.filter(|metric| !metric.is_empty()).unwrap_or(kind);
    Ok((metric, all, at.to_utc(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/backup","type":"backup.finished","subject":"db",
        "time":"2026-05-28T20:26:40.5Z","extension":7,"data":{"value":4.5,"labels":{"site":"north","source":"own"}}}"#;

    #[test]
    fn the_three_modes_say_the_same() {
        let intake = structured(EVENT.as_bytes()).unwrap();
        let series = &intake.series[0];
        assert_eq!(series.metric, "backup.finished");
        let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(labels, ["site=north", "source=own", "subject=db", "type=backup.finished"]);
        assert_eq!((intake.samples[0].value, intake.samples[0].at.timestamp_millis()), (4.5, 1_780_000_000_500));
        assert_eq!(batch(format!("[{EVENT}]").as_bytes()).unwrap(), intake);
        let attributes = Attributes {
            specversion: "1.0".into(),
            kind: "backup.finished".into(),
            source: "/backup".into(),
            subject: Some("db".into()),
            time: Some("2026-05-28T20:26:40.5Z".into()),
            id: "1".into(),
        };
        let data = br#"{"value":4.5,"labels":{"site":"north","source":"own"}}"#;
        assert_eq!(binary(attributes, data).unwrap(), intake);
    }

    #[test]
    fn data_may_be_base64() {
        let data = r#"{"value":4.5,"labels":{"site":"north","source":"own"}}"#;
        let with = |member: &str| EVENT.replace(&format!(r#""data":{data}"#), member);
        let encoded = with(&format!(r#""data_base64":"{}""#, STANDARD.encode(data)));
        assert_eq!(structured(encoded.as_bytes()).unwrap(), structured(EVENT.as_bytes()).unwrap());
        for wrong in [
            r#""data_base64":"*""#.to_owned(),
            format!(r#""data_base64":"{}""#, STANDARD.encode("no JSON")),
            format!(r#""data_base64":"{}","data":{data}"#, STANDARD.encode(data)),
        ] {
            assert_eq!(structured(with(&wrong).as_bytes()).unwrap().refused, 1, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_figure_is_refused_alone() {
        for (from, to) in [
            (r#""value":4.5"#, r#""value":"4.5""#),
            (r#""value":4.5,"#, ""),
            (r#""specversion":"1.0""#, r#""specversion":"0.3""#),
            (r#""type":"backup.finished","#, ""),
            (r#""time":"2026-05-28T20:26:40.5Z","#, ""),
            ("2026-05-28T20", "yesterday"),
            (r#""site":"north""#, r#""site":7"#),
        ] {
            let wrong = EVENT.replace(from, to);
            let intake = batch(format!("[{EVENT},{wrong},[]]").as_bytes()).unwrap();
            assert_eq!((intake.points, intake.refused, intake.samples.len()), (3, 2, 1), "{wrong}");
        }
        for body in ["", "{", "{}"] {
            assert!(batch(body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(structured(b"[]").unwrap().refused, 1);
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (structured(&bytes), batch(&bytes), binary(Attributes::default(), &bytes));
        }
    }
}
