//! InfluxDB's line protocol. A line is a point; each of its fields that is a number or a truth is a sample, named
//! `<measurement>_<field>`, or as the measurement alone where the field is called `value`; tags are labels. Fields of text are
//! no figures and are passed over.

use crate::{Gathering, Intake, LABELS, Labels, Unreadable, borrowed};
use chrono::{DateTime, Utc};

/// What timestamps are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// `ns`, and what holds where nothing is said.
    #[default]
    Nanoseconds,
    /// `us`, `u`.
    Microseconds,
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
    /// `m`, of version 1 alone.
    Minutes,
    /// `h`, of version 1 alone.
    Hours,
}

impl Precision {
    /// As the parameter says it.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "ns" | "n" => Some(Self::Nanoseconds),
            "us" | "u" | "µ" => Some(Self::Microseconds),
            "ms" => Some(Self::Milliseconds),
            "s" => Some(Self::Seconds),
            "m" => Some(Self::Minutes),
            "h" => Some(Self::Hours),
            _ => None,
        }
    }

    fn nanoseconds(self) -> i64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Microseconds => 1_000,
            Self::Milliseconds => 1_000_000,
            Self::Seconds => 1_000_000_000,
            Self::Minutes => 60_000_000_000,
            Self::Hours => 3_600_000_000_000,
        }
    }
}

/// Reads a body. A point without a time was observed `now`.
///
/// # Errors
/// [`Unreadable`] when it holds too much; a line that cannot be read is refused alone.
pub fn decode(body: &[u8], precision: Precision, now: DateTime<Utc>) -> Result<Intake, Unreadable> {
    let mut gathering = Gathering::default();
    let mut rest = body;
    let mut number = 0;
    while !rest.is_empty() {
        let end = end_of_line(rest);
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        number += 1;
        let lines = line.iter().filter(|byte| **byte == b'\n').count();
        rest = after.get(1..).unwrap_or_default();
        let line = line.trim_ascii();
        if !line.is_empty() && !line.starts_with(b"#") {
            gathering.begin_at(number);
            of_line(line, precision, now, &mut gathering)?;
        }
        // A text may go over several lines.
        number += lines;
    }
    Ok(gathering.finish())
}

/// Where a line ends: not within a text, nor where a backslash stands before it. A comment ends with its line.
fn end_of_line(bytes: &[u8]) -> usize {
    // No further than this line: whoever sends nothing but empty ones would have the rest of them looked at for each.
    let is_comment = bytes.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) == Some(&b'#');
    let mut scan = Scan::default();
    let ends = |byte: &u8| {
        let is_within = !is_comment && scan.is_within(*byte);
        *byte == b'\n' && !is_within
    };
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

/// Where in a line one is: a quotation mark opens a text only where the value of a field begins.
#[derive(Default)]
struct Scan {
    is_escaped: bool,
    is_quoted: bool,
    is_in_fields: bool,
    is_at_value: bool,
}

impl Scan {
    /// Whether the byte is part of a text, or escaped: it separates nothing.
    fn is_within(&mut self, byte: u8) -> bool {
        if std::mem::take(&mut self.is_escaped) {
            self.is_at_value = false;
            return byte != b'\n' || self.is_quoted;
        }
        let is_at_value = std::mem::take(&mut self.is_at_value);
        match byte {
            b'\\' => self.is_escaped = true,
            b'"' if self.is_quoted => {
                self.is_quoted = false;
                return true;
            }
            b'"' if self.is_in_fields && is_at_value => self.is_quoted = true,
            _ if self.is_quoted => {}
            b' ' => self.is_in_fields = true,
            b'=' => self.is_at_value = self.is_in_fields,
            b'\n' => *self = Self::default(),
            _ => {}
        }
        self.is_quoted || self.is_escaped
    }
}

/// The parts of a line between the separators that stand outside of texts.
fn split<'a>(text: &'a str, separator: u8, scan: &mut Scan) -> Vec<&'a str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for (index, byte) in text.bytes().enumerate() {
        if !scan.is_within(byte) && byte == separator {
            parts.push(text.get(from..index).unwrap_or_default());
            from = index + 1;
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts
}

fn of_line(line: &[u8], precision: Precision, now: DateTime<Utc>, gathering: &mut Gathering) -> Result<(), Unreadable> {
    match read(line, precision, now) {
        Err(why) => gathering.refuse(|| why)?,
        Ok(Line { measurement, tags, fields, at }) => {
            if fields.is_empty() {
                gathering.pass_over();
            }
            for (field, value) in fields {
                let (sign, field) = if field == "value" { ("", "") } else { ("_", field.as_str()) };
                let series = gathering.series(&[&measurement, sign, field], borrowed(&tags))?;
                gathering.sample(series, at, value)?;
            }
        }
    }
    Ok(())
}

