use super::{json, protobuf, response, status};
use crate::wire::Message;
use crate::{Intake, Unreadable};
use proptest::prelude::*;

const NANOS: u64 = 1_780_000_000_123_456_789;

fn message() -> Message {
    Message::default()
}

fn attribute(key: &str, value: &str) -> Message {
    message().bytes(1, key.as_bytes()).message(2, message().bytes(1, value.as_bytes()))
}

/// A request of one metric of one resource.
fn request(metric: Message) -> Vec<u8> {
    let resource = message().message(1, attribute("service.name", "portal")).message(1, attribute("site", "north"));
    let scope = message().message(2, metric);
    message().message(1, message().message(2, scope).message(1, resource)).into_bytes()
}

fn named(name: &str, field: u32, data: Message) -> Vec<u8> {
    request(message().message(field, data).bytes(1, name.as_bytes()))
}

fn number(value: f64) -> Message {
    message().fixed64(3, NANOS.to_le_bytes()).fixed64(4, value.to_le_bytes())
}

/// `metric{labels} value` of each sample.
fn told(intake: &Intake) -> Vec<String> {
    let line = |sample: &crate::Sample| {
        let series = &intake.series[sample.series];
        let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}{{{}}} {}", series.metric, labels.join(","), sample.value)
    };
    intake.samples.iter().map(line).collect()
}

fn whys(intake: &Intake) -> Vec<&str> {
    intake.told.iter().map(|refused| refused.why.as_str()).collect()
}

#[test]
fn a_gauge_has_the_labels_of_its_point_and_of_its_resource() {
    let whole = message().fixed64(3, NANOS.to_le_bytes()).fixed64(6, (-7_i64).to_le_bytes());
    let data = message().message(1, number(1.5).message(7, attribute("site", "south"))).message(1, whole);
    let intake = protobuf(&named("latency", 5, data)).unwrap();
    assert_eq!(
        told(&intake),
        ["latency{service.name=portal,site=south} 1.5", "latency{service.name=portal,site=north} -7"]
    );
    assert_eq!(intake.samples[0].at.timestamp_nanos_opt(), Some(NANOS.cast_signed()));
    assert_eq!((intake.points, intake.refused), (2, 0));
    let same = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[
        {"timeUnixNano":"1780000000123456789","asDouble":1.5,"attributes":[{"key":"site","value":{"stringValue":"south"}}]},
        {"timeUnixNano":1780000000123456789,"asInt":"-7","exemplars":[]}]},"name":"latency","unit":"ms"}]}],
        "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"portal"}},{"key":"site","value":{"stringValue":"north"}}]}}]}"#;
    assert_eq!(json(same.as_bytes()).unwrap(), intake);
}

