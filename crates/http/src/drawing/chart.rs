//! The control chart of a series as a picture.

use super::axis::{Axis, figure, moments, rounded, seconds};
use super::{Anchor, Colour, Drawing, Form, Stroke, shortened};
use chrono::{DateTime, Utc};
use ratchet_domain::indicators::chart::{Basis, Charted, Segment, Trend, Unlimited};
use ratchet_domain::indicators::phases::Beginning;
use ratchet_domain::indicators::{Goal, Indicator, Judgement};

const WIDTH: f32 = 960.0;
const HEIGHT: f32 = 496.0;
const LEFT: f32 = 72.0;
const RIGHT: f32 = 826.0;
const TOP: f32 = 84.0;
const BOTTOM: f32 = 396.0;
/// More dots than this run into each other: the line alone is drawn, and what meets a rule.
const DOTS: usize = 150;
/// Rules are written beside so many marks at most.
const RULES: usize = 40;
/// Labels at the right are so far apart.
const APART: f32 = 14.0;

const CENTRE: Stroke = Stroke { colour: Colour::LIMIT, width: 1.2, dashes: &[] };
const LIMIT: Stroke = Stroke { colour: Colour::LIMIT, width: 1.2, dashes: &[7.0, 4.0] };
const TARGET: Stroke = Stroke { colour: Colour::GOOD, width: 1.4, dashes: &[12.0, 4.0] };
const WARNING: Stroke = Stroke { colour: Colour::WARNING, width: 1.4, dashes: &[3.0, 3.0] };
const CRITICAL: Stroke = Stroke { colour: Colour::CRITICAL, width: 1.4, dashes: &[9.0, 3.0, 2.0, 3.0] };
const TREND: Stroke = Stroke { colour: Colour::INK, width: 1.4, dashes: &[2.0, 4.0] };
const PHASE: Stroke = Stroke { colour: Colour::FAINT, width: 1.0, dashes: &[2.0, 2.0] };
const DATA: Stroke = Stroke { colour: Colour::DATA, width: 1.3, dashes: &[] };

/// What is drawn.
pub(crate) struct ChartPicture<'a> {
    /// Whose chart it is.
    pub indicator: &'a Indicator,
    /// The dimensions of the series; empty without any.
    pub series: &'a str,
    /// Its phases, with the points that are drawn of each.
    pub segments: Vec<(&'a Segment, Vec<&'a Charted>)>,
    /// What each phase begins with, in words.
    pub beginnings: Vec<String>,
    /// Where the present phase leads.
    pub trend: Option<Trend>,
    /// What else is to be said, such as that there is a rhythm.
    pub notes: Vec<String>,
}

/// A line across the whole chart.
struct Level {
    name: String,
    value: f64,
    stroke: Stroke,
}

fn levels(goal: &Goal) -> Vec<Level> {
    let level = |name: &str, value, stroke| Level { name: name.to_owned(), value, stroke };
    let target = goal.target().map(|target| level("target", target, TARGET));
    let thresholds = match goal {
        Goal::HigherIsBetter { warning, critical, .. } | Goal::LowerIsBetter { warning, critical, .. } => {
            vec![level("warning", *warning, WARNING), level("critical", *critical, CRITICAL)]
        }
        Goal::WithinRange { warning, critical, .. } => vec![
            level("warning", warning.low, WARNING),
            level("warning", warning.high, WARNING),
            level("critical", critical.low, CRITICAL),
            level("critical", critical.high, CRITICAL),
        ],
    };
    target.into_iter().chain(thresholds).collect()
}

