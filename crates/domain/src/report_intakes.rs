//! Anonymous reports on their way into the register: the public link, the follow-up code, and what waits for the hour.
//!
//! What arrives is kept without a time, under a random id and the hash of its code. When the hour is full, whatever waits
//! is taken into the register in the order of those ids, which is none; only then it has a reference and an entry.

use crate::employee_reports::EmployeeReportDraft;
use crate::id::OrganisationId;
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, DurationRound, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The address under which everybody can report to an organisation without a name: the organisation and a secret that
/// an admin can replace, so that strangers who have found it lose it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLink {
    /// To whom.
    pub organisation: OrganisationId,
    /// 32 hexadecimal digits.
    pub secret: String,
}

/// A text that is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a report link")]
pub struct NotALink;

impl std::str::FromStr for ReportLink {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        let (organisation, secret) = text.split_once('_').ok_or(NotALink)?;
        let digits = |part: &str| part.len() == 32 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !digits(organisation) || !digits(secret) {
            return Err(NotALink);
        }
        let organisation = uuid::Uuid::try_parse(organisation).map_err(|_| NotALink)?;
        Ok(Self { organisation: OrganisationId(organisation), secret: secret.to_owned() })
    }
}

impl std::fmt::Display for ReportLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.organisation.0.simple(), self.secret)
    }
}

/// Crockford's base 32: no letter that looks like a digit.
const ALPHABET: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 160 bits.
const LENGTH: usize = 32;

/// What an anonymous reporter comes back with. It is shown once and kept as a hash only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUpCode(String);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a follow-up code")]
pub struct NotACode;

impl FollowUpCode {
    /// The code of 160 random bits.
    #[must_use]
    pub fn of(random: [u8; 20]) -> Self {
        let mut digits = String::with_capacity(LENGTH);
        for five in random.chunks_exact(5) {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in (0..8).rev() {
                let digit = usize::try_from(bits >> (5 * place) & 31).unwrap_or_default();
                digits.extend(ALPHABET.get(digit).map(|byte| char::from(*byte)));
            }
        }
        Self(digits)
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// As people read and write it down: `8Z3K-...`, eight groups of four.
impl std::fmt::Display for FollowUpCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, digit) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// However it was written down: in small letters, with other gaps, with O for 0, I and L for 1.
impl std::str::FromStr for FollowUpCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let meant = text.chars().filter(|c| *c != '-' && !c.is_whitespace()).map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
        let digits: String = meant.take(LENGTH + 1).collect();
        let known = |c: char| u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte));
        if digits.len() == LENGTH && digits.chars().all(known) { Ok(Self(digits)) } else { Err(NotACode) }
    }
}

/// Something that waits for the hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "intake")]
pub enum Intake {
    /// A report.
    Report(EmployeeReportDraft),
    /// What its reporter answers to a question.
    Answer {
        /// The answer.
        text: String,
    },
}

impl Intake {
    /// Refuses what is wrong with it while its sender is still there. `today` is the organisation's.
    ///
    /// # Errors
    /// Every fault.
    pub fn check(&self, today: NaiveDate) -> Result<(), Refusal> {
        match self {
            Self::Report(draft) => draft.check(today),
            Self::Answer { text } => {
                text::narrative("/text", text).map(drop).map_err(|fault| Refusal::Invalid(vec![fault]))
            }
        }
    }
}

/// The hour that a moment belongs to: no finer time stands beside an anonymous report.
#[must_use]
pub fn hour_of(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.duration_trunc(TimeDelta::hours(1)).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::employee_reports::Kind;
    use crate::fixtures::at;

    #[test]
    fn a_link_is_read_as_it_is_written() {
        let link =
            ReportLink { organisation: OrganisationId(uuid::Uuid::from_u128(7)), secret: "0123456789abcdef".repeat(2) };
        assert_eq!(link.to_string().parse(), Ok(link.clone()));
        let upper = link.to_string().to_uppercase();
        for wrong in ["", "_", "a_b", &upper, &format!("{link}0"), &link.to_string().replace('_', "")] {
            assert_eq!(wrong.parse::<ReportLink>(), Err(NotALink), "{wrong}");
        }
    }

    #[test]
    fn a_code_has_160_bits_and_is_read_however_it_was_noted() {
        let code = FollowUpCode::of(std::array::from_fn(|n| u8::try_from(n * 13).unwrap()));
        assert_eq!(code.to_string(), "006H-M9SM-8575-PT3N-GA7S-SADP-RF8D-VTQQ");
        let noted = code.to_string().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(noted.parse(), Ok(code.clone()));
        let again: FollowUpCode = noted.parse().unwrap();
        assert_eq!(again.hash(), code.hash());
        let other = FollowUpCode::of([255; 20]);
        assert_eq!(other.to_string(), ["ZZZZ"; 8].join("-"));
        assert_ne!(other.hash(), code.hash());
        for wrong in ["", "006H", &format!("{code}0"), &code.to_string().replace('D', "U"), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<FollowUpCode>(), Err(NotACode), "{wrong}");
        }
    }

    #[test]
    fn what_waits_is_read_back() {
        let draft =
            EmployeeReportDraft { kind: Kind::Event, text: "Tailgating".into(), place: None, happened_on: None };
        for intake in [Intake::Report(draft), Intake::Answer { text: "At eight".into() }] {
            let stored = serde_json::to_string(&intake).unwrap();
            assert_eq!(serde_json::from_str::<Intake>(&stored).unwrap(), intake, "{stored}");
        }
    }

    #[test]
    fn no_minute_is_left() {
        let hour = hour_of(at());
        assert_eq!(hour.to_rfc3339(), "2026-05-28T20:00:00+00:00");
        assert_eq!(hour_of(hour), hour);
        assert!(hour <= at() && at() - hour < TimeDelta::hours(1));
    }
}
