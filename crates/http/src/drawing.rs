//! Pictures: what is to be drawn, once, and how it is written as SVG and as PNG.
//!
//! Nothing is said by colour alone: lines differ by their dashes, marks by their form, and each has its name in words.

mod axis;
mod chart;
mod png;
mod sparkline;
mod svg;
#[cfg(test)]
mod tests;

pub(crate) use chart::{ChartPicture, drawn};
pub(crate) use sparkline::sparkline;

/// A colour as red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour(u8, u8, u8);

impl Colour {
    const INK: Self = Self(0x1f, 0x29, 0x33);
    const FAINT: Self = Self(0x5b, 0x67, 0x70);
    const GRID: Self = Self(0xe3, 0xe8, 0xec);
    const PAPER: Self = Self(0xff, 0xff, 0xff);
    const DATA: Self = Self(0x1d, 0x4e, 0x89);
    const LIMIT: Self = Self(0x7a, 0x4b, 0x9a);
    const GOOD: Self = Self(0x1b, 0x7a, 0x4b);
    const WARNING: Self = Self(0x9a, 0x67, 0x00);
    const CRITICAL: Self = Self(0xb4, 0x2a, 0x2a);
}

/// How a line is drawn: its width, and the lengths of dashes and gaps; none for a whole line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stroke {
    colour: Colour,
    width: f32,
    dashes: &'static [f32],
}

/// The form of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A measurement.
    Dot,
    /// One that meets a rule.
    Diamond,
    /// A revision.
    Triangle,
}

/// Where a text stands by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Something that is drawn; places are in pixels from the upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A line through places.
    Line { places: Vec<(f32, f32)>, stroke: Stroke },
    /// A mark: its middle and half its width.
    Mark { at: (f32, f32), reach: f32, form: Form, colour: Colour },
    /// A text on its base line.
    Text { at: (f32, f32), text: String, size: f32, anchor: Anchor, colour: Colour, bold: bool },
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawing {
    width: f32,
    height: f32,
    /// What it is called.
    title: String,
    /// What it shows, for whoever does not see it.
    description: String,
    shapes: Vec<Shape>,
}

impl Drawing {
    fn line(&mut self, places: Vec<(f32, f32)>, stroke: Stroke) {
        self.shapes.push(Shape::Line { places, stroke });
    }

    fn mark(&mut self, at: (f32, f32), reach: f32, form: Form, colour: Colour) {
        self.shapes.push(Shape::Mark { at, reach, form, colour });
    }

    fn text(&mut self, at: (f32, f32), text: impl Into<String>, (size, anchor, colour): (f32, Anchor, Colour)) {
        self.shapes.push(Shape::Text { at, text: text.into(), size, anchor, colour, bold: false });
    }
}

/// A text of at most so many characters; what is left out is shown as such.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
    }
}
