//! API keys: a machine's way in. They belong to the organisation and never decide anything.

use crate::access::{Actor, Permission, administers};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Networks that one key is limited to, at most.
pub const NETWORKS: usize = 50;

/// What a key may be given. Decisions are not among it, and neither is administration.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Read every record that is not restricted.
    #[serde(rename = "records:read")]
    #[strum(serialize = "records:read")]
    RecordsRead,
    /// Raise nonconformities.
    #[serde(rename = "nonconformities:write")]
    #[strum(serialize = "nonconformities:write")]
    NonconformitiesWrite,
    /// Propose improvements.
    #[serde(rename = "improvements:write")]
    #[strum(serialize = "improvements:write")]
    ImprovementsWrite,
    /// Report incidents and append to their timelines.
    #[serde(rename = "incidents:write")]
    #[strum(serialize = "incidents:write")]
    IncidentsWrite,
    /// Report weaknesses.
    #[serde(rename = "weaknesses:write")]
    #[strum(serialize = "weaknesses:write")]
    WeaknessesWrite,
    /// Register, assess, treat and review risks; never accept them.
    #[serde(rename = "risks:write")]
    #[strum(serialize = "risks:write")]
    RisksWrite,
    /// Plan and work actions; never verify them.
    #[serde(rename = "actions:write")]
    #[strum(serialize = "actions:write")]
    ActionsWrite,
    /// Read the journal and its proofs.
    #[serde(rename = "events:read")]
    #[strum(serialize = "events:read")]
    EventsRead,
    /// Send measurements of every indicator.
    #[serde(rename = "measurements:write")]
    #[strum(serialize = "measurements:write")]
    MeasurementsWrite,
    /// Record results of training, of everybody.
    #[serde(rename = "training:write")]
    #[strum(serialize = "training:write")]
    TrainingWrite,
    /// Say who the members are, as a directory knows it; nobody becomes an admin by it.
    #[serde(rename = "members:provision")]
    #[strum(serialize = "members:provision")]
    MembersProvision,
}

impl Scope {
    /// The permissions that the scope gives.
    #[must_use]
    pub fn permissions(self) -> &'static [Permission] {
        match self {
            Self::RecordsRead => &[Permission::ReadRecords, Permission::ReadMembers],
            Self::NonconformitiesWrite => &[Permission::RaiseNonconformity],
            Self::ImprovementsWrite => &[Permission::ProposeImprovement],
            Self::IncidentsWrite => &[Permission::ReportIncident, Permission::RecordTimeline],
            Self::WeaknessesWrite => &[Permission::ReportWeakness],
            Self::RisksWrite => &[Permission::RegisterRisk, Permission::SteerRisk],
            Self::ActionsWrite => &[Permission::PlanAction, Permission::WorkAction],
            Self::EventsRead => &[Permission::ReadJournal],
            Self::MeasurementsWrite => &[Permission::RecordMeasurements],
            Self::TrainingWrite => &[Permission::RecordTraining],
            Self::MembersProvision => &[Permission::ProvisionMembers],
        }
    }
}

/// A key. Its secret is shown once, when it is issued, and is stored only as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Identity and version.
    pub head: Head,
    /// What the key is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// SHA-256 of the secret, hexadecimal.
    pub secret_hash: String,
    /// When it stops working by itself.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[serde(default)]
    pub revoked_at: Option<DateTime<Utc>>,
    /// From where it may be used; from everywhere where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<IpNet>,
}

/// What it takes to issue a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyDraft {
    /// What the key is for.
    pub name: String,
    /// At least one.
    pub scopes: Vec<Scope>,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// When it stops working by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// From where it may be used, as CIDR writes it; from everywhere where there is none.
    pub networks: Vec<String>,
}

impl Record for ApiKey {
    const PREFIX: Prefix = Prefix::ApiKey;
    const MAKING: Permission = Permission::AdministerOrganisation;
    const READING: Permission = Permission::AdministerOrganisation;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn title(&self) -> Option<&str> {
        Some(&self.name)
    }
}

/// What can be done to a key.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// End it at once.
    Revoke,
}

