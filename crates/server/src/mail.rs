//! E-mail: handed to the operator's mail server, which does the rest.

use crate::settings::{Fault, Settings};
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::response::Severity;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use url::Url;

/// How long the mail server may take for each step.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to the mail server.
pub(crate) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// An e-mail in plain text.
pub(crate) struct Letter {
    /// The same for the same matter, so that whoever gets it twice can tell.
    pub id: String,
    /// To which address.
    pub address: String,
    /// How its reader is called.
    pub name: String,
    /// One line.
    pub subject: String,
    /// Lines ended by a line feed.
    pub text: String,
    /// When.
    pub at: SystemTime,
}

/// Why an e-mail was not delivered. None of it says what the server answered in words, which name addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undelivered {
    /// The mail server says that it will take it later.
    Later(String),
    /// It will never take it.
    Never(String),
    /// Whether it has taken it cannot be told.
    Unknown(String),
}

impl Mail {
    /// As the settings say; `None` where they name no mail server.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Self>, Fault> {
        let Some((url, from)) = named(settings)? else { return Ok(None) };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .map_err(|error| format!("settings: smtp_url: {error}"))?
            .timeout(Some(PATIENCE))
            .pool_config(PoolConfig::new().max_size(1))
            .build();
        Ok(Some(Self { transport, from }))
    }

    /// Whether the mail server would take an e-mail now.
    pub(crate) async fn reach(&self) -> Result<(), String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("it has closed the connection".to_owned()),
            Err(error) => Err(told(&error)),
        }
    }

    /// Hands an e-mail over.
    pub(crate) async fn send(&self, letter: Letter) -> Result<(), Undelivered> {
        let message = self.written(letter).map_err(Undelivered::Never)?;
        let Err(error) = self.transport.send(message).await else { return Ok(()) };
        let told = told(&error);
        Err(match error.status().map(|code| code.severity) {
            Some(Severity::TransientNegativeCompletion) => Undelivered::Later(told),
            Some(Severity::PermanentNegativeCompletion) => Undelivered::Never(told),
            Some(Severity::PositiveCompletion | Severity::PositiveIntermediate) => Undelivered::Unknown(told),
            // What it could not say to this server: such as an address in letters beyond ASCII.
            None if error.is_client() => Undelivered::Never(told),
            None => Undelivered::Unknown(told),
        })
    }

    fn written(&self, letter: Letter) -> Result<Message, String> {
        let Letter { id, address, name, subject, text, at } = letter;
        let address = address.parse::<Address>().map_err(|error| format!("the address: {error}"))?;
        let builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(name), address))
            .subject(subject)
            .date(at)
            .message_id(Some(id))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN);
        builder.body(text).map_err(|error| error.to_string())
    }
}

/// The mail server that the settings name, and who e-mails are from. What is wrong with its address is said without saying
/// it: it may hold a password.
pub(crate) fn named(settings: &Settings) -> Result<Option<(Url, Mailbox)>, Fault> {
    let (url, from) = match (&settings.smtp_url, &settings.mail_from) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err("settings: mail_from says who e-mails are from, smtp_url is missing".to_owned()),
        (Some(_), None) => return Err("settings: smtp_url names a mail server, mail_from is missing".to_owned()),
        (Some(url), Some(from)) => (url, from),
    };
    let url = Url::parse(url).map_err(|error| format!("settings: smtp_url: {error}"))?;
    keep_secret(&url)?;
    let from = from.parse::<Mailbox>().map_err(|error| format!("settings: mail_from: {error}"))?;
    Ok(Some((url, from)))
}

/// A password goes to the mail server encrypted, or not over a network at all.
fn keep_secret(url: &Url) -> Result<(), Fault> {
    let host = url.host_str().unwrap_or_default();
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let is_here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    let is_encrypted = url.scheme() == "smtps" || url.query_pairs().any(|(key, way)| key == "tls" && way == "required");
    match (url.username().is_empty(), url.password()) {
        (true, None) => Ok(()),
        (false, None) => Err("settings: smtp_url: it names a user without a password".to_owned()),
        (_, Some(_)) if is_encrypted || is_here => Ok(()),
        (_, Some(_)) => {
            Err("settings: smtp_url: a password needs encryption: smtps://, or smtp:// with ?tls=required".to_owned())
        }
    }
}

/// An error without the words of the mail server.
fn told(error: &lettre::transport::smtp::Error) -> String {
    error.status().map_or_else(|| error.to_string(), |code| format!("the mail server answers {code}"))
}

/// Nobody answers it, and no machine should, either (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_sent_in_clear() {
        for (url, good) in [
            ("smtp://mail.example.org", true),
            ("smtp://mail.example.org:25?tls=opportunistic", true),
            ("smtps://isms:secret@mail.example.org", true),
            ("smtp://isms:secret@mail.example.org?tls=required", true),
            ("smtp://isms:secret@localhost", true),
            ("smtp://isms:secret@127.0.0.1:2525", true),
            ("smtp://isms:secret@[::1]:2525", true),
            ("smtp://isms:secret@mail.example.org", false),
            ("smtp://isms:secret@mail.example.org?tls=opportunistic", false),
            ("smtp://isms:secret@127.0.0.1.example.org", false),
            ("smtp://isms@mail.example.org?tls=required", false),
        ] {
            let kept = keep_secret(&Url::parse(url).unwrap());
            assert_eq!(kept.is_ok(), good, "{url}: {kept:?}");
            assert!(!kept.err().unwrap_or_default().contains("secret"), "{url}");
        }
    }
}