struct Line {
    measurement: String,
    tags: Labels,
    /// Those that are figures.
    fields: Vec<(String, f64)>,
    at: DateTime<Utc>,
}

fn read(line: &[u8], precision: Precision, now: DateTime<Utc>) -> Result<Line, String> {
    let line = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())?;
    let parts: Vec<&str> =
        split(line, b' ', &mut Scan::default()).into_iter().filter(|part| !part.is_empty()).collect();
    let (key, fields, time) = match parts.as_slice() {
        [key, fields] => (*key, *fields, None),
        [key, fields, time] => (*key, *fields, Some(*time)),
        [_] | [] => return Err("the line has no fields".to_owned()),
        _ => return Err("the line has more than a key, fields and a time".to_owned()),
    };
    let mut key = split(key, b',', &mut Scan::default()).into_iter();
    let measurement = plain(key.next().unwrap_or_default());
    if measurement.is_empty() {
        return Err("the line has no measurement".to_owned());
    }
    let mut tags = Labels::new();
    for tag in key {
        let (name, value) = pair(tag).ok_or_else(|| format!("{measurement}: a tag needs a name and a value"))?;
        if value.is_empty() || tags.insert(plain(name), plain(value)).is_some() {
            return Err(format!("{measurement}: a tag is empty or stands twice"));
        }
    }
    if tags.len() > LABELS {
        return Err(format!("{measurement}: the line has more than {LABELS} tags"));
    }
    let mut figures = Vec::new();
    let mut scan = Scan { is_in_fields: true, ..Scan::default() };
    for field in split(fields, b',', &mut scan) {
        let (name, value) = pair(field).ok_or_else(|| format!("{measurement}: a field needs a name and a value"))?;
        let name = plain(name);
        let value = figure(value).map_err(|why| format!("{measurement} {name}: {why}"))?;
        figures.extend(value.map(|value| (name, value)));
    }
    let at = time.map_or(Ok(now), |time| moment(time, precision).map_err(|why| format!("{measurement}: {why}")))?;
    Ok(Line { measurement, tags, fields: figures, at })
}

fn moment(time: &str, precision: Precision) -> Result<DateTime<Utc>, String> {
    let count: i64 = time.parse().map_err(|_| format!("`{time}` is no time"))?;
    let nanoseconds = count.checked_mul(precision.nanoseconds()).ok_or("the time is too far away")?;
    Ok(DateTime::from_timestamp_nanos(nanoseconds))
}

/// Name and value at the first `=` that is not escaped.
fn pair(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let is_sign = |(_, byte): &(usize, u8)| {
        let was_escaped = is_escaped;
        is_escaped = *byte == b'\\' && !was_escaped;
        *byte == b'=' && !was_escaped
    };
    let (at, _) = text.bytes().enumerate().find(is_sign)?;
    let (name, value) = (text.get(..at)?, text.get(at + 1..)?);
    (!name.is_empty()).then_some((name, value))
}

/// Without the backslashes before what would separate.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\\' && letters.peek().is_some_and(|next| matches!(next, ',' | '=' | ' ')) {
            continue;
        }
        plain.push(letter);
    }
    plain
}

/// The figure of a field; `None` of a text.
fn figure(value: &str) -> Result<Option<f64>, String> {
    let wrong = || format!("`{value}` is no value");
    if let Some(text) = value.strip_prefix('"') {
        let is_whole = text.ends_with('"') && !text.is_empty();
        return if is_whole { Ok(None) } else { Err("a text has no end".to_owned()) };
    }
    let number = match value {
        "t" | "T" | "true" | "True" | "TRUE" => 1.0,
        "f" | "F" | "false" | "False" | "FALSE" => 0.0,
        _ => match (value.strip_suffix('i'), value.strip_suffix('u')) {
            (Some(whole), _) => whole.parse::<i64>().map_err(|_| wrong())? as f64,
            (None, Some(whole)) => whole.parse::<u64>().map_err(|_| wrong())? as f64,
            // What the standard library takes beside that, `inf` and `nan` and `+1`, line protocol does not have.
            (None, None) if value.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '.')) => {
                value.parse::<f64>().map_err(|_| wrong())?
            }
            (None, None) => return Err(wrong()),
        },
    };
    if number.is_finite() { Ok(Some(number)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests;
