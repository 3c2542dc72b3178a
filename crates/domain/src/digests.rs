//! The daily digest: one e-mail a day that says what waits for a member. What it says and when is decided here; sending
//! it is not.
//!
//! It goes through other people's servers and is kept in mailboxes: titles of what not everybody reads are left out
//! before they get here ([`crate::kinds::line_outside`]).

use crate::settings::Rules;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Timelike, Utc};
use std::fmt::Write;

/// How far ahead a due date is announced.
const AHEAD: Days = Days::new(7);
/// Items of one section that are named; of the rest the number is said.
const NAMED: usize = 50;

/// Something that waits for the member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// One line by which people know it.
    pub heading: String,
    /// Where to read it.
    pub url: String,
    /// The day by which it is to be done.
    pub due_on: Option<NaiveDate>,
    /// Since when it waits.
    pub since: DateTime<Utc>,
}

/// To whom a digest speaks, and of which day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// How the member is called.
    pub name: String,
    /// The tenant's name.
    pub organisation: String,
    /// The day, in the organisation's time zone.
    pub day: NaiveDate,
    /// When the digest before was made: what waits since then is new.
    pub since: DateTime<Utc>,
    /// Where everything that waits is listed.
    pub list: String,
    /// Where the member says that no digest is wanted.
    pub member: String,
}

/// A digest, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// One line.
    pub subject: String,
    /// Plain text, lines ended by a line feed.
    pub text: String,
}

impl Rules {
    /// The day whose digest is due now; `None` before its hour, and where no digests are wanted.
    #[must_use]
    pub fn digest_day(&self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let hour = self.digest_hour.0?;
        let local = now.naive_utc().checked_add_signed(TimeDelta::minutes(self.utc_offset_minutes.into()))?;
        (local.hour() >= hour).then(|| local.date())
    }
}

/// What the digest of a day says; `None` where nothing is overdue, due soon or new.
#[must_use]
pub fn digest(lines: &[Line], about: &About) -> Option<Digest> {
    let About { name, organisation, day, since, list, member } = about;
    let soon = day.checked_add_days(AHEAD).unwrap_or(NaiveDate::MAX);
    let is_overdue = |line: &&Line| line.due_on.is_some_and(|due| due < *day);
    let is_due = |line: &&Line| line.due_on.is_some_and(|due| (*day..=soon).contains(&due));
    let is_later = |line: &&Line| line.due_on.is_none_or(|due| due > soon);
    let overdue: Vec<&Line> = lines.iter().filter(is_overdue).collect();
    let due: Vec<&Line> = lines.iter().filter(is_due).collect();
    let new: Vec<&Line> = lines.iter().filter(is_later).filter(|line| line.since > *since).collect();
    let counted = overdue.len() + due.len() + new.len();
    if counted == 0 {
        return None;
    }
    let parts = [(overdue.len(), "overdue"), (due.len(), "due within a week"), (new.len(), "new")];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let mut text = format!("{name},\n\nthis waits for you at {organisation} on {day}.\n");
    section("Overdue", &overdue, &mut text);
    section("Due within a week", &due, &mut text);
    section("New", &new, &mut text);
    let rest = lines.len() - counted;
    // Writing into a String does not fail.
    let _ = match rest {
        0 => write!(text, "\nAll of it: {list}\n"),
        rest => write!(text, "\n{rest} more can wait. All of it: {list}\n"),
    };
    let _ = write!(
        text,
        "\n-- \nRatchet sends this once a day while something waits for you. To have none, amend `digest` of\n{member}, \
         or ask an admin.\n"
    );
    Some(Digest { subject: format!("{}: {organisation}", parts.join(", ")), text })
}

