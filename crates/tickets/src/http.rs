//! Requests and answers, and what may become of them.

use chrono::{DateTime, TimeDelta};
use ratchet_domain::ticket_connections::RequestMethod;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;

/// What is under way.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever dials: what leads to where nothing may be dialled is refused there.
pub trait Dial: Send + Sync {
    /// Sends it, and waits for the answer, which is bounded in time and size.
    fn dial<'a>(&'a self, request: Request) -> Doing<'a, Result<Response, Failure>>;
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// By which method.
    pub method: RequestMethod,
    /// Where.
    pub url: String,
    /// Headers, beside those that every request has.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// What is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nobody was reached, or what was answered cannot be read.
    Unreachable(String),
    /// It is too much for now; when it may be tried again, where that was said.
    Throttled(Option<TimeDelta>),
    /// The system does not know, or does not trust, who asks.
    Denied(String),
    /// What the program would say to be known cannot be read any more, so that nobody is asked.
    Sealed,
    /// What it was about is not there.
    Gone,
    /// The system does not take it as it is.
    Refused(String),
}

impl Failure {
    /// It in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Unreachable(why) => why.clone(),
            Self::Throttled(_) => "the ticketing system asks to wait".to_owned(),
            Self::Denied(said) => format!("the credentials are not accepted{}", colon(said)),
            Self::Sealed => {
                "the credentials were sealed with a key that is not this server's: they must be given again".to_owned()
            }
            Self::Gone => "it is not there".to_owned(),
            Self::Refused(said) => format!("the ticketing system refuses it{}", colon(said)),
        }
    }

    /// Whether it is about the whole connection, and not about one ticket.
    #[must_use]
    pub const fn is_of_connection(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Throttled(_) | Self::Denied(_) | Self::Sealed)
    }

    /// When it may be tried again, where that was said.
    #[must_use]
    pub const fn retry_after(&self) -> Option<TimeDelta> {
        match self {
            Self::Throttled(after) => *after,
            Self::Unreachable(_) | Self::Denied(_) | Self::Sealed | Self::Gone | Self::Refused(_) => None,
        }
    }
}

fn colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// Characters of what a system says when it refuses something that are told.
const TOLD: usize = 300;

impl Request {
    /// Without a body.
    pub(crate) fn get(url: String) -> Self {
        Self { method: RequestMethod::Get, url, headers: Vec::new(), body: None }
    }

    /// With JSON.
    pub(crate) fn json(method: RequestMethod, url: String, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { method, url, headers, body: Some(body.to_string().into_bytes()) }
    }

    /// With another header.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

impl Response {
    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The JSON of what went well.
    pub(crate) fn read(self) -> Result<Value, Failure> {
        let response = self.well()?;
        serde_json::from_slice(&response.body)
            .map_err(|_| Failure::Unreachable(format!("the answer ({}) is no JSON", response.status)))
    }

    /// It, where it went well.
    pub(crate) fn well(self) -> Result<Self, Failure> {
        match self.status {
            200..=299 => Ok(self),
            401 | 403 if self.is_throttled() => Err(Failure::Throttled(self.retry_after())),
            401 | 403 => Err(Failure::Denied(self.said())),
            404 | 410 => Err(Failure::Gone),
            408 | 425 | 429 | 503 => Err(Failure::Throttled(self.retry_after())),
            400..=499 => Err(Failure::Refused(self.said())),
            // A ticket that has moved is one ticket; where all has moved, asking what has changed fails, too.
            300..=399 => Err(Failure::Refused(format!("{}: it is elsewhere", self.status))),
            status => Err(Failure::Unreachable(format!("the ticketing system answered {status}"))),
        }
    }

    /// Some say with 403 that it is too much, GitHub's secondary limits in words alone.
    fn is_throttled(&self) -> bool {
        self.header("retry-after").is_some() || self.is_used_up() || self.tells_of_limits()
    }

    fn is_used_up(&self) -> bool {
        self.header("x-ratelimit-remaining") == Some("0")
    }

    fn tells_of_limits(&self) -> bool {
        self.said().to_ascii_lowercase().contains("rate limit")
    }

    /// After how long it may be asked again: in seconds, or until a moment by the clock of whoever answers.
    fn retry_after(&self) -> Option<TimeDelta> {
        let until = |moment: i64| {
            let answered = DateTime::parse_from_rfc2822(self.header("date")?).ok()?;
            moment.checked_sub(answered.timestamp())
        };
        let said = self.header("retry-after").map(str::trim).and_then(|said| {
            let moment = || until(DateTime::parse_from_rfc2822(said).ok()?.timestamp());
            said.parse().ok().or_else(moment)
        });
        let reset = || until(self.header("x-ratelimit-reset").filter(|_| self.is_used_up())?.trim().parse().ok()?);
        let seconds: i64 = said.or_else(reset).or_else(|| self.tells_of_limits().then_some(60))?;
        TimeDelta::try_seconds(seconds.clamp(0, 86_400))
    }

    /// What it says, as one bounded line.
    pub(crate) fn said(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ").chars().take(TOLD).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_it_may_be_asked_again_is_read_however_it_is_said() {
        const DATE: (&str, &str) = ("date", "Fri, 27 Nov 2026 08:00:00 GMT");
        const USED_UP: (&str, &str) = ("x-ratelimit-remaining", "0");
        for (status, headers, body, seconds) in [
            (429, vec![("retry-after", "90")], "", Some(90)),
            (503, vec![("retry-after", "Fri, 27 Nov 2026 08:02:00 GMT"), DATE], "", Some(120)),
            (403, vec![USED_UP, ("x-ratelimit-reset", "1795770000"), DATE], "", Some(3_600)),
            // Without a clock to hold it against, or before it, there is nothing to wait for that is said.
            (403, vec![USED_UP, ("x-ratelimit-reset", "1795770000")], "", None),
            (429, vec![("retry-after", "Fri, 27 Nov 2026 07:00:00 GMT"), DATE], "", Some(0)),
            (403, vec![], "You have exceeded a secondary rate limit", Some(60)),
            (429, vec![], "", None),
        ] {
            let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let answer = Response { status, headers, body: body.as_bytes().to_vec() };
            assert_eq!(answer.clone().well(), Err(Failure::Throttled(seconds.map(TimeDelta::seconds))), "{answer:?}");
        }
        let denied = Response { status: 403, body: b"Bad credentials".to_vec(), ..Response::default() };
        assert_eq!(denied.well(), Err(Failure::Denied("Bad credentials".to_owned())));
    }
}