#[test]
fn points_that_differ_in_a_list_alone_are_of_two_series() {
    let tagged = |tag: &str, value: f64| {
        let list = message().message(5, message().message(1, message().bytes(1, tag.as_bytes())));
        number(value).message(7, message().bytes(1, b"tags").message(2, list))
    };
    let data = message().message(1, tagged("a", 1.0)).message(1, tagged("b", 2.0));
    let intake = protobuf(&named("m", 5, data)).unwrap();
    let expected = ["a", "b"].map(|tag| [r#"[""#, tag, r#""]"#].concat());
    let found: Vec<&String> = intake.series.iter().map(|series| &series.labels["tags"]).collect();
    assert_eq!(found, expected.iter().collect::<Vec<_>>());
    let point = |tag: &str, value: u8| {
        let attributes =
            format!(r#"[{{"key":"tags","value":{{"arrayValue":{{"values":[{{"stringValue":"{tag}"}}]}}}}}}]"#);
        format!(r#"{{"timeUnixNano":"{NANOS}","asDouble":{value},"attributes":{attributes}}}"#)
    };
    let metric = format!(r#"{{"name":"m","gauge":{{"dataPoints":[{},{}]}}}}"#, point("a", 1), point("b", 2));
    assert_eq!(json(&in_json(&metric)).unwrap(), intake);
}

#[test]
fn a_sum_says_whether_it_is_a_running_total() {
    for (temporality, expected) in [(1, "delta"), (2, "cumulative")] {
        let data = message().varint(2, temporality).message(1, number(3.0)).varint(3, 1);
        let intake = protobuf(&named("failures", 7, data)).unwrap();
        let line = format!("failures{{service.name=portal,site=north,temporality={expected}}} 3");
        assert_eq!(told(&intake), [line]);
    }
}

#[test]
fn a_histogram_is_its_count_its_sum_and_its_quantiles() {
    let packed: Vec<u8> = [10_u64, 20, 10, 0].iter().flat_map(|count| count.to_le_bytes()).collect();
    let bounds: Vec<u8> = [10.0_f64, 20.0, 40.0].iter().flat_map(|bound| bound.to_le_bytes()).collect();
    let point = message()
        .fixed64(3, NANOS.to_le_bytes())
        .fixed64(4, 40_u64.to_le_bytes())
        .fixed64(5, 640_f64.to_le_bytes())
        .bytes(6, &packed)
        .bytes(7, &bounds)
        .fixed64(12, 39_f64.to_le_bytes());
    let intake = protobuf(&named("size", 9, message().varint(2, 1).message(1, point))).unwrap();
    assert_eq!(intake.points, 1);
    let lines: Vec<String> =
        told(&intake).iter().map(|line| line.replace("service.name=portal,site=north,", "")).collect();
    assert_eq!(
        lines[..4],
        [
            "size_count{temporality=delta} 40",
            "size_sum{temporality=delta} 640",
            "size_max{temporality=delta} 39",
            "size{quantile=0.5,temporality=delta} 15",
        ]
    );
    let same = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"portal"}},
        {"key":"site","value":{"stringValue":"north"}}]},"scopeMetrics":[{"metrics":[{"name":"size","histogram":{
        "aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"1780000000123456789","count":"40","sum":640,"max":39,
        "bucketCounts":["10",20,"10","0"],"explicitBounds":[10,20,40]}]}}]}]}]}"#;
    assert_eq!(json(same.as_bytes()).unwrap(), intake);
}

#[test]
fn exponential_histograms_and_summaries_are_read() {
    let side = message().varint(1, 0).bytes(2, &[1, 2, 1]);
    let point = message().fixed64(3, NANOS.to_le_bytes()).fixed64(4, 4_u64.to_le_bytes()).varint(6, 0).message(8, side);
    let intake = protobuf(&named("size", 10, message().varint(2, 2).message(1, point))).unwrap();
    assert!(told(&intake)[1].ends_with("quantile=0.5,service.name=portal,site=north,temporality=cumulative} 3"));
    let quantile = message().fixed64(1, 0.99_f64.to_le_bytes()).fixed64(2, 7_f64.to_le_bytes());
    let point = message().fixed64(3, NANOS.to_le_bytes()).fixed64(4, 9_u64.to_le_bytes()).message(6, quantile);
    let intake = protobuf(&named("took", 11, message().message(1, point))).unwrap();
    let lines = told(&intake);
    assert_eq!(lines[0], "took_count{service.name=portal,site=north} 9");
    assert_eq!(lines[1], "took{quantile=0.99,service.name=portal,site=north} 7");
    let same = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"size","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[
            {"timeUnixNano":"1","count":"4","scale":0,"positive":{"offset":0,"bucketCounts":["1","2","1"]}}]}},
        {"name":"took","summary":{"dataPoints":[{"timeUnixNano":"1","count":"9","quantileValues":[{"quantile":0.99,"value":7}]}]}}
        ]}]}]}"#;
    let lines = told(&json(same.as_bytes()).unwrap());
    assert!(lines.contains(&"size{quantile=0.5,temporality=cumulative} 3".to_owned()), "{lines:?}");
    assert_eq!(lines.last().unwrap(), "took{quantile=0.99} 7");
}