impl ChartPicture<'_> {
    fn points(&self) -> impl Iterator<Item = (&Charted, Option<&Basis>)> {
        self.segments.iter().flat_map(|(segment, points)| points.iter().map(|one| (*one, segment.basis.as_ref().ok())))
    }

    fn moments(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.points().map(|(point, _)| point.reading.observed_at)
    }

    fn unit(&self) -> String {
        self.indicator.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default()
    }

    /// The values that the axis must hold, and those levels that lie near enough not to flatten the line.
    fn axis(&self, levels: &[Level]) -> Option<Axis> {
        let limits = self.points().filter_map(|(point, basis)| Some(point.place.as_ref()?.limits(basis?.kind)));
        let own = self.points().map(|(point, _)| point.reading.figure.value());
        let all: Vec<f64> = own.chain(limits.flat_map(|(low, high)| [low, high])).collect();
        let axis = Axis::around(all.iter().copied(), (BOTTOM, TOP))?;
        let span = axis.ends.1 - axis.ends.0;
        let near = |value: &f64| (axis.ends.0 - span..=axis.ends.1 + span).contains(value);
        let near = levels.iter().map(|level| level.value).filter(near);
        Axis::around(all.into_iter().chain(near), (BOTTOM, TOP))
    }

    /// What the picture shows, for whoever does not see it.
    fn description(&self) -> String {
        let (count, unit) = (self.points().count(), self.unit());
        let (Some(from), Some(to), Some((newest, basis))) =
            (self.moments().next(), self.moments().last(), self.points().last())
        else {
            return "Nothing is measured in this time.".to_owned();
        };
        let value = newest.reading.figure.value();
        let mut said = vec![format!(
            "Control chart of {count} measurements from {} to {}. The newest is {}{unit}.",
            from.format("%Y-%m-%d %H:%M"),
            to.format("%Y-%m-%d %H:%M UTC"),
            figure(value),
        )];
        if let Some(goal) = &self.indicator.goal {
            let judged = match goal.judge(value) {
                Judgement::OnTarget => "on the good side of both thresholds",
                Judgement::Warning => "beyond the warning threshold",
                Judgement::Critical => "beyond the critical threshold",
            };
            let levels = levels(goal);
            let levels = levels.iter().map(|level| format!("{} {}{unit}", level.name, figure(level.value)));
            said.push(format!("It is {judged} ({}).", levels.collect::<Vec<_>>().join(", ")));
        }
        if let Some((place, basis)) = newest.place.as_ref().zip(basis) {
            let (low, high) = place.limits(basis.kind);
            let (low, centre, high) = (figure(low), figure(place.centre), figure(high));
            said.push(format!("Its limits are {low} and {high}{unit} around {centre}."));
        }
        let met = self.points().filter(|(point, _)| point.place.as_ref().is_some_and(|place| !place.rules.is_empty()));
        said.push(format!("{} of the measurements shown meet a rule.", met.count()));
        said.extend(self.trend.map(|trend| self.told(&trend)));
        if self.beginnings.len() > 1 {
            said.push(format!("Phases: {}.", self.beginnings.join("; ")));
        }
        said.extend(self.notes.iter().cloned());
        said.join(" ")
    }

    /// The trend in words.
    fn told(&self, trend: &Trend) -> String {
        let slope = trend.slope_per_day;
        let p = rounded(trend.test.p, 3);
        let moves = match slope {
            slope if slope < 0.0 => format!("falls by {}{} a day", rounded(-slope, 4), self.unit()),
            slope if slope > 0.0 => format!("rises by {}{} a day", rounded(slope, 4), self.unit()),
            _ => "neither rises nor falls".to_owned(),
        };
        let sure = if trend.test.p <= 0.05 { "" } else { ", which chance might do" };
        let met = trend.forecast.and_then(|forecast| forecast.meets_at);
        let met = met.map(|at| format!("; the target is met on {} if it goes on like this", at.format("%Y-%m-%d")));
        format!("It {moves} (p = {p}{sure}){}.", met.unwrap_or_default())
    }
}

