//! Settings: flag, environment, file, default, in this order.

use crate::mail;
use clap::{Args, ValueEnum};
use config::{Config, Environment, File};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// What went wrong before or outside of requests, in words for whoever runs the program.
pub(crate) type Fault = String;

/// Flags; each is also an environment variable and a member of the file.
#[derive(Debug, Default, Args, Serialize)]
pub(crate) struct Flags {
    /// A TOML file with these settings [env: RATCHET_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Where the database file, the keys and evidence files are kept [env: RATCHET_DATA_DIR] [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
    /// postgres://user@host/name, or sqlite://FILE [env: RATCHET_DATABASE_URL] [default: ratchet.db in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    database_url: Option<String>,
    /// Connections to PostgreSQL, or readers of SQLite [env: RATCHET_CONNECTIONS] [default: 8]
    #[arg(long, global = true, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<usize>,
    /// The address to listen on [env: RATCHET_HOST] [default: 127.0.0.1]
    #[arg(long, global = true, value_name = "IP")]
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<IpAddr>,
    /// The port to listen on; 0 takes a free one [env: RATCHET_PORT] [default: 8080]
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// The address under which clients see the server: the issuer of tokens and the origin of checkpoints
    /// [env: RATCHET_PUBLIC_URL] [default: http://HOST:PORT]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    /// Threads that serve requests [env: RATCHET_WORKERS] [default: one per core]
    #[arg(long, global = true, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    workers: Option<usize>,
    /// An origin that browsers may call from; may be repeated [env: RATCHET_CORS_ORIGINS, separated by commas]
    #[arg(long = "cors-origin", global = true, value_name = "ORIGIN")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cors_origins: Vec<String>,
    /// A proxy whose X-Forwarded-For is believed; may be repeated [env: RATCHET_TRUSTED_PROXIES, separated by commas]
    #[arg(long = "trusted-proxy", global = true, value_name = "IP")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trusted_proxies: Vec<IpAddr>,
    /// A network, as CIDR writes it, to which webhooks may be sent, and in which identity providers may be, although it is
    /// not public, at any port and without TLS; may be repeated [env: RATCHET_WEBHOOK_ALLOW, separated by commas]
    #[arg(long, global = true, value_name = "NETWORK")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhook_allow: Vec<IpNet>,
    /// Where weaknesses of the server are to be told: mailto:, https: or tel:, said in /.well-known/security.txt; may be
    /// repeated, the preferred one first [env: RATCHET_SECURITY_CONTACTS, separated by commas]
    #[arg(long = "security-contact", global = true, value_name = "URI")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    security_contacts: Vec<String>,
    /// The largest JSON body in bytes, after decompression [env: RATCHET_BODY_LIMIT] [default: 1048576]
    #[arg(long, global = true, value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    body_limit: Option<usize>,
    /// The largest file of evidence in bytes [env: RATCHET_EVIDENCE_LIMIT] [default: 104857600]
    #[arg(long, global = true, value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_limit: Option<u64>,
    /// Requests per minute and caller [env: RATCHET_REQUESTS_PER_MINUTE] [default: 6000]
    #[arg(long, global = true, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<u32>,
    /// Logins per minute and address [env: RATCHET_LOGINS_PER_MINUTE] [default: 30]
    #[arg(long, global = true, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    logins_per_minute: Option<u32>,
    /// Requests per minute and address through the public report link [env: RATCHET_REPORTS_PER_MINUTE] [default: 10]
    #[arg(long, global = true, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    reports_per_minute: Option<u32>,
    /// Requests per minute and address for calendars [env: RATCHET_CALENDARS_PER_MINUTE] [default: 120]
    #[arg(long, global = true, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    calendars_per_minute: Option<u32>,
    /// The mail server: smtps://user:password@host, smtp://user:password@host?tls=required (STARTTLS), or smtp://host for
    /// one that asks for nothing. A password belongs into the environment or the file: flags are seen among the processes
    /// [env: RATCHET_SMTP_URL] [default: none, and no e-mail is sent]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_url: Option<String>,
    /// Who e-mails are from, such as `Ratchet <isms@example.org>` [env: RATCHET_MAIL_FROM] [default: none; needed with the
    /// mail server]
    #[arg(long, global = true, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_from: Option<String>,
    /// What is logged, such as `info` or `ratchet_http=debug` [env: RATCHET_LOG] [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    /// How logs look [env: RATCHET_LOG_FORMAT] [default: text]
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    log_format: Option<LogFormat>,
}

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// One readable line each.
    Text,
    /// One JSON object each.
    Json,
}

/// Where data are kept unless somebody says otherwise.
const DATA_DIR: &str = "data";