/// Each of these is nothing to a decoder that fills in what is missing: here it is a point that was refused.
#[test]
fn what_decodes_to_nothing_is_refused_and_told() {
    let no_value = message().message(1, message().fixed64(3, NANOS.to_le_bytes()));
    let no_time = message().message(1, message().fixed64(4, 1_f64.to_le_bytes()));
    let not_a_number = message().message(1, number(f64::NAN));
    let unspecified = message().message(1, number(1.0)).message(1, number(2.0));
    for (field, data, refused) in [(5, no_value, 1), (5, no_time, 1), (5, not_a_number, 1), (7, unspecified, 2)] {
        let intake = protobuf(&named("m", field, data)).unwrap();
        assert_eq!((intake.refused, intake.points, intake.samples.len()), (refused, refused, 0), "{intake:?}");
        assert!(whys(&intake).iter().all(|why| why.starts_with("m: ")));
    }
    let unknown = protobuf(&named("m", 99, message())).unwrap();
    assert_eq!((unknown.refused, unknown.points), (1, 1));
    for (metric, refused) in [
        (
            r#"{"name":"m","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","dataPoints":[{"asInt":"1"},{}]}}"#,
            2,
        ),
        (r#"{"name":"m","sum":{"dataPoints":[{"asInt":"1","timeUnixNano":"1"}]}}"#, 1),
        (r#"{"name":"m","gauges":{"dataPoints":[{"asInt":"1","timeUnixNano":"1"}]}}"#, 1),
        (r#"{"name":"m","gauge":{"dataPoints":[{"as_double":1,"timeUnixNano":"1"}]}}"#, 1),
        (
            r#"{"name":"m","gauge":{"dataPoints":[{"asDouble":"x","timeUnixNano":"1"},{"asInt":1.5,"timeUnixNano":"1"}]}}"#,
            2,
        ),
        (r#"{"name":"m","gauge":{"dataPoints":[{"asDouble":"NaN","timeUnixNano":"1"},7]}}"#, 2),
        (r#"{"name":"m","gauge":{"dataPoints":[{"asDouble":1}]}}"#, 1),
        (r#"{"gauge":{"dataPoints":[{"asDouble":1,"timeUnixNano":"1"}]}}"#, 1),
    ] {
        let body = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{metric}]}}]}}]}}"#);
        let intake = json(body.as_bytes()).unwrap();
        assert_eq!(
            (intake.refused, intake.points, intake.samples.len()),
            (refused, refused, 0),
            "{metric}: {intake:?}"
        );
    }
}

/// A request in JSON of one metric of the resource of [`request`].
fn in_json(metric: &str) -> Vec<u8> {
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"portal"}},{"key":"site","value":{"stringValue":"north"}}]}"#;
    format!(r#"{{"resourceMetrics":[{{"resource":{resource},"scopeMetrics":[{{"metrics":[{metric}]}}]}}]}}"#)
        .into_bytes()
}

