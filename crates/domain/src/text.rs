//! Limits and formats of text, in one place.

use crate::refusal::{Fault, Faults, Refusal};
use chrono::{DateTime, NaiveDate, Utc};
use std::ops::RangeInclusive;

/// A name or a heading: one line, at most this many characters.
pub const TITLE: usize = 200;
/// A statement, reason or description: at most this many characters.
pub const NARRATIVE: usize = 10_000;
/// A document, such as a version of a policy: at most this many characters.
pub const DOCUMENT: usize = 200_000;

/// Checks one line of text: 1 to [`TITLE`] characters, not blank, no control characters.
///
/// # Errors
/// The fault at `pointer`.
pub fn title(pointer: &str, text: &str) -> Result<String, Fault> {
    let text = bounded(pointer, text, TITLE)?;
    // U+2028 and U+2029 end lines, too (Unicode Standard Annex 14).
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(Fault::new(pointer, "control_character", "must be one line without control characters"));
    }
    Ok(text)
}

/// What of a text of others fits in one line, such as the name of a tool: it is cut, not refused.
#[must_use]
pub fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let printed = without_forbidden(&words.join(" "));
    printed.chars().filter(|c| !c.is_control()).take(TITLE).collect::<String>().trim_end().to_owned()
}

/// Checks a text of several lines: 1 to [`NARRATIVE`] characters, not blank.
///
/// # Errors
/// The fault at `pointer`.
pub fn narrative(pointer: &str, text: &str) -> Result<String, Fault> {
    bounded(pointer, text, NARRATIVE)
}

/// Checks a document in Markdown: 1 to [`DOCUMENT`] characters, not blank.
///
/// # Errors
/// The fault at `pointer`.
pub fn document(pointer: &str, text: &str) -> Result<String, Fault> {
    bounded(pointer, text, DOCUMENT)
}

/// Checks an e-mail address and writes it in lower case: ASCII alone, so that no two that look alike differ.
///
/// # Errors
/// The fault at `pointer`.
pub fn email(pointer: &str, text: &str) -> Result<String, Fault> {
    let wrong = || Fault::new(pointer, "malformed", "must be an e-mail address in ASCII, at most 254 characters");
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let local_is_good = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let label_is_good = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let good = text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(local_is_good)
        && domain.split('.').all(label_is_good);
    if good { Ok(text.to_ascii_lowercase()) } else { Err(wrong()) }
}

/// Checks why somebody does something: a narrative at `/reason`.
///
/// # Errors
/// The one fault, as a refusal.
pub fn reason(text: &str) -> Result<(), Refusal> {
    narrative("/reason", text).map(drop).map_err(|fault| Refusal::Invalid(vec![fault]))
}

/// Checks a day to come: from `first` on, at most ten years after it.
///
/// # Errors
/// The fault at `pointer`.
pub fn day_to_come(pointer: &str, day: NaiveDate, first: NaiveDate) -> Result<(), Fault> {
    let last = first.checked_add_months(chrono::Months::new(120)).unwrap_or(NaiveDate::MAX);
    if day < first || day > last {
        return Err(Fault::new(pointer, "out_of_range", format!("must lie between {first} and {last}")));
    }
    Ok(())
}

/// Checks a moment that has come: not before `first`, nor before 1970, and not after `now`.
///
/// # Errors
/// The fault at `pointer`.
pub fn moment_so_far(
    pointer: &str,
    moment: DateTime<Utc>,
    first: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let first = first.unwrap_or(DateTime::UNIX_EPOCH);
    if moment < first || moment > now {
        let detail = format!("must lie between {} and {}", first.to_rfc3339(), now.to_rfc3339());
        return Err(Fault::new(pointer, "out_of_range", detail));
    }
    Ok(())
}

/// Checks a whole number.
///
/// # Errors
/// The fault at `pointer`.
pub fn graded(pointer: &str, number: i64, range: RangeInclusive<i64>) -> Result<(), Fault> {
    if range.contains(&number) {
        return Ok(());
    }
    let detail = format!("must lie between {} and {}", range.start(), range.end());
    Err(Fault::new(pointer, "out_of_range", detail))
}

/// Checks the number of a control of Annex A: `A.5.18`, and that the catalogue has it.
///
/// # Errors
/// The fault at `pointer`.
pub fn control(pointer: &str, number: &str) -> Result<(), Fault> {
    if crate::catalogue::CONTROLS.iter().any(|control| control.number == number) {
        return Ok(());
    }
    Err(Fault::new(pointer, "unknown_control", "must be a control of Annex A, such as A.5.18"))
}