/// Settings, complete.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub data_dir: PathBuf,
    pub database_url: Option<String>,
    pub connections: usize,
    pub host: IpAddr,
    pub port: u16,
    pub public_url: Option<String>,
    pub workers: usize,
    pub cors_origins: Vec<String>,
    pub trusted_proxies: Vec<IpAddr>,
    pub webhook_allow: Vec<IpNet>,
    pub security_contacts: Vec<String>,
    pub body_limit: usize,
    pub evidence_limit: u64,
    pub requests_per_minute: u32,
    pub logins_per_minute: u32,
    pub reports_per_minute: u32,
    pub calendars_per_minute: u32,
    pub smtp_url: Option<String>,
    pub mail_from: Option<String>,
    pub log: String,
    pub log_format: LogFormat,
    /// Only from the environment: the instance's keys, where a file is not wanted.
    #[serde(default)]
    pub keys: Option<String>,
}

impl Settings {
    /// Reads them all; what is unknown or malformed is refused by name.
    pub(crate) fn read(flags: &Flags) -> Result<Self, Fault> {
        let failed = |error: config::ConfigError| format!("settings: {error}");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let environment = Environment::with_prefix("RATCHET")
            .prefix_separator("_")
            .source(Some(environment_of(std::env::vars_os())))
            .ignore_empty(true)
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("cors_origins")
            .with_list_parse_key("trusted_proxies")
            .with_list_parse_key("webhook_allow")
            .with_list_parse_key("security_contacts");
        let mut builder = Config::builder();
        for (name, default) in [("data_dir", DATA_DIR), ("host", "127.0.0.1"), ("log", "info"), ("log_format", "text")]
        {
            builder = builder.set_default(name, default).map_err(failed)?;
        }
        let numbers = [
            ("connections", 8),
            ("port", 8080),
            ("body_limit", 1 << 20),
            ("evidence_limit", 100 << 20),
            ("requests_per_minute", 6000),
            ("logins_per_minute", 30),
            ("reports_per_minute", 10),
            ("calendars_per_minute", 120),
        ];
        for (name, default) in numbers {
            builder = builder.set_default(name, default).map_err(failed)?;
        }
        builder = builder
            .set_default("workers", u64::try_from(cores).unwrap_or(1))
            .and_then(|builder| builder.set_default("cors_origins", Vec::<String>::new()))
            .and_then(|builder| builder.set_default("trusted_proxies", Vec::<String>::new()))
            .and_then(|builder| builder.set_default("webhook_allow", Vec::<String>::new()))
            .and_then(|builder| builder.set_default("security_contacts", Vec::<String>::new()))
            .map_err(failed)?;
        if let Some(file) = config_file(flags) {
            builder = builder.add_source(File::from(Path::new(&file)).required(true));
        }
        let flags = serde_json::to_string(flags).map_err(|error| error.to_string())?;
        let flags = Config::builder().add_source(File::from_str(&flags, config::FileFormat::Json)).build();
        let settings: Self = builder
            .add_source(environment)
            .add_source(flags.map_err(failed)?)
            .build()
            .and_then(Config::try_deserialize)
            .map_err(|error| format!("{} (or RATCHET_..., where it comes from the environment)", failed(error)))?;
        settings.check()?;
        Ok(settings)
    }

    /// Whether somebody said where the data are.
    pub fn has_own_data(&self) -> bool {
        self.database_url.is_some() || self.data_dir != Path::new(DATA_DIR)
    }

    /// Where files of evidence lie.
    pub fn evidence_directory(&self) -> PathBuf {
        self.data_dir.join("evidence")
    }

    fn check(&self) -> Result<(), Fault> {
        let counts = [("connections", self.connections), ("workers", self.workers), ("body_limit", self.body_limit)];
        let rates = [
            ("requests_per_minute", self.requests_per_minute),
            ("logins_per_minute", self.logins_per_minute),
            ("reports_per_minute", self.reports_per_minute),
            ("calendars_per_minute", self.calendars_per_minute),
        ];
        let counts = counts.map(|(name, count)| (name, count == 0));
        for (name, is_none) in counts.into_iter().chain(rates.map(|(name, rate)| (name, rate == 0))) {
            if is_none {
                return Err(format!("settings: {name} must be at least 1"));
            }
        }
        let addresses = self.public_url.iter().map(|url| ("public_url", url));
        for (name, url) in addresses.chain(self.cors_origins.iter().map(|origin| ("cors_origins", origin))) {
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.starts_with('/') || host.contains(char::is_whitespace)) {
                return Err(format!("settings: {name} must begin with http:// or https:// and a host, not be `{url}`"));
            }
        }
        let is_known =
            |url: &str| ["postgres://", "postgresql://", "sqlite://"].iter().any(|known| url.starts_with(known));
        if self.database_url.as_deref().is_some_and(|url| url.contains("://") && !is_known(url)) {
            return Err("settings: database_url must begin with postgres:// or sqlite://, or be a file".to_owned());
        }
        for contact in &self.security_contacts {
            if !is_contact(contact) {
                let known = "mailto:, https:// or tel:";
                return Err(format!("settings: security_contacts must begin with {known}, not be `{contact}`"));
            }
        }
        mail::named(self).map(drop)
    }
}