#[test]
fn counts_of_buckets_are_taken_whole_or_not_at_all() {
    for (wrong, refused) in [("\"1\"", 0), ("1", 0), ("\"1.0\"", 1), ("\"x\"", 1), ("-1", 1), ("1.5", 1), ("null", 1)] {
        for (kind, where_they_are) in [
            ("exponentialHistogram", format!(r#""positive":{{"bucketCounts":["1","1",{wrong},"97"]}}"#)),
            ("exponentialHistogram", format!(r#""negative":{{"bucketCounts":["1","1",{wrong},"97"]}}"#)),
            ("histogram", format!(r#""explicitBounds":[1,2,3],"bucketCounts":["1","1",{wrong},"97"]"#)),
        ] {
            let point = format!(r#"{{"timeUnixNano":"1","count":"100",{where_they_are}}}"#);
            let body =
                in_json(&format!(r#"{{"name":"m","{kind}":{{"aggregationTemporality":1,"dataPoints":[{point}]}}}}"#));
            let intake = json(&body).unwrap();
            assert_eq!((intake.refused, intake.samples.len()), (refused, 5 * (1 - refused)), "{point}: {intake:?}");
        }
    }
}

/// Who writes JSON may leave out what is nought, or say `null`, as who writes the binary form does.
#[test]
fn what_is_left_out_is_nought_in_both_encodings() {
    let time = || message().fixed64(3, NANOS.to_le_bytes());
    let half = |quantile: Message| time().message(6, quantile.fixed64(1, 0.5_f64.to_le_bytes()));
    let nothing = r#""attributes":null,"flags":null,"#;
    for (field, kind, point, members) in [
        (9, "histogram", time(), r#""bucketCounts":null,"explicitBounds":null,"count":null"#),
        (9, "histogram", time(), r#""exemplars":[]"#),
        (
            10,
            "exponentialHistogram",
            time(),
            r#""scale":null,"zeroCount":null,"positive":null,"negative":{"offset":null}"#,
        ),
        (11, "summary", time(), r#""quantileValues":null"#),
        (11, "summary", half(message()), r#""quantileValues":[{"quantile":0.5}]"#),
        (11, "summary", time().message(6, message()), r#""quantileValues":[{"quantile":null,"value":null}]"#),
    ] {
        let binary = protobuf(&named("m", field, message().varint(2, 1).message(1, point))).unwrap();
        assert_eq!((binary.points, binary.refused, binary.samples[0].value), (1, 0, 0.0), "{binary:?}");
        let point = format!(r#"{{{nothing}"timeUnixNano":"{NANOS}",{members}}}"#);
        let metric = format!(r#"{{"name":"m","{kind}":{{"aggregationTemporality":1,"dataPoints":[{point}]}}}}"#);
        assert_eq!(json(&in_json(&metric)).unwrap(), binary, "{members}");
    }
    for body in [
        r#"{"resourceMetrics":null}"#,
        r#"{"resourceMetrics":[{"resource":null,"scopeMetrics":null}]}"#,
        r#"{"resourceMetrics":[{"resource":{"attributes":null},"scopeMetrics":[{"metrics":null}]}]}"#,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":null}}]}]}]}"#,
    ] {
        assert_eq!(json(body.as_bytes()).unwrap(), Intake::default(), "{body}");
    }
}

#[test]
fn a_histogram_of_which_a_part_is_no_number_is_refused_whole() {
    let time = || message().fixed64(3, NANOS.to_le_bytes()).fixed64(4, 3_u64.to_le_bytes());
    for (part, said) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")] {
        for (number, member) in [(5, "sum"), (11, "min"), (12, "max")] {
            let point = time().fixed64(number, part.to_le_bytes());
            let binary = protobuf(&named("m", 9, message().varint(2, 1).message(1, point))).unwrap();
            assert_eq!((binary.refused, binary.samples.len()), (1, 0), "{member} {said}: {binary:?}");
            let point = format!(r#"{{"timeUnixNano":"{NANOS}","count":"3","{member}":"{said}"}}"#);
            let metric = format!(r#"{{"name":"m","histogram":{{"aggregationTemporality":1,"dataPoints":[{point}]}}}}"#);
            assert_eq!(json(&in_json(&metric)).unwrap(), binary);
        }
    }
    // What was not observed has no quantile, and the rest of its summary is whole.
    let quantile = message().fixed64(1, 0.5_f64.to_le_bytes()).fixed64(2, f64::NAN.to_le_bytes());
    let summary = protobuf(&named("m", 11, message().message(1, time().message(6, quantile)))).unwrap();
    assert_eq!((summary.refused, summary.samples.len()), (0, 1));
}

#[test]
fn a_point_that_says_that_there_is_no_value_is_passed_over() {
    let data = message().message(1, message().fixed64(3, NANOS.to_le_bytes()).varint(8, 1));
    let intake = protobuf(&named("m", 5, data)).unwrap();
    assert_eq!((intake.points, intake.passed_over, intake.refused), (1, 1, 0));
}

#[test]
fn what_is_no_such_message_is_unreadable() {
    for body in [
        "",
        "[]",
        "{",
        "7",
        r#"{"resourceMetrics":7}"#,
        r#"{"resourceMetrics":[[]]}"#,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[7]}]}]}"#,
    ] {
        assert!(matches!(json(body.as_bytes()), Err(Unreadable::Malformed(_))), "{body}");
    }
    assert_eq!(json(b"{}").unwrap(), Intake::default());
    assert_eq!(protobuf(b"").unwrap(), Intake::default());
    assert!(matches!(protobuf(&[0x0a, 0x05, 0x00]), Err(Unreadable::Malformed(_))));
}

/// An empty point has two bytes: what is held must not grow by what a point is in memory.
#[test]
fn a_body_of_empty_points_is_not_held() {
    let mut data = message().varint(2, 1);
    for _ in 0..100_000 {
        data = data.message(1, message());
    }
    let intake = protobuf(&named("m", 5, data)).unwrap();
    assert_eq!((intake.refused, intake.told.len()), (100_000, crate::TOLD));
    let mut many = message();
    for _ in 0..=crate::SAMPLES {
        many = many.message(1, number(1.0));
    }
    assert!(matches!(protobuf(&named("m", 5, many)), Err(Unreadable::TooMuch(_))));
    // Attributes of the resource are labels of each of its points.
    let wide = crate::SHARED_BYTES - 1;
    let body = of_resource(&[("a", &"x".repeat(wide))], (0..=crate::LABEL_BYTES / wide).map(|_| number(1.0)));
    assert!(matches!(protobuf(&body), Err(Unreadable::TooMuch(_))));
}

/// A request of a gauge of a resource with these attributes.
fn of_resource(attributes: &[(&str, &str)], points: impl Iterator<Item = Message>) -> Vec<u8> {
    let resource =
        attributes.iter().fold(message(), |resource, (key, value)| resource.message(1, attribute(key, value)));
    let data = points.fold(message(), |data, point| data.message(1, point));
    let scope = message().message(2, message().bytes(1, b"m").message(5, data));
    message().message(1, message().message(1, resource).message(2, scope)).into_bytes()
}

/// Eight megabytes that are a few thousand bytes compressed: what is shared is not copied for what is refused.
#[test]
fn points_that_are_refused_cost_what_they_are_long() {
    let wide = "x".repeat(4 << 20);
    let empty = |count: usize| (0..count).map(|_| message());
    assert!(matches!(protobuf(&of_resource(&[("a", &wide)], empty(2 << 20))), Err(Unreadable::TooMuch(_))));
    let intake = protobuf(&of_resource(&[("a", &wide)], empty(crate::REFUSED))).unwrap();
    assert_eq!((intake.points, intake.refused, intake.told.len()), (crate::REFUSED, crate::REFUSED, crate::TOLD));
    assert_eq!(intake.told[0].why, "m: the attributes of the resource have more than 16384 bytes");
    // Neither for those that could be taken, had their resource fewer attributes.
    let keys: Vec<String> = (0..=crate::LABELS).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "x")).collect();
    let intake = protobuf(&of_resource(&many, (0..1_000).map(|_| number(1.0)))).unwrap();
    assert_eq!((intake.refused, intake.series.len()), (1_000, 0));
    assert_eq!(intake.told[0].why, "m: the resource has more than 64 attributes");
    // Those of the point count beside those of the resource, and one that stands in both counts once.
    for (own, refused) in [("0", 0), ("own", 1)] {
        let point = number(1.0).message(7, attribute(own, "y"));
        let intake = protobuf(&of_resource(&many[..crate::LABELS], std::iter::once(point))).unwrap();
        assert_eq!((intake.refused, intake.samples.len()), (refused, 1 - refused), "{own}");
    }
}

#[test]
fn all_points_of_a_metric_that_cannot_be_read_are_counted() {
    let count = crate::SAMPLES + 10_000;
    let data = (0..count).fold(message(), |data, _| data.message(1, message()));
    let intake = protobuf(&named("m", 7, data)).unwrap();
    assert_eq!((intake.points, intake.refused), (count, count));
    let points = vec!["{}"; count].join(",");
    let body = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m","sum":{{"dataPoints":[{points}]}}}}]}}]}}]}}"#
    );
    assert_eq!(json(body.as_bytes()).unwrap().refused, count);
}

#[test]
fn answers_are_what_the_protocol_says() {
    assert!(response(0, "").is_empty());
    assert_eq!(response(2, "x"), [0x0a, 5, 0x08, 2, 0x12, 1, b'x']);
    assert_eq!(status(7, "no"), [0x08, 7, 0x12, 2, b'n', b'o']);
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (protobuf(&bytes), json(&bytes));
    }

    #[test]
    fn every_point_is_counted_once(values in proptest::collection::vec(any::<f64>(), 0..20)) {
        let data = values.iter().fold(message(), |data, value| data.message(1, number(*value)));
        let intake = protobuf(&named("m", 5, data)).unwrap();
        prop_assert_eq!(intake.points, values.len());
        prop_assert_eq!(intake.samples.len() + intake.refused + intake.passed_over, values.len());
    }
}
