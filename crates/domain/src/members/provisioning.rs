//! What a directory says of members, by SCIM 2.0 (RFC 7644): who is there, how they are called, and who has left. It gives no
//! password, and makes nobody an admin: a key that is stolen opens no more than that.

use super::{Facts, Member, MemberDraft};
use crate::access::{Actor, Role, provisions};
use crate::change::{Birth, Change};
use crate::refusal::{Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// How a directory calls somebody, in its own words: they are told back as they were said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// As it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// In full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// The given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// The family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
}

impl Called {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The one name that it makes: as it is shown, or in full, or from the parts.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let Self { display, formatted, given, family } = self;
        let parts: Vec<&str> = [given, family].into_iter().flatten().map(String::as_str).collect();
        let joined = (!parts.is_empty()).then(|| parts.join(" "));
        display.clone().or_else(|| formatted.clone()).or(joined)
    }
}

/// What is said of somebody: `None` where nothing is said, `Some(None)` where it is said that there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The name as it is shown.
    pub display: Option<Option<String>>,
    /// The name in full.
    pub formatted: Option<Option<String>>,
    /// The given name.
    pub given: Option<Option<String>>,
    /// The family name.
    pub family: Option<Option<String>>,
    /// The part of the organisation in which the member works.
    pub unit: Option<Option<String>>,
    /// The directory's own name for the person.
    pub external_id: Option<Option<String>>,
}

impl Said {
    /// The same, where what is not said is none: of whoever is replaced.
    #[must_use]
    pub fn whole(self) -> Self {
        let Self { display, formatted, given, family, unit, external_id } = self;
        let or_none = |said: Option<Option<String>>| Some(said.flatten());
        Self {
            display: or_none(display),
            formatted: or_none(formatted),
            given: or_none(given),
            family: or_none(family),
            unit: or_none(unit),
            external_id: or_none(external_id),
        }
    }
}

impl Member {
    /// Makes a member whom a directory knows, and of whom it says this much.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft or of what is said.
    pub fn provision(draft: MemberDraft, said: Said, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        provisions(by)?;
        if draft.roles.contains(&Role::Admin) {
            return Err(Refusal::Forbidden);
        }
        Ok(Change::born(Self::made(draft, by, birth)?.taking_over(said)?, "enrolled"))
    }

    /// Takes over what a directory says; `None` where it is so already. Whoever is called nothing any more keeps the last name.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of what is said.
    pub fn follow_directory(self, said: Said, by: &Actor, at: DateTime<Utc>) -> Result<Option<Change<Self>>, Refusal> {
        provisions(by)?;
        let after = self.clone().taking_over(said)?;
        Ok((after != self).then(|| Change::of(self, after, "amended", at)))
    }

    fn taking_over(mut self, said: Said) -> Result<Self, Refusal> {
        let Said { display, formatted, given, family, unit, external_id } = said;
        let (mut faults, before) = (Faults::default(), self.called.clone());
        let mut take = |pointer: &str, said: Option<Option<String>>, kept: &mut Option<String>| {
            let Some(said) = said else { return };
            if let Some(text) = &said {
                faults.keep(text::title(pointer, text));
            }
            *kept = said;
        };
        take("/displayName", display, &mut self.called.display);
        take("/name/formatted", formatted, &mut self.called.formatted);
        take("/name/givenName", given, &mut self.called.given);
        take("/name/familyName", family, &mut self.called.family);
        take("/department", unit, &mut self.unit);
        take("/externalId", external_id, &mut self.external_id);
        faults.refuse()?;
        if self.called != before
            && let Some(name) = self.called.name()
        {
            // Both parts of a name can be longer together than a name may be.
            self.name = text::title("/name", &name).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        }
        Ok(self)
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

    /// Lets the member hold a role, or not, as the directory's group says; `None` where it is so already. Whoever is left with none
    /// is a member still. A role whose time is over is not given back, as long as it is limited: until when a role is held, and for
    /// which audits, is an admin's to say. Somebody whose access has ended is heard of, too: whoever comes back later has not what
    /// was taken away meanwhile.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], also where somebody would become an admin; or the member is the last one.
    pub fn follow_group(
        self,
        (role, is_in): (Role, bool),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Change<Self>>, Refusal> {
        provisions(by)?;
        let is_over = self.terms.iter().any(|term| term.role == role && term.has_ended(facts.today));
        if self.roles.contains(&role) == is_in || (is_in && is_over) {
            return Ok(None);
        }
        if role == Role::Admin && is_in {
            return Err(Refusal::Forbidden);
        }
        if role == Role::Admin && self.active {
            self.is_not_the_last_admin(facts)?;
        }
        let is_held = |one: &&Role| if **one == role { is_in } else { self.roles.contains(*one) };
        let roles = some_or_member(Role::VARIANTS.iter().filter(is_held).copied().collect());
        if roles == self.roles {
            return Ok(None);
        }
        // Terms stay, also of what is not held for the time being: it comes back as limited as it went.
        let after = Self { roles, ..self.clone() };
        Ok(Some(Change::of(self, after, "roles_followed", at).because("as the directory says".to_owned())))
    }

    /// Ends all access at once, or gives it back, as the directory says; `None` where it is so already. Whoever was an admin comes
    /// back as none: admins are made by admins.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or the member is the last admin.
    pub fn follow_activity(
        self,
        is_active: bool,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Change<Self>>, Refusal> {
        provisions(by)?;
        if is_active == self.active {
            return Ok(None);
        }
        if is_active {
            let roles = self.roles.iter().copied().filter(|role| *role != Role::Admin).collect();
            let after = Self { active: true, roles: some_or_member(roles), ..self.clone() };
            let reason = "the directory has activated the user".to_owned();
            return Ok(Some(Change::of(self, after, "reactivated", at).because(reason)));
        }
        self.is_not_the_last_admin(facts)?;
        let after = Self { active: false, calendar_hash: None, ..self.clone() };
        let reason = "the directory has deactivated the user".to_owned();
        Ok(Some(Change::of(self, after, "deactivated", at).because(reason)))
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

    /// Lets somebody back in whom the directory had removed, and makes again: with the role `member`, as anybody whom it makes. What
    /// was said of the member before is forgotten, and no identity provider's user is the member any more: addresses are given to
    /// somebody else one day. The password is the caller's to take away.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or the directory has not removed the member.
    pub fn return_to_directory(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        provisions(by)?;
        if !self.has_left_directory {
            return Err(Refusal::state("wrong_state", "the directory has not removed the member"));
        }
        let after = Self {
            active: true,
            has_left_directory: false,
            roles: vec![Role::Member],
            called: Called::default(),
            external_id: None,
            unit: None,
            identities: Vec::new(),
            ..self.clone()
        };
        Ok(Change::of(self, after, "reactivated", at).because("the directory has made the user again".to_owned()))
    }
}

fn some_or_member(roles: Vec<Role>) -> Vec<Role> {
    if roles.is_empty() { vec![Role::Member] } else { roles }
}
