//! As whom identity providers know a member, and what these say of the roles. A member is linked once with each provider: from
//! then on the provider's own name for the person counts, and no address that somebody else may be given one day.

use super::{Facts, Member};
use crate::access::{Actor, Role, is_the_program};
use crate::change::Change;
use crate::id::IdentityProviderId;
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// Providers that know one member, at most.
pub const IDENTITIES: usize = 10;

/// As whom a provider knows a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// Which provider.
    pub provider: IdentityProviderId,
    /// The provider's own name for the person, which it gives to nobody else (`sub`).
    pub subject: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

impl Member {
    /// Whether this provider knows the member under this name.
    #[must_use]
    pub fn is_known_as(&self, provider: IdentityProviderId, subject: &str) -> bool {
        self.identities.iter().any(|linked| linked.provider == provider && linked.subject == subject)
    }

    /// Notes as whom a provider knows the member: what was signed by the provider said so, and nobody else.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; the member has left, or the provider knows somebody else by the
    /// member's address.
    pub fn link_identity(
        self,
        provider: IdentityProviderId,
        subject: String,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        if !self.active {
            return Err(Refusal::state("deactivated", "the member is deactivated"));
        }
        if self.identities.iter().any(|linked| linked.provider == provider) {
            let detail = "the member with this address is known to the identity provider under another name";
            return Err(Refusal::state("linked_already", detail));
        }
        if self.identities.len() >= IDENTITIES {
            let detail = format!("{IDENTITIES} identity providers know this member already");
            return Err(Refusal::state("too_many", detail));
        }
        let mut after = self.clone();
        after.identities.push(Linked { provider, subject, at });
        Ok(Change::of(self, after, "identity_linked", at))
    }

    /// Takes over the roles that a provider says the member has; `None` where they are held already. Until when a role is
    /// held, and for which audits, stays. The last admin stays one, whatever the provider says.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; the member has left, or has no role.
    pub fn follow_roles(
        self,
        said: &[Role],
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Change<Self>>, Refusal> {
        is_the_program(by)?;
        if !self.active {
            return Err(Refusal::state("deactivated", "the member is deactivated"));
        }
        let stays_admin = self.is_not_the_last_admin(facts).is_err();
        let is_over = |role: &Role| self.terms.iter().any(|term| term.role == *role && term.has_ended(facts.today));
        let is_held = |role: &Role| (said.contains(role) && !is_over(role)) || (stays_admin && *role == Role::Admin);
        let roles: Vec<Role> = Role::VARIANTS.iter().copied().filter(is_held).collect();
        if roles.is_empty() {
            return Err(Refusal::state("no_role", "the time of every role that the identity provider says is over"));
        }
        if roles == self.roles {
            return Ok(None);
        }
        // Terms stay, also of what is not held for the time being: it comes back as limited as it went.
        let after = Self { roles, ..self.clone() };
        let reason = "as the identity provider says".to_owned();
        Ok(Some(Change::of(self, after, "roles_followed", at).because(reason)))
    }
}
