//! A series in the size of a word.

use super::axis::{Axis, figure, seconds};
use super::{Colour, Drawing, Form, Stroke, shortened};
use chrono::{DateTime, Utc};

const WIDTH: f32 = 160.0;
const HEIGHT: f32 = 40.0;

/// The line of a series, its newest measurement as a dot, and its target as a dashed line.
pub(crate) fn sparkline(
    name: &str,
    unit: Option<&str>,
    points: &[(DateTime<Utc>, f64)],
    target: Option<f64>,
) -> Drawing {
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let description = match (points.first(), points.last()) {
        (Some(first), Some(last)) => format!(
            "{} measurements from {} to {}; the newest is {}{unit}{}.",
            points.len(),
            first.0.format("%Y-%m-%d"),
            last.0.format("%Y-%m-%d"),
            figure(last.1),
            target.map(|target| format!(", the target {}{unit}", figure(target))).unwrap_or_default(),
        ),
        _ => "Nothing is measured yet.".to_owned(),
    };
    let title = shortened(name, 200);
    let mut drawing = Drawing { width: WIDTH, height: HEIGHT, title, description, shapes: Vec::new() };
    let values = || points.iter().map(|(_, value)| *value);
    let moments = points.iter().map(|(at, _)| seconds(*at));
    let (Some(x), Some(mut y)) =
        (Axis::around(moments, (2.0, WIDTH - 4.0)), Axis::around(values(), (HEIGHT - 4.0, 4.0)))
    else {
        return drawing;
    };
    // A target far off would flatten the line.
    let span = y.ends.1 - y.ends.0;
    if let Some(target) = target.filter(|target| (y.ends.0 - span..=y.ends.1 + span).contains(target)) {
        y = Axis::around(values().chain([target]), y.places).unwrap_or(y);
        let stroke = Stroke { colour: Colour::GOOD, width: 1.0, dashes: &[4.0, 3.0] };
        drawing.line(vec![(0.0, y.at(target)), (WIDTH, y.at(target))], stroke);
    }
    let places: Vec<(f32, f32)> = points.iter().map(|(at, value)| (x.at(seconds(*at)), y.at(*value))).collect();
    let last = places.last().copied();
    drawing.line(places, Stroke { colour: Colour::DATA, width: 1.5, dashes: &[] });
    if let Some(last) = last {
        drawing.mark(last, 3.0, Form::Dot, Colour::DATA);
    }
    drawing
}
