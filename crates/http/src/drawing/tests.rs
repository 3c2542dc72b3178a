use super::axis::{Axis, figure, moments, rounded};
use super::*;
use chrono::{DateTime, Utc};
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn plain(title: &str) -> Drawing {
    let (title, description) = (title.to_owned(), "Nothing".to_owned());
    Drawing { width: 60.0, height: 40.0, title, description, shapes: Vec::new() }
}

#[test]
fn ticks_are_round() {
    let axis = |low, high| Axis { ends: (low, high), places: (0.0, 100.0) };
    let values = |axis: Axis, wanted| axis.ticks(wanted).into_iter().map(|(value, _)| value).collect::<Vec<f64>>();
    assert_eq!(values(axis(-0.3, 11.0), 6.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    assert_eq!(
        axis(0.812, 0.998).ticks(4.0).into_iter().map(|(_, text)| text).collect::<Vec<_>>(),
        ["0.85", "0.90", "0.95"]
    );
    assert_eq!(values(axis(0.0, 1e100), 5.0).first(), Some(&0.0));
    assert_eq!(axis(3.0, 7.0).at(5.0), 50.0);
    assert_eq!(Axis::around([f64::NAN; 0].into_iter(), (0.0, 1.0)), None);
    let still = Axis::around([4.0, 4.0].into_iter(), (0.0, 100.0)).unwrap();
    assert_eq!((still.at(4.0), still.holds(4.0)), (50.0, true));
}

#[test]
fn moments_are_round_and_few() {
    let texts = |from, to| moments(at(from), at(to), 8).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts("2026-03-01T00:00:00Z", "2026-03-01T05:00:00Z").last().unwrap(), "03-01 05:00");
    assert_eq!(texts("2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z").len(), 5);
    for (from, to) in
        [("2014-01-01T00:00:00Z", "2026-03-05T00:00:00Z"), ("1970-01-01T00:00:00Z", "2199-01-01T00:00:00Z")]
    {
        assert!((1..=9).contains(&texts(from, to).len()) || to.starts_with("2199"), "{from} {to}");
    }
}

#[test]
fn ticks_are_told_from_their_neighbours() {
    let texts = |low, high| {
        let axis = Axis { ends: (low, high), places: (0.0, 100.0) };
        axis.ticks(6.0).into_iter().map(|(_, text)| text).collect::<Vec<String>>()
    };
    assert_eq!(texts(-0.3, 11.0), ["0", "2", "4", "6", "8", "10"]);
    assert_eq!(texts(0.9984, 1.0001), ["0.9985", "0.9990", "0.9995", "1.0000"]);
    assert_eq!(texts(-0.11, 0.11), ["-0.10", "-0.05", "0.00", "0.05", "0.10"]);
    assert_eq!(texts(99.9985, 99.99965), ["99.9986", "99.9988", "99.9990", "99.9992", "99.9994", "99.9996"]);
    assert_eq!(texts(0.0, 3e12), ["0", "5e11", "1e12", "1.5e12", "2e12", "2.5e12", "3e12"]);
    assert_eq!(texts(0.0, 1.25e-12), ["0", "5e-13", "1e-12"]);
    for (low, high) in [(1e9, 1e9 + 3.0), (-1e-9, 4e-9), (5e5, 5e5 + 1e-3), (-1e80, 1e80), (1e-300, 9e-300)] {
        let texts = texts(low, high);
        let unlike: std::collections::BTreeSet<&String> = texts.iter().collect();
        assert!(unlike.len() == texts.len() && texts.len() > 2, "{texts:?}");
    }
}

#[test]
fn a_figure_is_not_told_as_another() {
    let told = [0.0, -0.0, -0.001, 12.0, 12.345, 0.0512, 98_765.4, 1.5e9, -2e-7, 1.5e20].map(figure);
    assert_eq!(told, ["0", "0", "-0.001", "12", "12.345", "0.0512", "98765.4", "1500000000", "-0.0000002", "1.5e20"]);
    // Targets and what misses them.
    let told = [0.9995, 99.999, 0.9985, 99.99999, 43_149.0 / 43_200.0, 0.1 + 0.2, 2.0 / 3.0e6, 1e7 / 3.0].map(figure);
    assert_eq!(told, ["0.9995", "99.999", "0.9985", "99.99999", "0.998819", "0.3", "6.66667e-7", "3333333"]);
    assert_eq!([0.012_345, 1.0 / 3.0, 0.0, 1.2e-9].map(|p| rounded(p, 3)), ["0.0123", "0.333", "0", "1.2e-9"]);
}

#[test]
fn people_s_words_mean_nothing_in_a_picture() {
    let mut drawing = plain("</title><script>alert(1)</script>");
    drawing.text((1.0, 10.0), "<a href=\"x\">&'\u{1}\n", (10.0, Anchor::Start, Colour::INK));
    let svg = drawing.svg();
    assert!(svg.contains("&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"), "{svg}");
    assert!(svg.contains(">&lt;a href=&quot;x&quot;&gt;&amp;&#39; </text>"), "{svg}");
    assert!(svg.contains("role=\"img\" aria-labelledby=\"title description\""), "{svg}");
}

#[test]
fn a_png_shows_what_is_drawn() {
    let empty = plain("empty").png().unwrap();
    assert_eq!(&empty[..8], b"\x89PNG\r\n\x1a\n");
    // Width and height stand in the first chunk.
    assert_eq!((&empty[16..20], &empty[20..24]), (&[0, 0, 0, 120][..], &[0, 0, 0, 80][..]));
    let mut written = plain("written");
    written.text((2.0, 20.0), "Größe Ωж", (12.0, Anchor::Start, Colour::INK));
    let mut lined = plain("lined");
    lined.line(vec![(0.0, 0.0), (60.0, 40.0)], Stroke { colour: Colour::INK, width: 1.0, dashes: &[4.0, 2.0] });
    let mut marked = plain("marked");
    for (n, form) in [(1.0, Form::Dot), (2.0, Form::Diamond), (3.0, Form::Triangle)] {
        marked.mark((n * 12.0, 20.0), 5.0, form, Colour::CRITICAL);
    }
    for drawing in [written, lined, marked] {
        assert_ne!(drawing.png().unwrap(), empty, "{}", drawing.title);
    }
}

#[test]
fn a_sparkline_of_nothing_says_so() {
    let svg = sparkline("Latency", Some("ms"), &[], None).svg();
    assert!(svg.contains("Nothing is measured yet.") && !svg.contains("polyline"), "{svg}");
    let points = [(at("2026-03-01T00:00:00Z"), 4.0), (at("2026-03-02T00:00:00Z"), 5.0)];
    let svg = sparkline("Latency", Some("ms"), &points, Some(4.5)).svg();
    assert!(svg.contains("the newest is 5 ms, the target 4.5 ms") && svg.contains("stroke-dasharray"), "{svg}");
    let near = [(at("2026-03-01T00:00:00Z"), 0.9992), (at("2026-03-02T00:00:00Z"), 0.99949)];
    let svg = sparkline("Uptime", None, &near, Some(0.9995)).svg();
    assert!(svg.contains("the newest is 0.99949, the target 0.9995."), "{svg}");
    // A target far away is told and not drawn.
    let far = sparkline("Latency", None, &points, Some(4_000.0)).svg();
    assert!(far.contains("the target 4000") && !far.contains("stroke-dasharray"), "{far}");
}

proptest! {
    /// Whatever it is called, what stands in the picture is text.
    #[test]
    fn every_title_is_escaped(title in any::<String>()) {
        let svg = plain(&title).svg();
        prop_assert_eq!(svg.matches('<').count(), plain("").svg().matches('<').count());
        let inside = svg.split("<title id=\"title\">").nth(1).unwrap().split("</title>").next().unwrap();
        prop_assert!(!inside.contains(['<', '>', '"', '\'']) && !inside.chars().any(char::is_control));
    }

    /// Any two figures make a picture.
    #[test]
    fn any_figures_are_drawn(values in proptest::collection::vec(-1e100..1e100f64, 1..20), target in -1e100..1e100f64) {
        let start = at("2026-03-01T00:00:00Z");
        let points: Vec<_> = (0..).zip(values).map(|(n, value)| (start + chrono::TimeDelta::days(n), value)).collect();
        let svg = sparkline("x", None, &points, Some(target)).svg();
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", svg);
    }
}
