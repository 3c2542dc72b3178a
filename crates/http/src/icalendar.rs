//! Calendars as text (RFC 5545): properties, escapes and folded lines, and nothing else of it.
//!
//! Written here because the crate for it folds lines one octet too late and leaves some texts without escapes.

use chrono::{DateTime, NaiveDate, Utc};

/// A line has at most so many octets, without its end (section 3.1).
const LIMIT: usize = 75;

/// A calendar being written.
#[derive(Debug, Default)]
pub(crate) struct Writer(String);

impl Writer {
    /// A property whose value is written as it is: a keyword, an address, a number.
    pub(crate) fn put(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{value}"));
    }

    /// A property whose value is text (section 3.3.11).
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        let mut escaped = String::with_capacity(value.len());
        for character in value.chars() {
            match character {
                '\\' | ';' | ',' => escaped.extend(['\\', character]),
                '\n' => escaped.push_str("\\n"),
                // No other control character is allowed in a text.
                other if other.is_control() => {}
                other => escaped.push(other),
            }
        }
        self.put(name, &escaped);
    }

    /// A property whose value is a day.
    pub(crate) fn day(&mut self, name: &str, day: NaiveDate) {
        self.put(&format!("{name};VALUE=DATE"), &day.format("%Y%m%d").to_string());
    }

    /// A property whose value is a moment in UTC.
    pub(crate) fn moment(&mut self, name: &str, at: DateTime<Utc>) {
        self.put(name, &at.format("%Y%m%dT%H%M%SZ").to_string());
    }

    /// A component with what is written inside of it.
    pub(crate) fn component(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.put("BEGIN", name);
        inside(self);
        self.put("END", name);
    }

    /// The text, lines ended by CRLF.
    pub(crate) fn finish(self) -> String {
        self.0
    }

    /// Breaks the line between characters; what goes on begins with a blank, which counts.
    fn fold(&mut self, line: &str) {
        let mut octets = 0;
        for character in line.chars() {
            if octets + character.len_utf8() > LIMIT {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(character);
            octets += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(value: &str) -> String {
        let mut writer = Writer::default();
        writer.text("SUMMARY", value);
        writer.finish()
    }

    #[test]
    fn a_line_is_full_at_75_octets() {
        let fits = "x".repeat(LIMIT - "SUMMARY:".len());
        assert_eq!(line(&fits), format!("SUMMARY:{fits}\r\n"));
        assert_eq!(line(&format!("{fits}yz")), format!("SUMMARY:{fits}\r\n yz\r\n"));
        let umlaut = format!("{}ü", &fits[1..]);
        assert_eq!(line(&umlaut), format!("SUMMARY:{}\r\n ü\r\n", &fits[1..]), "a character is not broken");
        let goes_on = "y".repeat(LIMIT - 1);
        assert_eq!(line(&format!("{fits}{goes_on}z")), format!("SUMMARY:{fits}\r\n {goes_on}\r\n z\r\n"));
    }

    proptest! {
        /// No text breaks a line, grows one beyond 75 octets, or becomes a property of its own.
        #[test]
        fn any_text_stays_one_property(value in "(?s).{0,300}") {
            let text = line(&value);
            let lines: Vec<&str> = text.strip_suffix("\r\n").unwrap().split("\r\n").collect();
            for line in &lines {
                prop_assert!(line.len() <= LIMIT && !line.contains(['\r', '\n']), "{line:?}");
            }
            prop_assert!(lines[1..].iter().all(|line| line.starts_with(' ')));
            let unfolded = text.replace("\r\n ", "");
            let escaped = unfolded.strip_prefix("SUMMARY:").and_then(|rest| rest.strip_suffix("\r\n")).unwrap();
            let (mut read, mut characters) = (String::new(), escaped.chars());
            while let Some(character) = characters.next() {
                match character {
                    '\\' => read.push(match characters.next() { Some('n') => '\n', other => other.unwrap() }),
                    ';' | ',' => panic!("without its escape: {escaped}"),
                    other => read.push(other),
                }
            }
            let said: String = value.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
            prop_assert_eq!(read, said);
        }
    }
}