/// The picture of a chart.
pub(crate) fn drawn(picture: &ChartPicture<'_>) -> Drawing {
    let ChartPicture { indicator, series, .. } = picture;
    let title = format!("{}: {}", indicator.head.reference, indicator.name);
    let description = picture.description();
    let mut drawing = Drawing { width: WIDTH, height: HEIGHT, title: title.clone(), description, shapes: Vec::new() };
    let levels = indicator.goal.as_ref().map(levels).unwrap_or_default();
    drawing.shapes.push(super::Shape::Text {
        at: (24.0, 32.0),
        text: shortened(&title, 90),
        size: 17.0,
        anchor: Anchor::Start,
        colour: Colour::INK,
        bold: true,
    });
    let unit = indicator.unit.as_deref().map(|unit| format!("in {unit}"));
    let series = (!series.is_empty()).then(|| (*series).to_owned());
    let under: Vec<String> = unit.into_iter().chain(series).collect();
    drawing.text((24.0, 52.0), shortened(&under.join(", "), 110), (12.0, Anchor::Start, Colour::FAINT));
    let from_to = picture.moments().min().zip(picture.moments().max());
    let (Some(y), Some((from, to))) = (picture.axis(&levels), from_to) else {
        let place = (WIDTH / 2.0, HEIGHT / 2.0);
        drawing.text(place, "Nothing is measured in this time.", (14.0, Anchor::Middle, Colour::FAINT));
        return drawing;
    };
    let times = [from, to].into_iter().map(seconds);
    let Some(x) = Axis::around(times, (LEFT, RIGHT)) else { return drawing };
    grid(&mut drawing, &y, &x);
    let mut labels = across(&mut drawing, &levels, &y);
    phases(&mut drawing, picture, &x);
    for (segment, points) in &picture.segments {
        // Those of the present phase are named; those of earlier ones can be read off.
        let own = limits(&mut drawing, segment, points, (&x, &y));
        let is_present = picture.segments.last().is_some_and(|(last, _)| last.phase == segment.phase);
        labels.extend(own.into_iter().filter(|_| is_present));
    }
    if let Some(trend) = &picture.trend {
        let line = [(trend.from, trend.starts_with), (trend.to, trend.ends_with)];
        let inside = line.iter().all(|(_, value)| y.holds(*value));
        let places = line.map(|(at, value)| (x.at(seconds(at)), y.at(value)));
        if inside {
            drawing.line(places.to_vec(), TREND);
        }
    }
    data(&mut drawing, picture, (&x, &y));
    revisions(&mut drawing, indicator, &x);
    beside(&mut drawing, labels);
    below(&mut drawing, picture);
    drawing
}

fn grid(drawing: &mut Drawing, y: &Axis, x: &Axis) {
    let stroke = Stroke { colour: Colour::GRID, width: 1.0, dashes: &[] };
    for (value, text) in y.ticks(6.0) {
        let at = y.at(value);
        drawing.line(vec![(LEFT, at), (RIGHT, at)], stroke);
        drawing.text((LEFT - 8.0, at + 4.0), text, (11.0, Anchor::End, Colour::FAINT));
    }
    let moment = |seconds: f64| DateTime::from_timestamp(seconds as i64, 0);
    let (Some(from), Some(to)) = (moment(x.ends.0), moment(x.ends.1)) else { return };
    for (at, text) in moments(from, to, 8) {
        let place = x.at(seconds(at));
        // What would stand outside of the picture is left out.
        if (LEFT..=RIGHT).contains(&place) {
            drawing.line(vec![(place, BOTTOM), (place, BOTTOM + 5.0)], Stroke { colour: Colour::FAINT, ..stroke });
            drawing.text((place, BOTTOM + 19.0), text, (11.0, Anchor::Middle, Colour::FAINT));
        }
    }
    drawing.line(vec![(LEFT, BOTTOM), (RIGHT, BOTTOM)], Stroke { colour: Colour::FAINT, ..stroke });
}

/// A word at the right, and how high it belongs.
type Label = (f32, String, Colour);

/// Target and thresholds, as far as they lie within the picture.
fn across(drawing: &mut Drawing, levels: &[Level], y: &Axis) -> Vec<Label> {
    let mut labels = Vec::new();
    for Level { name, value, stroke } in levels.iter().filter(|level| y.holds(level.value)) {
        let at = y.at(*value);
        drawing.line(vec![(LEFT, at), (RIGHT, at)], *stroke);
        labels.push((at, format!("{name} {}", figure(*value)), stroke.colour));
    }
    labels
}

