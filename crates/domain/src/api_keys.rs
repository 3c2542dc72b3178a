//! API keys: a machine's way in. They belong to the organisation and never decide anything.

use crate::access::{Actor, Permission, administers};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
        let ApiKeyDraft { name, mut scopes, secret_hash, expires_at } = draft;
        let mut faults = Faults::default();
        faults.keep(text::title("/name", &name));
        if scopes.is_empty() {
            faults.push(Fault::new("/scopes", "length", "must name at least one scope"));
        }
        if expires_at.is_some_and(|at| at <= birth.at) {
            faults.push(Fault::new("/expires_at", "past", "must lie in the future"));
        }
        faults.refuse()?;
        scopes.sort_unstable();
        scopes.dedup();
        let secret_hash = hex::encode(secret_hash);
        let key = Self { head: Head::born(by, birth), name, scopes, secret_hash, expires_at, revoked_at: None };
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

    /// What the key may do.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        self.scopes.iter().flat_map(|scope| scope.permissions()).copied().collect()
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
        let draft = ApiKeyDraft { name: "feed".into(), scopes: scopes.to_vec(), secret_hash: [7; 32], expires_at };
        ApiKey::issue(draft, &by(role), Birth { id: Uuid::nil(), reference, at: DateTime::UNIX_EPOCH })
            .map(Change::into_after)
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
