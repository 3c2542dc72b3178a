//! What is due as a calendar: the secret link under which a calendar program reads it.
//!
//! A calendar program has no login. Whoever holds a link reads what is due for one member until the link is closed,
//! replaced, or the member deactivated; of the link only a hash is kept.

use crate::id::MemberId;
use sha2::{Digest, Sha256};

/// A member's way to the calendar. It is shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct CalendarLink {
    /// Whose.
    pub member: MemberId,
    secret: String,
}

/// A text that is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a calendar link")]
pub struct NotALink;

/// What a link begins with, so that whoever finds one somewhere knows what it is.
const MARK: &str = "rcal_";

impl CalendarLink {
    /// The link of a member with 256 random bits.
    #[must_use]
    pub fn of(member: MemberId, random: [u8; 32]) -> Self {
        Self { member, secret: hex::encode(random) }
    }

    /// What is kept of it: SHA-256 of the secret, hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.secret.as_bytes()))
    }
}

impl std::fmt::Display for CalendarLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{MARK}{}_{}", self.member.0.simple(), self.secret)
    }
}

/// Without the secret: what is printed for debugging ends up in logs.
impl std::fmt::Debug for CalendarLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CalendarLink").field("member", &self.member).finish_non_exhaustive()
    }
}

impl std::str::FromStr for CalendarLink {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        let (member, secret) = text.strip_prefix(MARK).and_then(|rest| rest.split_once('_')).ok_or(NotALink)?;
        let digits = |part: &str, count: usize| {
            part.len() == count && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !digits(member, 32) || !digits(secret, 64) {
            return Err(NotALink);
        }
        let member = uuid::Uuid::try_parse(member).map_err(|_| NotALink)?;
        Ok(Self { member: MemberId(member), secret: secret.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_link_is_read_as_it_was_shown() {
        let link = CalendarLink::of(MemberId(Uuid::from_u128(7)), [0xab; 32]);
        let shown = link.to_string();
        assert_eq!(shown, format!("rcal_{:032x}_{}", 7, "ab".repeat(32)));
        assert_eq!(shown.parse(), Ok(link.clone()));
        assert_eq!(link.hash().len(), 64);
        assert!(!format!("{link:?}").contains("abab"), "a secret in a log");
        assert_ne!(link.hash(), CalendarLink::of(link.member, [0xac; 32]).hash());
    }

    #[test]
    fn what_is_no_link_is_refused() {
        let good = CalendarLink::of(MemberId(Uuid::from_u128(7)), [1; 32]).to_string();
        for bad in [
            String::new(),
            good.replace("rcal_", "rk_"),
            good.to_uppercase(),
            good[..good.len() - 1].to_owned(),
            format!("{good}0"),
            good.replace('1', "\u{ff11}"),
            good.replacen("00", "0-", 1),
        ] {
            assert_eq!(bad.parse::<CalendarLink>(), Err(NotALink), "{bad}");
        }
    }
}
