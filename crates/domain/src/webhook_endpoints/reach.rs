//! Where events may be sent: public addresses over TLS, and the networks that an operator allows beside them. Whoever can
//! name an address must not reach through the server what only the server reaches (OWASP: server-side request forgery).

use super::URL;
use crate::refusal::Fault;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// The ports that are open to everybody.
const PORTS: [u16; 2] = [443, 8443];

/// Where events may be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Networks in which every address may be dialled, at every port and without TLS.
    pub allowed: Vec<IpNet>,
}

/// What a host was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// These addresses.
    Addresses(Vec<IpAddr>),
    /// Nothing: the name is not known, or nobody could be asked.
    Nothing,
}

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The name, or the address as it is written.
    pub host: String,
    /// The address, where it is no name.
    pub literal: Option<IpAddr>,
    /// The port.
    pub port: u16,
    /// Whether it is dialled without TLS.
    pub is_plain: bool,
}

impl Reach {
    /// Whether this address may be dialled.
    #[must_use]
    pub fn may_dial(&self, address: IpAddr, port: u16, is_plain: bool) -> bool {
        let address = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(&address)) {
            return true;
        }
        !is_plain && PORTS.contains(&port) && is_public(address)
    }
}

impl Destination {
    /// Where the address leads.
    ///
    /// # Errors
    /// Why it leads nowhere.
    pub fn parse(url: &str) -> Result<Self, Fault> {
        let fault = |code, detail: &str| Err(Fault::new("/url", code, detail));
        if url.chars().count() > URL {
            return fault("length", &format!("must have at most {URL} characters"));
        }
        // What the parser would drop or mend is not what was meant.
        let parsed = Url::parse(url).ok().filter(|_| url.chars().all(|c| c.is_ascii_graphic()));
        let Some(parsed) = parsed else {
            return fault("malformed", "must be an address, such as https://hooks.example.org/ratchet");
        };
        if !matches!(parsed.scheme(), "https" | "http") {
            return fault("scheme", "must begin with https://");
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return fault("userinfo", "must hold no user name or password: events are signed");
        }
        if parsed.fragment().is_some() {
            return fault("fragment", "must have no fragment: it is never sent");
        }
        let (Some(host), Some(port)) = (parsed.host(), parsed.port_or_known_default()) else {
            return fault("malformed", "must name a host");
        };
        let literal = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        let host = parsed.host_str().unwrap_or_default().to_owned();
        Ok(Self { host, literal, port, is_plain: parsed.scheme() == "http" })
    }

    /// Whether it leads to what an operator must have allowed, whatever its host is: without TLS, or to another port.
    #[must_use]
    pub fn is_unusual(&self) -> bool {
        self.is_plain || !PORTS.contains(&self.port)
    }

    /// Refuses what may not be dialled. A name that nothing was found of is taken where it may lead to a public address: it
    /// is looked up again before each attempt.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, reach: &Reach, found: &Found) -> Result<(), Fault> {
        let Self { host: _, literal, port, is_plain } = self;
        let fault = |code, detail| Err(Fault::new("/url", code, detail));
        let addresses = match (literal, found) {
            (Some(literal), _) => std::slice::from_ref(literal),
            (None, Found::Addresses(addresses)) => addresses.as_slice(),
            (None, Found::Nothing) => &[],
        };
        let is_allowed = |address: &IpAddr| reach.may_dial(*address, *port, *is_plain);
        if !addresses.is_empty() && addresses.iter().all(is_allowed) {
            return Ok(());
        }
        if *is_plain {
            return fault("scheme", "must begin with https://");
        }
        if !PORTS.contains(port) {
            return fault("port", "must be at port 443 or 8443");
        }
        if addresses.is_empty() {
            return Ok(());
        }
        fault("address", "must lead to a public address: whoever runs this server can allow others")
    }
}

/// Whether an address is anybody's to reach: none of this machine, of private networks, or of those that stand for others.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// IANA's registry of special addresses (RFC 6890), but for what only documentation uses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    // Azure's wire server, which gives out what virtual machines are started with, has a public address.
    if address == Ipv4Addr::new(168, 63, 129, 16) {
        return false;
    }
    let [a, b, c, _] = address.octets();
    let is_special = match a {
        // This network, private, loopback.
        0 | 10 | 127 => true,
        // Between a carrier and its customers (RFC 6598).
        100 => (64..=127).contains(&b),
        // Link-local; the metadata of clouds are there.
        169 => b == 254,
        172 => (16..=31).contains(&b),
        // Private; protocol assignments; 6to4's relays (RFC 7526).
        192 => b == 168 || (b == 0 && c == 0) || (b == 88 && c == 99),
        // Benchmarks (RFC 2544).
        198 => matches!(b, 18 | 19),
        // Multicast, reserved, broadcast.
        224..=255 => true,
        _ => false,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast alone; of that neither 6to4 (2002::/16) nor Teredo and its like (2001::/23), which stand for others.
    // NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), loopback, unique local, link-local and multicast lie elsewhere.
    let is_global = (0x2000..=0x3fff).contains(&a);
    is_global && a != 0x2002 && !(a == 0x2001 && b < 0x0200)
}
