use super::*;
use crate::wire::Message;
use proptest::prelude::*;

const MILLIS: u64 = 1_780_000_000_123;

fn message() -> Message {
    Message::default()
}

fn label(name: &str, value: &str) -> Message {
    message().bytes(1, name.as_bytes()).bytes(2, value.as_bytes())
}

fn point(value: f64) -> Message {
    message().fixed64(1, value.to_le_bytes()).varint(2, MILLIS)
}

fn old(samples: &[f64]) -> Vec<u8> {
    let labels = [label("__name__", "up"), label("job", "backup"), label("empty", "")];
    let series = labels.into_iter().fold(message(), |series, label| series.message(1, label));
    let series = samples.iter().fold(series, |series, value| series.message(2, point(*value)));
    message().message(1, series).into_bytes()
}

fn new(samples: &[f64], references: &[u8]) -> Vec<u8> {
    let symbols = ["", "__name__", "up", "job", "backup"];
    let request = symbols.iter().fold(message(), |request, symbol| request.bytes(4, symbol.as_bytes()));
    let series = samples.iter().fold(message().bytes(1, references), |series, value| series.message(2, point(*value)));
    request.message(5, series).into_bytes()
}

#[test]
fn both_versions_say_the_same() {
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    let values = [1.0, stale, f64::NAN, f64::INFINITY, 0.0];
    let intake = v1(&old(&values)).unwrap();
    assert_eq!(intake.series[0].metric, "up");
    assert_eq!(intake.series[0].labels, [("job".to_owned(), "backup".to_owned())].into());
    assert_eq!(intake.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [1.0, 0.0]);
    assert_eq!(intake.samples[0].at.timestamp_millis(), MILLIS.cast_signed());
    assert_eq!((intake.points, intake.passed_over, intake.refused, intake.told[0].point), (5, 2, 1, 3));
    assert_eq!(v2(&new(&values, &[1, 2, 3, 4])).unwrap(), intake);
}

#[test]
fn a_series_that_cannot_be_told_apart_is_refused() {
    for (references, why) in [
        (&[3, 4][..], "no __name__"),
        (&[1, 2, 3], "no value"),
        (&[1, 2, 3, 99], "no symbol"),
        (&[1, 2, 3, 4, 3, 4], "stands twice"),
        (&[1, 2, 0, 4], "no name"),
    ] {
        let intake = v2(&new(&[1.0, 2.0], references)).unwrap();
        assert_eq!((intake.refused, intake.samples.len()), (2, 0), "{references:?}");
        assert!(intake.told[0].why.contains(why), "{:?}", intake.told);
    }
    let first = message().bytes(4, b"x").into_bytes();
    assert!(matches!(v2(&first), Err(Unreadable::Malformed(_))));
}

#[test]
fn of_a_native_histogram_count_and_sum_are_taken() {
    let histogram = message().varint(1, 12).fixed64(3, 3.5_f64.to_le_bytes()).varint(15, MILLIS);
    let series = message().message(1, label("__name__", "took")).message(4, histogram);
    let intake = v1(&message().message(1, series).into_bytes()).unwrap();
    let told: Vec<(&str, f64)> =
        intake.samples.iter().map(|sample| (intake.series[sample.series].metric.as_str(), sample.value)).collect();
    assert_eq!(told, [("took_count", 12.0), ("took_sum", 3.5)]);
    assert_eq!((intake.points, intake.histograms), (1, vec![0]));
}

#[test]
fn a_body_is_inflated_no_further_than_the_limit() {
    let body = old(&[1.0; 500]);
    let sent = snap::raw::Encoder::new().compress_vec(&body).unwrap();
    assert_eq!(inflate(&sent, body.len()).unwrap(), body);
    assert!(matches!(inflate(&sent, body.len() - 1), Err(Unreadable::TooMuch(_))));
    assert!(matches!(inflate(b"\xff\xff\xff\xff\x0f", 1 << 40), Err(Unreadable::Malformed(_))), "a claim of 4 GiB");
    for broken in [&b""[..], b"hello", &sent[..sent.len() - 1]] {
        assert!(matches!(inflate(broken, 1 << 20), Err(Unreadable::Malformed(_))), "{broken:?}");
    }
}

/// A symbol stands once in the body, however many series refer to it.
#[test]
fn what_symbols_stand_for_is_counted() {
    let wide = "x".repeat(crate::SHARED_BYTES - 100);
    let symbols = ["", "__name__", "up", "job", wide.as_str()];
    let mut request = symbols.iter().fold(message(), |request, symbol| request.bytes(4, symbol.as_bytes()));
    for _ in 0..=crate::LABEL_BYTES / wide.len() {
        request = request.message(5, message().bytes(1, &[1, 2, 3, 4]).message(2, point(1.0)));
    }
    assert!(matches!(v2(&request.into_bytes()), Err(Unreadable::TooMuch(_))));
}

/// Of a small body that refers to a long symbol again and again nothing is copied for each time.
#[test]
fn a_long_symbol_costs_what_it_is_long_once() {
    let wide = "x".repeat(4 << 20);
    let symbols = ["", "__name__", "up", wide.as_str()];
    let table = symbols.iter().fold(message(), |request, symbol| request.bytes(4, symbol.as_bytes()));
    let series = |references: &[u8], samples: usize| {
        (0..samples).fold(message().bytes(1, references), |series, _| series.message(2, point(f64::INFINITY)))
    };
    let named = table.clone().message(5, series(&[1, 3], 60_000));
    let intake = v2(&named.into_bytes()).unwrap();
    assert_eq!((intake.points, intake.refused, intake.told.len()), (60_000, 60_000, crate::TOLD));
    assert!(intake.told[0].why.contains("more than 16384 bytes"), "{:?}", intake.told[0]);
    let mut labelled = table.clone();
    for _ in 0..60_000 {
        labelled = labelled.message(5, series(&[1, 2, 3, 3, 3, 3], 1));
    }
    let intake = v2(&labelled.into_bytes()).unwrap();
    assert_eq!((intake.refused, intake.series.len()), (60_000, 0));
    let refused = table.message(5, series(&[1, 2], crate::REFUSED + 1));
    assert!(matches!(v2(&refused.into_bytes()), Err(Unreadable::TooMuch(_))));
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (v1(&bytes), v2(&bytes), inflate(&bytes, 1 << 16));
    }

    #[test]
    fn what_was_compressed_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..5_000), run in 0_usize..5_000) {
        let body = [bytes, vec![7; run]].concat();
        let sent = snap::raw::Encoder::new().compress_vec(&body).unwrap();
        prop_assert_eq!(inflate(&sent, 10_000).unwrap(), body);
    }
}