/// Where phases begin.
fn phases(drawing: &mut Drawing, picture: &ChartPicture<'_>, x: &Axis) {
    let mut last = f32::NEG_INFINITY;
    for ((segment, _), words) in picture.segments.iter().zip(&picture.beginnings) {
        let is_first = match segment.phase.beginning {
            Beginning::FirstMeasurement => true,
            Beginning::Change(_) | Beginning::Declared(_) => false,
        };
        let place = x.at(seconds(segment.phase.starts_at));
        if is_first || !(LEFT..=RIGHT).contains(&place) {
            continue;
        }
        drawing.line(vec![(place, TOP - 6.0), (place, BOTTOM)], PHASE);
        // Words that would run into each other are left to the description.
        if place - last > 130.0 {
            let (at, anchor) =
                if place > RIGHT - 160.0 { (place - 4.0, Anchor::End) } else { (place + 4.0, Anchor::Start) };
            drawing.text((at, TOP - 8.0), shortened(words, 26), (11.0, anchor, Colour::FAINT));
            last = place;
        }
    }
}

/// Centre and limits of a phase: straight where they are the same for all, else from measurement to measurement.
fn limits(drawing: &mut Drawing, segment: &Segment, points: &[&Charted], (x, y): (&Axis, &Axis)) -> Vec<Label> {
    let Ok(basis) = &segment.basis else { return Vec::new() };
    let placed = points.iter().filter_map(|point| Some((point.reading.observed_at, point.place.as_ref()?)));
    let mut lines: [Vec<(f32, f32)>; 3] = Default::default();
    let mut last = None;
    for (at, place) in placed {
        let (low, high) = place.limits(basis.kind);
        for (line, value) in lines.iter_mut().zip([low, place.centre, high]) {
            line.push((x.at(seconds(at)), y.at(value)));
        }
        last = Some((low, place.centre, high));
    }
    for (line, stroke) in lines.into_iter().zip([LIMIT, CENTRE, LIMIT]) {
        drawing.line(line, stroke);
    }
    let Some((low, centre, high)) = last else { return Vec::new() };
    [("lower limit", low), ("centre", centre), ("upper limit", high)]
        .map(|(name, value)| (y.at(value), format!("{name} {}", figure(value)), Colour::LIMIT))
        .to_vec()
}

/// The measurements: a line within each phase, a dot each where there is room, a diamond with Nelson's numbers where rules are
/// met.
fn data(drawing: &mut Drawing, picture: &ChartPicture<'_>, (x, y): (&Axis, &Axis)) {
    let count = picture.points().count();
    let place = |point: &Charted| {
        let (at, value) = point.reading.point();
        (x.at(seconds(at)), y.at(value))
    };
    for (_, points) in &picture.segments {
        drawing.line(points.iter().map(|point| place(point)).collect(), DATA);
    }
    let mut named = 0;
    let mut last = f32::NEG_INFINITY;
    for (point, _) in picture.points() {
        let at = place(point);
        let rules = point.place.as_ref().map(|place| place.rules.as_slice()).unwrap_or_default();
        if rules.is_empty() {
            if count <= DOTS {
                drawing.mark(at, 2.4, Form::Dot, Colour::DATA);
            }
            continue;
        }
        drawing.mark(at, 5.0, Form::Diamond, Colour::CRITICAL);
        // Numbers that would run into each other say nothing.
        if named < RULES && at.0 - last > 16.0 {
            let numbers: Vec<String> = rules.iter().map(|rule| rule.number().to_string()).collect();
            // On the side away from the centre, where the line does not run through them.
            let is_low = point.place.as_ref().is_some_and(|place| place.z < 0.0);
            let beside = if is_low { at.1 + 16.0 } else { at.1 - 8.0 };
            drawing.text((at.0, beside), numbers.join(","), (10.0, Anchor::Middle, Colour::CRITICAL));
            (named, last) = (named + 1, at.0);
        }
    }
}