impl Lifecycle for ApiKey {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        if self.revoked_at.is_none() { "issued" } else { "revoked" }
    }

    fn knows(&self, verb: Verb) -> bool {
        match verb {
            Verb::Revoke => self.revoked_at.is_none(),
        }
    }

    fn may(&self, verb: Verb, (): &(), by: &Actor) -> Result<(), Refusal> {
        administers(by)?;
        if self.knows(verb) { Ok(()) } else { Err(Refusal::state("wrong_state", "the key is revoked")) }
    }
}

impl ApiKey {
    /// Issues a key.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn issue(draft: ApiKeyDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let ApiKeyDraft { name, mut scopes, secret_hash, expires_at, networks } = draft;
        let mut faults = Faults::default();
        faults.keep(text::title("/name", &name));
        if scopes.is_empty() {
            faults.push(Fault::new("/scopes", "length", "must name at least one scope"));
        }
        if expires_at.is_some_and(|at| at <= birth.at) {
            faults.push(Fault::new("/expires_at", "past", "must lie in the future"));
        }
        let networks = read(&networks, &mut faults);
        faults.refuse()?;
        scopes.sort_unstable();
        scopes.dedup();
        let (head, secret_hash) = (Head::born(by, birth), hex::encode(secret_hash));
        let key = Self { head, name, scopes, secret_hash, expires_at, revoked_at: None, networks };
        Ok(Change::born(key, "issued"))
    }

    /// Ends the key at once.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or already revoked.
    pub fn revoke(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Revoke, &(), by)?;
        let after = Self { revoked_at: Some(at), ..self.clone() };
        Ok(Change::of(self, after, "revoked", at))
    }

    /// Whether the key opens anything at this moment.
    #[must_use]
    pub fn is_valid(&self, at: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| at < end)
    }

    /// Whether the key may be used from this address. One of IPv4 that is written as IPv6 is the one of IPv4.
    #[must_use]
    pub fn is_used_within(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&address))
    }

    /// What the key may do.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        self.scopes.iter().flat_map(|scope| scope.permissions()).copied().collect()
    }
}

/// The networks, each once; a fault for each that is none.
fn read(networks: &[String], faults: &mut Faults) -> Vec<IpNet> {
    if networks.len() > NETWORKS {
        faults.push(Fault::new("/networks", "length", format!("must name at most {NETWORKS}")));
    }
    let mut known = Vec::new();
    for (index, written) in networks.iter().enumerate().take(NETWORKS) {
        let pointer = format!("/networks/{index}");
        match network(written) {
            Ok(network) if known.contains(&network) => {
                faults.push(Fault::new(pointer, "duplicate", "must be named once"));
            }
            Ok(network) => known.push(network),
            Err((code, detail)) => faults.push(Fault::new(pointer, code, detail)),
        }
    }
    known
}