fn section(title: &str, lines: &[&Line], text: &mut String) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(text, "\n{title} ({})\n", lines.len());
    for Line { heading, url, due_on, since: _ } in lines.iter().take(NAMED) {
        let day = due_on.map(|day| format!("{day}  ")).unwrap_or_default();
        let _ = write!(text, "- {day}{heading}\n  {url}\n");
    }
    if let Some(rest) = lines.len().checked_sub(NAMED).filter(|rest| *rest > 0) {
        let _ = writeln!(text, "- and {rest} more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::DigestHour;

    fn line(heading: &str, due_on: Option<&str>, since: &str) -> Line {
        Line {
            heading: heading.to_owned(),
            url: format!("https://isms.example/v1/{}", heading.to_lowercase().replace(' ', "-")),
            due_on: due_on.map(|day| day.parse().unwrap()),
            since: format!("{since}T09:00:00Z").parse().unwrap(),
        }
    }

    fn about() -> About {
        About {
            name: "Ada".to_owned(),
            organisation: "Harbour Robotics".to_owned(),
            day: "2026-03-10".parse().unwrap(),
            since: "2026-03-09T06:00:00Z".parse().unwrap(),
            list: "https://isms.example/v1/me/work".to_owned(),
            member: "https://isms.example/v1/members/MBR-2026-0001".to_owned(),
        }
    }

    #[test]
    fn overdue_first_then_what_is_due_then_what_is_new() {
        let lines = [
            line("Ten days ago", Some("2026-02-28"), "2026-01-01"),
            line("Yesterday", Some("2026-03-09"), "2026-03-09"),
            line("Today", Some("2026-03-10"), "2026-01-01"),
            line("In a week", Some("2026-03-17"), "2026-03-09"),
            line("In eight days and known", Some("2026-03-18"), "2026-03-01"),
            line("In eight days and new", Some("2026-03-18"), "2026-03-09"),
            line("Never and known", None, "2026-03-01"),
            line("Never and new", None, "2026-03-09"),
        ];
        let Digest { subject, text } = digest(&lines, &about()).unwrap();
        insta::assert_snapshot!(format!("{subject}\n\n{text}"));
    }

    #[test]
    fn nothing_is_said_where_nothing_is_to_be_said() {
        assert_eq!(digest(&[], &about()), None);
        let known = [line("Known", None, "2026-03-01"), line("Far", Some("2026-03-18"), "2026-03-01")];
        assert_eq!(digest(&known, &about()), None);
        let today = digest(&[line("Today", Some("2026-03-10"), "2026-01-01")], &about()).unwrap();
        assert_eq!(today.subject, "1 due within a week: Harbour Robotics");
    }

    #[test]
    fn a_long_section_is_cut_and_says_so() {
        let lines = vec![line("Late", Some("2026-03-01"), "2026-01-01"); NAMED + 3];
        let Digest { subject, text } = digest(&lines, &about()).unwrap();
        assert!(subject.starts_with("53 overdue: ") && text.contains("Overdue (53)"), "{subject}");
        assert_eq!((text.matches("- 2026-03-01  Late").count(), text.matches("- and 3 more\n").count()), (NAMED, 1));
    }

    #[test]
    fn its_hour_is_the_organisation_s() {
        let at = |time: &str| format!("2026-03-10T{time}Z").parse::<DateTime<Utc>>().unwrap();
        let rules =
            |minutes, hour| Rules { utc_offset_minutes: minutes, digest_hour: DigestHour(hour), ..Rules::default() };
        for (minutes, hour, time, day) in [
            (0, Some(7), "06:59:59", None),
            (0, Some(7), "07:00:00", Some("2026-03-10")),
            (0, Some(7), "23:59:59", Some("2026-03-10")),
            (60, Some(7), "06:00:00", Some("2026-03-10")),
            (-300, Some(7), "07:00:00", None),
            (-300, Some(0), "04:59:59", Some("2026-03-09")),
            (840, Some(0), "10:00:00", Some("2026-03-11")),
            (0, None, "12:00:00", None),
        ] {
            let expected = day.map(|day| day.parse().unwrap());
            assert_eq!(rules(minutes, hour).digest_day(at(time)), expected, "{minutes} {hour:?} {time}");
        }
        assert_eq!(Rules::default().digest_hour, DigestHour(Some(7)));
    }
}
