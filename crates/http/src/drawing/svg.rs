//! A picture as SVG. Texts are people's: whatever means something in XML is escaped, whatever may not stand in it is left out.

use super::{Anchor, Colour, Drawing, Form, Shape, Stroke};
use std::fmt::{Display, Formatter, Result};

/// A text as XML holds it.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        for c in self.0.chars() {
            match c {
                '&' => to.write_str("&amp;")?,
                '<' => to.write_str("&lt;")?,
                '>' => to.write_str("&gt;")?,
                '"' => to.write_str("&quot;")?,
                '\'' => to.write_str("&#39;")?,
                '\n' | '\t' => to.write_str(" ")?,
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
                c => write!(to, "{c}")?,
            }
        }
        Ok(())
    }
}

impl Display for Colour {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        write!(to, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// A coordinate to a tenth of a pixel, as short as it can be.
struct Length(f32);

impl Display for Length {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        write!(to, "{}", (self.0 * 10.0).round() / 10.0 + 0.0)
    }
}

struct Places<'a>(&'a [(f32, f32)]);

impl Display for Places<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        for (n, (x, y)) in self.0.iter().enumerate() {
            let gap = if n == 0 { "" } else { " " };
            write!(to, "{gap}{},{}", Length(*x), Length(*y))?;
        }
        Ok(())
    }
}

impl Drawing {
    /// As SVG, with a title and a description for whoever does not see it.
    pub(crate) fn svg(&self) -> String {
        self.to_string()
    }
}

impl Display for Drawing {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        let Self { width, height, title, description, shapes } = self;
        write!(
            to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"title description\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"DejaVu Sans, Verdana, sans-serif\">\
             <title id=\"title\">{}</title><desc id=\"description\">{}</desc>\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
            Escaped(title),
            Escaped(description),
            Colour::PAPER,
        )?;
        for shape in shapes {
            shape.fmt(to)?;
        }
        to.write_str("</svg>\n")
    }
}

impl Display for Shape {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        match self {
            Self::Line { places, stroke: Stroke { colour, width, dashes } } => {
                let (places, width) = (Places(places), Length(*width));
                write!(to, "<polyline points=\"{places}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"")?;
                if !dashes.is_empty() {
                    let dashes: Vec<String> = dashes.iter().map(f32::to_string).collect();
                    write!(to, " stroke-dasharray=\"{}\"", dashes.join(" "))?;
                }
                to.write_str("/>")
            }
            Self::Mark { at, reach, form: Form::Dot, colour } => {
                let (x, y, r) = (Length(at.0), Length(at.1), Length(*reach));
                write!(to, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{colour}\"/>")
            }
            Self::Mark { at, reach, form, colour } => {
                write!(to, "<polygon points=\"{}\" fill=\"{colour}\"/>", Places(&corners(*at, *reach, *form)))
            }
            Self::Text { at, text, size, anchor, colour, bold } => {
                let anchor = match anchor {
                    Anchor::Start => "",
                    Anchor::Middle => " text-anchor=\"middle\"",
                    Anchor::End => " text-anchor=\"end\"",
                };
                let weight = if *bold { " font-weight=\"bold\"" } else { "" };
                let (x, y) = (Length(at.0), Length(at.1));
                write!(to, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{colour}\"{anchor}{weight}>")?;
                write!(to, "{}</text>", Escaped(text))
            }
        }
    }
}

/// The corners of a mark; a dot has none.
pub(super) fn corners((x, y): (f32, f32), reach: f32, form: Form) -> Vec<(f32, f32)> {
    match form {
        Form::Dot => Vec::new(),
        Form::Diamond => vec![(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)],
        Form::Triangle => vec![(x, y - reach), (x + reach, y + reach), (x - reach, y + reach)],
    }
}