/// A block of addresses; one address alone where no prefix is said.
fn network(written: &str) -> Result<IpNet, (&'static str, &'static str)> {
    let malformed = ("malformed", "must be a block of addresses, such as 203.0.113.0/24 or 2001:db8:42::/48");
    // Some read an address with leading zeros as octal, others do not.
    let (address, prefix) = written.split_once('/').unwrap_or((written, "0"));
    if address.parse::<IpAddr>().is_err() || (prefix.starts_with('0') && prefix != "0") {
        return Err(malformed);
    }
    let alone = written.parse::<IpAddr>().map(IpNet::from);
    let network = alone.or_else(|_| written.parse::<IpNet>().map_err(|_| malformed))?;
    if network.trunc() != network {
        // Whoever writes 10.1.2.3/8 means another block than it is, or another address.
        return Err(("host_bits", "must have no bits set behind its prefix"));
    }
    match network {
        IpNet::V6(block) if block.addr().to_ipv4_mapped().is_some() => {
            Err(("malformed", "must be written as IPv4, which it is"))
        }
        IpNet::V4(_) | IpNet::V6(_) => Ok(network),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::access::{Identity, Role, Standing};
    use crate::fixtures::refusals::{Refusals, published};
    use crate::id::{MemberId, OrganisationId};
    use crate::reference::Reference;
    use strum::VariantArray;
    use uuid::Uuid;

    fn by(role: Role) -> Actor {
        Actor {
            organisation: OrganisationId(Uuid::nil()),
            identity: Identity::Member { id: MemberId(Uuid::nil()), roles: vec![role], standing: Standing::default() },
        }
    }

    fn issue(scopes: &[Scope], expires_at: Option<DateTime<Utc>>, role: Role) -> Result<ApiKey, Refusal> {
        let reference = Reference { prefix: Prefix::ApiKey, year: 2026, number: 1 };
        let draft = ApiKeyDraft {
            name: "feed".into(),
            scopes: scopes.to_vec(),
            secret_hash: [7; 32],
            expires_at,
            networks: Vec::new(),
        };
        ApiKey::issue(draft, &by(role), Birth { id: Uuid::nil(), reference, at: DateTime::UNIX_EPOCH })
            .map(Change::into_after)
    }

    fn limited(networks: &[&str]) -> Result<ApiKey, Vec<String>> {
        let reference = Reference { prefix: Prefix::ApiKey, year: 2026, number: 1 };
        let draft = ApiKeyDraft {
            name: "feed".into(),
            scopes: vec![Scope::RecordsRead],
            secret_hash: [7; 32],
            expires_at: None,
            networks: networks.iter().map(|network| (*network).to_owned()).collect(),
        };
        let issued =
            ApiKey::issue(draft, &by(Role::Admin), Birth { id: Uuid::nil(), reference, at: DateTime::UNIX_EPOCH });
        issued.map(Change::into_after).map_err(|refusal| match refusal {
            Refusal::Invalid(faults) => {
                faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
            }
            Refusal::Forbidden | Refusal::State(_) => Vec::new(),
        })
    }

    #[test]
    fn a_key_is_used_from_its_networks_alone() {
        let key = limited(&["203.0.113.0/24", "198.51.100.7", "2001:db8:42::/48"]).unwrap();
        for (address, inside) in [
            ("203.0.113.0", true),
            ("203.0.113.255", true),
            ("203.0.114.0", false),
            ("::ffff:203.0.113.9", true),
            ("198.51.100.7", true),
            ("198.51.100.8", false),
            ("2001:db8:42:1::9", true),
            ("2001:db8:43::", false),
            ("::1", false),
        ] {
            assert_eq!(key.is_used_within(address.parse().unwrap()), inside, "{address}");
            assert!(limited(&[]).unwrap().is_used_within(address.parse().unwrap()), "limited to nothing");
        }
        assert!(limited(&["0.0.0.0/0"]).unwrap().is_used_within("192.0.2.1".parse().unwrap()));
        assert!(!limited(&["0.0.0.0/0"]).unwrap().is_used_within("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused_at_its_place() {
        for (networks, faults) in [
            (["203.0.113.0/33"].as_slice(), vec!["/networks/0 malformed"]),
            (&["203.0.113.0/24", ""], vec!["/networks/1 malformed"]),
            (&["localhost"], vec!["/networks/0 malformed"]),
            (&["010.0.0.0/8"], vec!["/networks/0 malformed"]),
            (&["10.0.0.0/08"], vec!["/networks/0 malformed"]),
            (&["203.0.113.0/255.255.255.0"], vec!["/networks/0 malformed"]),
            (&[" 203.0.113.0/24"], vec!["/networks/0 malformed"]),
            (&["203.0.113.7/24"], vec!["/networks/0 host_bits"]),
            (&["2001:db8::1/64"], vec!["/networks/0 host_bits"]),
            (&["::ffff:203.0.113.0/120"], vec!["/networks/0 malformed"]),
            (&["203.0.113.0/24", "203.0.113.0/24"], vec!["/networks/1 duplicate"]),
            (&["203.0.113.7", "203.0.113.7/32"], vec!["/networks/1 duplicate"]),
        ] {
            assert_eq!(limited(networks).unwrap_err(), faults, "{networks:?}");
        }
        let many: Vec<String> = (0..=NETWORKS).map(|n| format!("10.0.{n}.0/24")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(limited(&many).unwrap_err(), ["/networks length"]);
    }

    /// A key of before there were networks is written down as it was: its hash is in the journal.
    #[test]
    fn a_key_without_networks_says_nothing_of_them() {
        let key = issue(&[Scope::RecordsRead], None, Role::Admin).unwrap();
        let state = serde_json::to_value(&key).unwrap();
        assert!(state.get("networks").is_none(), "{state}");
        assert_eq!(serde_json::from_value::<ApiKey>(state).unwrap(), key);
        let limited = limited(&["203.0.113.0/24"]).unwrap();
        let state = serde_json::to_value(&limited).unwrap();
        assert_eq!(state["networks"], serde_json::json!(["203.0.113.0/24"]));
        assert_eq!(serde_json::from_value::<ApiKey>(state).unwrap(), limited);
    }

    #[test]
    fn no_scope_decides_or_administers() {
        for scope in Scope::VARIANTS {
            for permission in scope.permissions() {
                let machine = matches!(
                    permission,
                    Permission::ReadRecords
                        | Permission::ReadMembers
                        | Permission::RaiseNonconformity
                        | Permission::ProposeImprovement
                        | Permission::ReportIncident
                        | Permission::RecordTimeline
                        | Permission::ReportWeakness
                        | Permission::RegisterRisk
                        | Permission::SteerRisk
                        | Permission::PlanAction
                        | Permission::WorkAction
                        | Permission::ReadJournal
                        | Permission::RecordMeasurements
                        | Permission::RecordTraining
                        | Permission::ProvisionMembers
                );
                assert!(machine, "{scope:?} gives {permission:?}");
            }
        }
    }

    #[test]
    fn only_an_admin_issues_and_input_is_checked() {
        assert_eq!(issue(&[Scope::RecordsRead], None, Role::IsmsManager), Err(Refusal::Forbidden));
        let Err(Refusal::Invalid(faults)) = issue(&[], Some(DateTime::UNIX_EPOCH), Role::Admin) else {
            panic!("accepted")
        };
        assert_eq!(faults.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["length", "past"]);
    }

    #[test]
    fn an_expired_or_revoked_key_opens_nothing() {
        let second = DateTime::from_timestamp(1, 0);
        let key = issue(&[Scope::RecordsRead], second, Role::Admin).unwrap();
        assert!(key.is_valid(DateTime::UNIX_EPOCH));
        assert!(!key.is_valid(second.unwrap()));
        let revoked = key.revoke(&by(Role::Admin), DateTime::UNIX_EPOCH).unwrap().into_after();
        assert!(!revoked.is_valid(DateTime::UNIX_EPOCH));
        assert!(revoked.revoke(&by(Role::Admin), DateTime::UNIX_EPOCH).is_err());
    }

    fn apply(key: ApiKey, verb: Verb) -> Result<ApiKey, Refusal> {
        match verb {
            Verb::Revoke => key.revoke(&by(Role::Admin), DateTime::UNIX_EPOCH).map(Change::into_after),
        }
    }

    fn in_every_stage() -> [ApiKey; 2] {
        let key = issue(&[Scope::RecordsRead], None, Role::Admin).unwrap();
        [key.clone(), apply(key, Verb::Revoke).unwrap()]
    }

    /// Every stage x every verb: a command succeeds exactly where the published table has an edge, and ends where it says.
    #[test]
    fn stage_by_verb() {
        let mut table = String::new();
        for key in in_every_stage() {
            let stage = key.stage_name();
            for verb in Verb::VARIANTS {
                let ends: Vec<_> = apply(key.clone(), *verb).iter().map(Lifecycle::stage_name).collect();
                assert_eq!(ends, published("api_keys", stage, (*verb).into()), "{stage} {verb:?}");
                table.push_str(&format!("{stage} {verb:?} -> {ends:?}\n"));
            }
        }
        insta::assert_snapshot!(table);
    }

    /// Why it is refused.
    pub(crate) fn refusals() -> Refusals {
        Refusals::of(in_every_stage(), &[()])
    }
}