/// Checks the number of a clause or control: `9.2.2`, `A.5.18`, and that the catalogue has it.
///
/// # Errors
/// The fault at `pointer`.
pub fn requirement(pointer: &str, number: &str) -> Result<(), Fault> {
    match crate::catalogue::find(number) {
        Some(_) => Ok(()),
        None => Err(Fault::new(
            pointer,
            "unknown_requirement",
            "must be a clause from 4 to 10 or an Annex A control, such as 9.2.2 or A.5.18",
        )),
    }
}

/// Checks numbers of clauses and controls: at most `limit`, each once, and all in the catalogue.
pub fn requirements(pointer: &str, numbers: &[String], limit: usize, faults: &mut Faults) {
    if numbers.len() > limit {
        faults.push(Fault::new(pointer, "length", format!("must name at most {limit}")));
    }
    for (index, number) in numbers.iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        if numbers.iter().take(index).any(|earlier| earlier == number) {
            faults.push(Fault::new(pointer, "duplicate", "must name each requirement once"));
        } else {
            faults.keep(requirement(&pointer, number));
        }
    }
}

/// Checks several lines of text: at most `limit`, each good by itself and said once.
pub fn titles(pointer: &str, lines: &[String], limit: usize, faults: &mut Faults) {
    if lines.len() > limit {
        faults.push(Fault::new(pointer, "length", format!("must name at most {limit}")));
    }
    for (index, line) in lines.iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        faults.keep(title(&pointer, line));
        if lines.iter().take(index).any(|earlier| earlier == line) {
            faults.push(Fault::new(pointer, "duplicate", "must be said once"));
        }
    }
}

/// Checks several longer texts: at most `limit`, each good by itself.
pub fn narratives(pointer: &str, texts: &[String], limit: usize, faults: &mut Faults) {
    if texts.len() > limit {
        faults.push(Fault::new(pointer, "length", format!("must name at most {limit}")));
    }
    for (index, text) in texts.iter().enumerate() {
        faults.keep(narrative(&format!("{pointer}/{index}"), text));
    }
}

fn bounded(pointer: &str, text: &str, limit: usize) -> Result<String, Fault> {
    if text.chars().all(is_unseen) {
        return Err(Fault::new(pointer, "blank", "must not be empty"));
    }
    if text.chars().nth(limit).is_some() {
        return Err(Fault::new(pointer, "too_long", format!("must have at most {limit} characters")));
    }
    forbidden_character(pointer, text).map_or_else(|| Ok(text.to_owned()), Err)
}

/// The fault of a text that holds what no text may: NUL and most other control characters, bidirectional overrides,
/// U+FFFE and U+FFFF.
#[must_use]
pub fn forbidden_character(pointer: &str, text: &str) -> Option<Fault> {
    // PostgreSQL refuses NUL in text and SQLite takes it; bidirectional overrides make text read as what it is not.
    let bad = text.chars().find(|c| is_forbidden(*c))?;
    Some(Fault::new(pointer, "forbidden_character", format!("must not contain U+{:04X}", u32::from(bad))))
}

/// The text with U+FFFD in the place of each character that no text may hold: of what is kept although nobody here wrote it.
#[must_use]
pub fn without_forbidden(text: &str) -> String {
    text.chars().map(|c| if is_forbidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Space, and what is shown as nothing by itself: the default ignorable code points (Unicode, section 5.21), and blanks that
/// are letters or symbols by name.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}')
        || matches!(c, '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ascii_and_lower_case() {
        assert_eq!(email("/email", "Ada.Byron@Example.org").unwrap(), "ada.byron@example.org");
        assert!(email("/email", "ada@localhost").is_ok());
        for bad in ["", "ada", "@x", "ada@", "a@b@c", "ada @x.org", "adа@x.org", "ada@x..org", "ada@x.org "] {
            assert_eq!(email("/email", bad).unwrap_err().code, "malformed", "{bad:?}");
        }
    }

    #[test]
    fn refuses_by_name() {
        for (text, code) in [
            ("", "blank"),
            (" \n", "blank"),
            ("a\0", "forbidden_character"),
            ("a\nb", "control_character"),
            ("a\u{2028}b", "control_character"),
            ("\u{200b}", "blank"),
            ("\u{feff}", "blank"),
            ("\u{2028}", "blank"),
            ("\u{200e} ", "blank"),
            ("\u{e0041}", "blank"),
            ("\u{202e}x", "forbidden_character"),
        ] {
            assert_eq!(title("/title", text).unwrap_err().code, code, "{text:?}");
        }
        assert_eq!(title("/title", &"é".repeat(TITLE)).unwrap().chars().count(), TITLE);
        assert_eq!(title("/title", &"é".repeat(TITLE + 1)).unwrap_err().code, "too_long");
        assert!(narrative("/statement", "two\nlines\tand a tab").is_ok());
    }
}
