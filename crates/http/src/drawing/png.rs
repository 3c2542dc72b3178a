//! A picture as PNG. Letters are those of DejaVu Sans, embedded: nothing of it is read before the first picture is asked for,
//! and nothing is kept.

use super::svg::corners;
use super::{Anchor, Colour, Drawing, Form, Shape, Stroke};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke as Pen, StrokeDash, Transform,
};

/// Pixels of the PNG for each of the picture's, in both directions: sharp on paper and on dense screens.
const SCALE: f32 = 2.0;

/// Why a picture cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It has no size.
    #[error("a picture without a size")]
    Size,
    /// The embedded font does not read.
    #[error("the embedded font: {0}")]
    Font(#[from] skrifa::raw::ReadError),
    /// It does not let itself be encoded.
    #[error("the encoder: {0}")]
    Encoding(String),
}

impl Drawing {
    /// As PNG.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub(crate) fn png(&self) -> Result<Vec<u8>, Failure> {
        let size = |length: f32| (length * SCALE).ceil() as u32;
        let mut canvas = Canvas {
            pixels: Pixmap::new(size(self.width), size(self.height)).ok_or(Failure::Size)?,
            regular: FontRef::new(dejavu::sans::regular())?,
            bold: FontRef::new(dejavu::sans::bold())?,
        };
        let Colour(r, g, b) = Colour::PAPER;
        canvas.pixels.fill(Color::from_rgba8(r, g, b, 0xff));
        for shape in &self.shapes {
            canvas.draw(shape);
        }
        canvas.pixels.encode_png().map_err(|error| Failure::Encoding(error.to_string()))
    }
}

struct Canvas {
    pixels: Pixmap,
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

fn paint(Colour(r, g, b): Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, 0xff);
    paint
}

fn polygon(places: &[(f32, f32)], is_closed: bool) -> Option<Path> {
    let ((x, y), rest) = places.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(*x, *y);
    for (x, y) in rest {
        path.line_to(*x, *y);
    }
    if is_closed {
        path.close();
    }
    path.finish()
}

impl Canvas {
    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Line { places, stroke } => self.line(places, *stroke),
            Shape::Mark { at, reach, form: Form::Dot, colour } => {
                self.fill(PathBuilder::from_circle(at.0, at.1, *reach), *colour);
            }
            Shape::Mark { at, reach, form, colour } => self.fill(polygon(&corners(*at, *reach, *form), true), *colour),
            Shape::Text { at, text, size, anchor, colour, bold } => {
                let font = if *bold { &self.bold } else { &self.regular };
                self.fill(letters(font, text, *size, *anchor, *at), *colour);
            }
        }
    }

    fn line(&mut self, places: &[(f32, f32)], Stroke { colour, width, dashes }: Stroke) {
        let pen = Pen {
            width,
            line_cap: LineCap::Butt,
            line_join: LineJoin::Round,
            dash: StrokeDash::new(dashes.to_vec(), 0.0),
            ..Pen::default()
        };
        if let Some(path) = polygon(places, false) {
            self.pixels.stroke_path(&path, &paint(colour), &pen, Transform::from_scale(SCALE, SCALE), None);
        }
    }

    fn fill(&mut self, path: Option<Path>, colour: Colour) {
        if let Some(path) = path {
            let scaled = Transform::from_scale(SCALE, SCALE);
            self.pixels.fill_path(&path, &paint(colour), FillRule::Winding, scaled, None);
        }
    }
}

/// The outlines of a text, one letter behind the other. What the font does not have it shows as a box.
fn letters(font: &FontRef<'_>, text: &str, size: f32, anchor: Anchor, (x, y): (f32, f32)) -> Option<Path> {
    let (size, place) = (Size::new(size), LocationRef::default());
    let (names, widths, outlines) = (font.charmap(), font.glyph_metrics(size, place), font.outline_glyphs());
    let glyphs: Vec<GlyphId> = text
        .chars()
        .filter(|letter| !letter.is_control())
        .map(|letter| names.map(letter).unwrap_or(GlyphId::NOTDEF))
        .collect();
    let advance = |glyph: GlyphId| widths.advance_width(glyph).unwrap_or_default();
    let width: f32 = glyphs.iter().copied().map(advance).sum();
    let from = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    let mut pen = Outlines { path: PathBuilder::new(), x: from, y };
    for glyph in glyphs {
        if let Some(outline) = outlines.get(glyph) {
            // A letter that cannot be drawn leaves its room.
            let _ = outline.draw(DrawSettings::unhinted(size, place), &mut pen);
        }
        pen.x += advance(glyph);
    }
    pen.path.finish()
}

/// Letters where they stand: fonts count upwards, pictures downwards.
struct Outlines {
    path: PathBuilder,
    x: f32,
    y: f32,
}

impl OutlinePen for Outlines {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, self.y - y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, self.y - y);
    }

    fn quad_to(&mut self, bend_x: f32, bend_y: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + bend_x, self.y - bend_y, self.x + x, self.y - y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (left, base) = (self.x, self.y);
        self.path.cubic_to(left + x1, base - y1, left + x2, base - y2, left + x, base - y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