/// Whether it is what a `Contact` of RFC 9116 may be, on one line.
fn is_contact(uri: &str) -> bool {
    let rest = ["mailto:", "https://", "tel:"].iter().find_map(|scheme| uri.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// The environment without what Kubernetes puts there of a service that is called `ratchet`: its address, under names that
/// begin as ours do.
fn environment_of(variables: impl Iterator<Item = (OsString, OsString)>) -> config::Map<String, String> {
    let is_link = |name: &str, value: &str| {
        name.starts_with("RATCHET_SERVICE_")
            || name.starts_with("RATCHET_PORT_")
            || (name == "RATCHET_PORT" && value.contains("://"))
    };
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    variables.filter_map(text).filter(|(name, value)| !is_link(name, value)).collect()
}

#[expect(clippy::disallowed_methods, reason = "which file holds the settings cannot be read from the settings")]
fn config_file(flags: &Flags) -> Option<PathBuf> {
    flags.config.clone().or_else(|| std::env::var("RATCHET_CONFIG").ok().filter(|s| !s.is_empty()).map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, CommandFactory};

    /// Whoever asks for help is told of each setting: what it does, and what it is called in the environment.
    #[test]
    fn each_setting_is_explained() {
        let flags = Flags::augment_args(Command::new("ratchet"));
        let explained = flags.get_arguments().map(|flag| {
            let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
            let name = flag.get_id().as_str();
            assert!(help.contains(&format!("[env: RATCHET_{}", name.to_uppercase())), "{name}: {help}");
            assert!(
                help.contains("[default: ")
                    || ["config", "cors_origins", "trusted_proxies", "webhook_allow", "security_contacts"]
                        .contains(&name),
                "{name}"
            );
            name.to_owned()
        });
        let mut explained: Vec<String> = explained.collect();
        let help = crate::Cli::command().render_long_help().to_string();
        assert!(help.contains("RATCHET_KEYS"));
        explained.push("keys".to_owned());
        // What is read is what is explained, and nothing else is.
        let Err(error) = serde_json::from_str::<Settings>(r#"{"nonsense":1}"#) else { panic!() };
        let known = error.to_string();
        for name in known.split('`').skip(3).step_by(2) {
            assert!(explained.iter().any(|explained| explained == name), "{name} is not explained");
        }
        assert_eq!(known.split('`').skip(3).step_by(2).count() + 1, explained.len(), "{known}");
    }

    #[test]
    fn addresses_that_lead_nowhere_are_refused() {
        let check = |name: &str, value: serde_json::Value| {
            let mut all = serde_json::json!({
                "data_dir": "data", "connections": 1, "host": "127.0.0.1", "port": 0, "workers": 1, "cors_origins": [],
                "trusted_proxies": [], "webhook_allow": [], "security_contacts": [], "body_limit": 1, "evidence_limit": 1,
                "requests_per_minute": 1, "logins_per_minute": 1, "reports_per_minute": 1, "calendars_per_minute": 1, "log": "info",
                "log_format": "text",
            });
            all[name] = value;
            serde_json::from_value::<Settings>(all).unwrap().check()
        };
        for url in ["isms.example.org", "https://", "ftp://isms"] {
            assert!(check("public_url", url.into()).is_err(), "{url}");
        }
        assert!(check("database_url", "mysql://h/isms".into()).is_err());
        for contact in ["isms@example.org", "http://example.org", "mailto:", "mailto:a@b\nExpires: 2030-01-01"] {
            assert!(check("security_contacts", vec![contact].into()).is_err(), "{contact}");
        }
        for contact in ["mailto:isms@example.org", "https://example.org/report", "tel:+49-69-1234"] {
            assert_eq!(check("security_contacts", vec![contact].into()), Ok(()), "{contact}");
        }
        for (name, url) in [
            ("public_url", "https://isms.example.org"),
            ("database_url", "postgres://h/isms"),
            ("database_url", "isms.db"),
        ] {
            assert_eq!(check(name, url.into()), Ok(()), "{url}");
        }
    }
}
