//! A picture as PNG. Letters are those of DejaVu Sans, embedded: nothing of it is read before the first picture is asked for,
//! and nothing is kept.

use super::svg::corners;
use super::{Anchor, Colour, Drawing, Form, Shape, Stroke};
use ab_glyph::{Font, FontRef, OutlineCurve};
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
    Font(#[from] ab_glyph::InvalidFont),
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
            regular: FontRef::try_from_slice(dejavu::sans::regular())?,
            bold: FontRef::try_from_slice(dejavu::sans::bold())?,
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
                let font = if *bold { self.bold.clone() } else { self.regular.clone() };
                self.fill(letters(&font, text, *size, *anchor, *at), *colour);
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
fn letters(font: &impl Font, text: &str, size: f32, anchor: Anchor, (x, y): (f32, f32)) -> Option<Path> {
    let scale = size / font.units_per_em().unwrap_or(1_000.0);
    let glyphs: Vec<_> = text.chars().filter(|c| !c.is_control()).map(|c| font.glyph_id(c)).collect();
    let advance = |glyph: &ab_glyph::GlyphId| font.h_advance_unscaled(*glyph) * scale;
    let width: f32 = glyphs.iter().map(advance).sum();
    let mut pen = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    let mut path = PathBuilder::new();
    for glyph in glyphs {
        if let Some(outline) = font.outline(glyph) {
            trace(&outline.curves, &mut path, |point| (pen + point.x * scale, y - point.y * scale));
        }
        pen += advance(&glyph);
    }
    path.finish()
}

fn trace(curves: &[OutlineCurve], path: &mut PathBuilder, place: impl Fn(ab_glyph::Point) -> (f32, f32)) {
    let mut at = None;
    for curve in curves {
        let (from, to) = match curve {
            OutlineCurve::Line(from, to) | OutlineCurve::Quad(from, _, to) | OutlineCurve::Cubic(from, _, _, to) => {
                (place(*from), place(*to))
            }
        };
        if at != Some(from) {
            if at.is_some() {
                path.close();
            }
            path.move_to(from.0, from.1);
        }
        match curve {
            OutlineCurve::Line(..) => path.line_to(to.0, to.1),
            OutlineCurve::Quad(_, bend, _) => {
                let bend = place(*bend);
                path.quad_to(bend.0, bend.1, to.0, to.1);
            }
            OutlineCurve::Cubic(_, first, second, _) => {
                let (first, second) = (place(*first), place(*second));
                path.cubic_to(first.0, first.1, second.0, second.1, to.0, to.1);
            }
        }
        at = Some(to);
    }
    if at.is_some() {
        path.close();
    }
}
