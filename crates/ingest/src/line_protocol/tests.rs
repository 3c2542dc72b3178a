use super::*;
use proptest::prelude::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(1_780_000_000_000_000_000)
}

fn decoded(body: &str) -> Intake {
    decode(body.as_bytes(), Precision::Nanoseconds, now()).unwrap()
}

/// `metric{labels} value` of each sample.
fn told(body: &str) -> Vec<String> {
    let intake = decoded(body);
    assert_eq!(intake.told, [], "{body}");
    let line = |sample: &crate::Sample| {
        let series = &intake.series[sample.series];
        let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}{{{}}} {}", series.metric, labels.join(","), sample.value)
    };
    intake.samples.iter().map(line).collect()
}

#[test]
fn each_field_that_is_a_figure_is_a_sample() {
    let body = "# a comment, with a \" in it\n\
        cpu,host=a,site=north usage_idle=98.5,count=3i,big=7u,up=true,note=\"a, b = \\\" c\" 1780000000000000001\r\n\n\
        latency value=-1.5e3\n";
    assert_eq!(
        told(body),
        [
            "cpu_usage_idle{host=a,site=north} 98.5",
            "cpu_count{host=a,site=north} 3",
            "cpu_big{host=a,site=north} 7",
            "cpu_up{host=a,site=north} 1",
            "latency{} -1500",
        ]
    );
    let intake = decoded(body);
    assert_eq!(intake.samples[0].at.timestamp_nanos_opt(), Some(1_780_000_000_000_000_001));
    assert_eq!(intake.samples[4].at, now(), "what has no time was observed now");
}

#[test]
fn what_separates_can_be_escaped() {
    assert_eq!(told(r"my\ disk\,x,a\=b=c\,d\ e f\ g=1"), [r"my disk,x_f g{a=b=c,d e} 1"]);
    assert_eq!(told(r"m,path=C:\dir f=1"), [r"m_f{path=C:\dir} 1"]);
    assert_eq!(told("m text=\"over\ntwo lines\",f=2\nn f=3"), ["m_f{} 2", "n_f{} 3"]);
    assert_eq!(told("m,a=\"x f=1"), ["m_f{a=\"x} 1"], "a quotation mark in a tag opens nothing");
}

#[test]
fn a_line_that_cannot_be_read_is_refused_alone() {
    for wrong in [
        "m",
        "m ",
        "m f",
        "m f=",
        "m f=x",
        "m f=1x",
        "m f=nan",
        "m f=+1",
        "m f=1e999",
        "m f=1 x",
        "m f=1 1 1",
        "m,a f=1",
        "m,a= f=1",
        "m,a=1,a=2 f=1",
        ",a=1 f=1",
        "m f=\"x",
        "m =1",
        "m f=9223372036854775808i",
        "m f=-1u",
    ] {
        let intake = decoded(&format!("a v=1\n{wrong}\n"));
        assert_eq!((intake.points, intake.refused, intake.samples.len()), (2, 1, 1), "{wrong}: {intake:?}");
        assert_eq!(intake.told[0].point, 2, "{wrong}");
    }
    let intake = decode(b"a v=1\n\xff v=1\n\nb v=2", Precision::Nanoseconds, now()).unwrap();
    assert_eq!((intake.refused, intake.samples.len(), intake.told[0].point), (1, 2, 2));
    let later = decoded("m text=\"over\ntwo\"\nwrong");
    assert_eq!((later.told[0].point, later.passed_over), (3, 1));
}

#[test]
fn times_are_counted_as_said() {
    for (name, time) in [
        ("ns", "1780000000000000000"),
        ("us", "1780000000000000"),
        ("u", "1780000000000000"),
        ("ms", "1780000000000"),
        ("s", "1780000000"),
    ] {
        let body = format!("m v=1 {time}");
        let intake = decode(body.as_bytes(), Precision::of(name).unwrap(), now()).unwrap();
        assert_eq!(intake.samples[0].at, now(), "{name}");
    }
    assert_eq!(Precision::of("days"), None);
    let far = decode(b"m v=1 9223372036854775807", Precision::Hours, now()).unwrap();
    assert_eq!(far.refused, 1);
}

/// Each line is looked at once: were all that follow looked at for each, this would take hours.
#[test]
fn empty_lines_cost_what_they_are_long() {
    let intake = decoded(&format!("{}m v=1 1780000000000000000", " \n".repeat(2 << 20)));
    assert_eq!((intake.points, intake.refused), (1, 0));
}

#[test]
fn the_labels_of_a_series_are_bounded() {
    let line = format!("m,site={} v=1 1780000000000000000", "x".repeat(crate::SHARED_BYTES));
    assert!(matches!(decode(line.as_bytes(), Precision::Nanoseconds, now()), Err(crate::Unreadable::TooMuch(_))));
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes, Precision::Milliseconds, now());
    }

    #[test]
    fn no_line_is_lost(lines in proptest::collection::vec("[a-z,= \"\\\\0-9i#]{0,20}", 0..8)) {
        let intake = decoded(&lines.join("\n"));
        prop_assert!(intake.refused <= intake.points && intake.points <= lines.len());
    }
}