/// Where target, thresholds or chart were changed: moving the goalposts shows.
fn revisions(drawing: &mut Drawing, indicator: &Indicator, x: &Axis) {
    for revision in &indicator.revisions {
        let place = x.at(seconds(revision.replaced_at));
        if (LEFT..=RIGHT).contains(&place) {
            drawing.mark((place, BOTTOM - 5.0), 5.0, Form::Triangle, Colour::INK);
        }
    }
}

/// The words at the right, moved apart where they would run into each other.
fn beside(drawing: &mut Drawing, mut labels: Vec<Label>) {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = TOP - 10.0;
    let mut placed: Vec<f32> = Vec::new();
    for (wanted, ..) in &labels {
        let at = wanted.max(free);
        placed.push(at);
        free = at + APART;
    }
    // What was pushed out at the bottom pushes back.
    let mut most = BOTTOM + 4.0;
    for at in placed.iter_mut().rev() {
        *at = at.min(most);
        most = *at - APART;
    }
    for ((_, text, colour), at) in labels.into_iter().zip(placed) {
        drawing.text((RIGHT + 8.0, at + 4.0), text, (11.0, Anchor::Start, colour));
    }
}

/// What the lines and marks mean, and what is to be said of the chart.
fn below(drawing: &mut Drawing, picture: &ChartPicture<'_>) {
    let has = |stroke: Stroke| {
        drawing.shapes.iter().any(|shape| match shape {
            super::Shape::Line { stroke: drawn, .. } => *drawn == stroke,
            super::Shape::Mark { .. } | super::Shape::Text { .. } => false,
        })
    };
    let has_mark = |form: Form| {
        drawing.shapes.iter().any(|shape| match shape {
            super::Shape::Mark { form: drawn, .. } => *drawn == form,
            super::Shape::Line { .. } | super::Shape::Text { .. } => false,
        })
    };
    let mut lines = vec![("measured", DATA)];
    let known = [("centre", CENTRE), ("limits", LIMIT), ("target", TARGET), ("warning", WARNING)];
    let known = known.into_iter().chain([("critical", CRITICAL), ("trend", TREND), ("phase", PHASE)]);
    lines.extend(known.filter(|(_, stroke)| has(*stroke)));
    let marks =
        [("meets a rule (its number)", Form::Diamond, Colour::CRITICAL), ("revised", Form::Triangle, Colour::INK)];
    let marks: Vec<_> = marks.into_iter().filter(|(_, form, _)| has_mark(*form)).collect();
    let (mut at, base) = (24.0, HEIGHT - 58.0);
    let width = |text: &str| 6.2 * text.chars().count() as f32;
    for (name, stroke) in lines {
        drawing.line(vec![(at, base - 4.0), (at + 28.0, base - 4.0)], stroke);
        drawing.text((at + 33.0, base), name, (11.0, Anchor::Start, Colour::INK));
        at += 44.0 + width(name);
    }
    for (name, form, colour) in marks {
        drawing.mark((at + 6.0, base - 4.0), 5.0, form, colour);
        drawing.text((at + 16.0, base), name, (11.0, Anchor::Start, Colour::INK));
        at += 32.0 + width(name);
    }
    let unlimited =
        picture.segments.last().and_then(|(segment, _)| segment.basis.as_ref().err()).map(|why| why_none(*why));
    let told = picture.trend.map(|trend| picture.told(&trend));
    let notes: Vec<String> = unlimited.map(str::to_owned).into_iter().chain(picture.notes.clone()).collect();
    let lines = [notes.join(" "), told.unwrap_or_default()].into_iter().filter(|line| !line.is_empty());
    for (line, base) in lines.zip([HEIGHT - 34.0, HEIGHT - 16.0]) {
        drawing.text((24.0, base), shortened(&line, 145), (11.0, Anchor::Start, Colour::FAINT));
    }
}

fn why_none(why: Unlimited) -> &'static str {
    match why {
        Unlimited::NotCharted => "It is set to have no limits.",
        Unlimited::TooFew => "No limits yet: too few measurements in this phase.",
        Unlimited::NoVariation => "No limits: the first measurements of the phase are all the same.",
        Unlimited::RhythmNotSeen => "No limits yet: the rhythm that is to be taken out has not been seen four times.",
    }
}
