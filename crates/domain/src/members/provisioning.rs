//! What a directory says of members, by SCIM 2.0 (RFC 7644): who is there, how they are called, and who has left. It gives no
//! password, and makes nobody an admin: a key that is stolen opens no more than that.

use super::{Facts, Member, MemberDraft, some_roles};
use crate::access::{Actor, Role, provisions};
use crate::change::{Birth, Change};
use crate::refusal::{Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use strum::VariantArray;

/// What is said of somebody; `None` where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// How the member is called.
    pub name: Option<String>,
    /// The part of the organisation in which the member works, or none.
    pub unit: Option<Option<String>>,
    /// The directory's own name for the person, or none.
    pub external_id: Option<Option<String>>,
}

impl Member {
    /// Makes a member whom a directory knows.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn provision(
        draft: MemberDraft,
        external_id: Option<String>,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        provisions(by)?;
        if draft.roles.contains(&Role::Admin) {
            return Err(Refusal::Forbidden);
        }
        let mut faults = Faults::default();
        if let Some(external_id) = &external_id {
            faults.keep(text::title("/externalId", external_id));
        }
        faults.refuse()?;
        let made = Self { external_id, ..Self::made(draft, by, birth)? };
        Ok(Change::born(made, "enrolled"))
    }

    /// Takes over what a directory says; `None` where it is so already.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of what is said.
    pub fn follow_directory(self, said: Said, by: &Actor, at: DateTime<Utc>) -> Result<Option<Change<Self>>, Refusal> {
        provisions(by)?;
        let Said { name, unit, external_id } = said;
        let (mut faults, mut after) = (Faults::default(), self.clone());
        if let Some(name) = name {
            faults.keep(text::title("/displayName", &name));
            after.name = name;
        }
        if let Some(unit) = unit {
            if let Some(unit) = &unit {
                faults.keep(text::title("/department", unit));
            }
            after.unit = unit;
        }
        if let Some(external_id) = external_id {
            if let Some(external_id) = &external_id {
                faults.keep(text::title("/externalId", external_id));
            }
            after.external_id = external_id;
        }
        faults.refuse()?;
        Ok((after != self).then(|| Change::of(self, after, "amended", at)))
    }

    /// Notes that a directory gives the member another address to log in with. The address of an admin is an admin's to change:
    /// whoever signs in with it becomes the member.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], also of an admin.
    pub fn note_new_address(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        provisions(by)?;
        if self.roles.contains(&Role::Admin) {
            return Err(Refusal::Forbidden);
        }
        Ok(Change::of(self.clone(), self, "address_changed", at).because("as the directory says".to_owned()))
    }

    /// Takes over the roles that a directory's groups say; `None` where they are held already. Whoever is left with none is a
    /// member still. Until when a role is held, and for which audits, stays.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], also where somebody would become an admin; the member has left, or is the last admin.
    pub fn follow_groups(
        self,
        said: &[Role],
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Change<Self>>, Refusal> {
        provisions(by)?;
        if said.contains(&Role::Admin) && !self.roles.contains(&Role::Admin) {
            return Err(Refusal::Forbidden);
        }
        if !self.active {
            return Err(Refusal::state("wrong_state", "the member is deactivated"));
        }
        let said = if said.is_empty() { &[Role::Member] } else { said };
        let roles: Vec<Role> = Role::VARIANTS.iter().copied().filter(|role| said.contains(role)).collect();
        let roles = some_roles(&roles).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        if roles == self.roles {
            return Ok(None);
        }
        if !roles.contains(&Role::Admin) {
            self.is_not_the_last_admin(facts)?;
        }
        let terms = self.terms.iter().filter(|term| roles.contains(&term.role)).cloned().collect();
        let after = Self { roles, terms, ..self.clone() };
        Ok(Some(Change::of(self, after, "roles_assigned", at).because("as the directory says".to_owned())))
    }

    /// Ends all access of somebody whom the directory has removed; `None` where that is so already. To the directory the member is
    /// not there any more.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or the member is the last admin.
    pub fn leave_directory(
        self,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Change<Self>>, Refusal> {
        provisions(by)?;
        if self.has_left_directory {
            return Ok(None);
        }
        let verb = if self.active { "deactivated" } else { "removed_from_directory" };
        if self.active {
            self.is_not_the_last_admin(facts)?;
        }
        let after = Self { active: false, calendar_hash: None, has_left_directory: true, ..self.clone() };
        Ok(Some(Change::of(self, after, verb, at).because("removed from the directory".to_owned())))
    }
}
