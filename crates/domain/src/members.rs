//! Members: a person in one organisation, with the roles held there.

mod identities;
mod provisioning;
mod terms;
#[cfg(test)]
pub(crate) mod tests;

pub use identities::{IDENTITIES, Linked};
pub use provisioning::{Called, Said};
pub use terms::{AUDITS, Engagement, Term, asked_on, engagement_of, held_on};

use crate::access::{Actor, Identity, Permission, Role, administers};
use crate::calendar::CalendarLink;
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::delegations::{Delegation, StandIn, works};
use crate::id::{AccountId, MemberId};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::text;
use crate::work::Wake;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// A person in one organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Identity and version.
    pub head: Head,
    /// The login this member uses.
    pub account: AccountId,
    /// How the member is called.
    pub name: String,
    /// The part of the organisation in which the member works; figures of participation are counted by it.
    #[serde(default)]
    pub unit: Option<String>,
    /// Held now; in the order of [`Role`]'s variants, each once.
    pub roles: Vec<Role>,
    /// Whether the member may act at all.
    pub active: bool,
    /// SHA-256 of the secret in the member's calendar link, hexadecimal; none while there is no link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_hash: Option<String>,
    /// Whether the member wants the daily digest.
    #[serde(default = "wanted", skip_serializing_if = "is_wanted")]
    pub digest: bool,
    /// Until when some of the roles are held, and how far they reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Term>,
    /// To whom the member has delegated; what ended more than a year ago is in the journal alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<Delegation>,
    /// As whom identity providers know the member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Linked>,
    /// How a directory calls the member.
    #[serde(default, skip_serializing_if = "Called::is_empty")]
    pub called: Called,
    /// A directory's own name for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether the directory has removed the person, for whom there is no user any more.
    #[serde(default, skip_serializing_if = "is_not")]
    pub has_left_directory: bool,
}

fn is_not(said: &bool) -> bool {
    !*said
}

fn wanted() -> bool {
    true
}

fn is_wanted(digest: &bool) -> bool {
    *digest
}

/// What it takes to make a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberDraft {
    /// The login.
    pub account: AccountId,
    /// How the member is called.
    pub name: String,
    /// The part of the organisation in which the member works.
    pub unit: Option<String>,
    /// At least one.
    pub roles: Vec<Role>,
}

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// How the member is called.
    pub name: Option<String>,
    /// The part of the organisation in which the member works, or none.
    pub unit: Option<Option<String>>,
    /// Whether the daily digest is wanted.
    pub digest: Option<bool>,
}

/// What a guard must know about the other members.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Active members that hold `admin` without an end, this one included.
    pub admins: i64,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
}

impl Record for Member {
    const PREFIX: Prefix = Prefix::Member;
    const MAKING: Permission = Permission::AdministerOrganisation;
    const READING: Permission = Permission::ReadMembers;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// The actor is this member, and acts for nobody else.
    fn is_own(&self, by: &Actor) -> bool {
        by.on_behalf_of().is_none() && by.member().is_some_and(|me| me.0 == self.head.id)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn stand_ins(&self) -> Vec<StandIn> {
        self.delegations.iter().map(Delegation::stand_in).collect()
    }

    /// At once, whenever something is different: courses may ask for this member now, or not any more.
    fn wakes(&self) -> Option<Wake> {
        Some(Wake::At(self.head.updated_at))
    }
}

/// What can be done to a member.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// Replace the roles.
    AssignRoles,
    /// End all access at once.
    Deactivate,
    /// Let somebody who had left back in.
    Reactivate,
    /// Make the link under which a calendar program reads what is due, or replace it.
    OpenCalendarLink,
    /// Close that link.
    CloseCalendarLink,
    /// Hand over what the member was named for, once the member has left.
    Reassign,
    /// Let another member do what is one's own, for some days.
    Delegate,
    /// End that before its time.
    EndDelegation,
}

impl Lifecycle for Member {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        if self.active { "active" } else { "deactivated" }
    }

    fn knows(&self, verb: Verb) -> bool {
        match verb {
            Verb::AssignRoles
            | Verb::Deactivate
            | Verb::OpenCalendarLink
            | Verb::CloseCalendarLink
            | Verb::Delegate
            | Verb::EndDelegation => self.active,
            // Of a member who is there each record is handed over by its own verb, one by one.
            Verb::Reassign | Verb::Reactivate => !self.active,
        }
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        match verb {
            Verb::AssignRoles | Verb::Deactivate | Verb::Reactivate => administers(by)?,
            Verb::Reassign if !by.may(Permission::ReassignWork, false) => return Err(Refusal::Forbidden),
            // Nobody reads another's calendar, or lends what is another's.
            Verb::OpenCalendarLink | Verb::Delegate if !self.is_own(by) => return Err(Refusal::Forbidden),
            Verb::CloseCalendarLink | Verb::EndDelegation if !self.is_own(by) => administers(by)?,
            Verb::OpenCalendarLink
            | Verb::CloseCalendarLink
            | Verb::Reassign
            | Verb::Delegate
            | Verb::EndDelegation => {}
        }
        if !self.knows(verb) {
            let is = if self.active { "the member is active" } else { "the member is deactivated" };
            return Err(Refusal::state("wrong_state", is));
        }
        match verb {
            Verb::AssignRoles | Verb::Reactivate | Verb::OpenCalendarLink | Verb::Reassign | Verb::Delegate => Ok(()),
            Verb::EndDelegation if self.delegations.iter().all(|one| one.is_over(facts.today)) => {
                Err(Refusal::state("no_delegation", "the member has delegated to nobody, or it is over"))
            }
            Verb::EndDelegation => Ok(()),
            Verb::Deactivate => self.is_not_the_last_admin(facts),
            Verb::CloseCalendarLink if self.calendar_hash.is_none() => {
                Err(Refusal::state("no_calendar_link", "the member has no calendar link"))
            }
            Verb::CloseCalendarLink => Ok(()),
        }
    }

    /// Its own digest is anybody's to decide; the rest is an admin's ([`Member::amend`]).
    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !self.is_own(by) {
            administers(by)?;
        }
        if self.active { Ok(()) } else { Err(Refusal::state("wrong_state", "the member is deactivated")) }
    }
}

impl Member {
    /// Makes a member.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn enrol(draft: MemberDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        Ok(Change::born(Self::made(draft, by, birth)?, "enrolled"))
    }

    /// A member as one begins.
    fn made(draft: MemberDraft, by: &Actor, birth: Birth) -> Result<Self, Refusal> {
        let MemberDraft { account, name, unit, roles } = draft;
        let mut faults = Faults::default();
        faults.keep(text::title("/name", &name));
        if let Some(unit) = &unit {
            faults.keep(text::title("/unit", unit));
        }
        let roles = faults.keep(some_roles(&roles)).unwrap_or_default();
        faults.refuse()?;
        Ok(Self {
            head: Head::born(by, birth),
            account,
            name,
            unit,
            roles,
            active: true,
            calendar_hash: None,
            digest: true,
            terms: Vec::new(),
            delegations: Vec::new(),
            identities: Vec::new(),
            called: Called::default(),
            external_id: None,
            has_left_directory: false,
        })
    }

    /// Changes plain fields.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { name, unit, digest } = input;
        if name.is_some() || unit.is_some() {
            administers(by)?;
        }
        let (mut faults, mut after) = (Faults::default(), self.clone());
        after.digest = digest.unwrap_or(self.digest);
        if let Some(name) = name {
            faults.keep(text::title("/name", &name));
            after.name = name;
        }
        if let Some(unit) = unit {
            if let Some(unit) = &unit {
                faults.keep(text::title("/unit", unit));
            }
            after.unit = unit;
        }
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Replaces the roles, and says until when some of them are held and how far they reach. That the audits exist is the
    /// caller's to check.
    ///
    /// # Errors
    /// The guard's refusal, no role at all, every fault of the terms, or the organisation would be without an admin, now or
    /// when a term ends.
    pub fn assign_roles(
        self,
        roles: &[Role],
        terms: Vec<Term>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::AssignRoles, facts, by)?;
        if !roles.contains(&Role::Admin) || terms.iter().any(|term| term.role == Role::Admin && term.until.is_some()) {
            self.is_not_the_last_admin(facts)?;
        }
        let mut faults = Faults::default();
        let roles = faults.keep(some_roles(roles)).unwrap_or_default();
        terms::check(&terms, &roles, facts.today, &mut faults);
        faults.refuse()?;
        let after = Self { roles, terms, ..self.clone() };
        Ok(Change::of(self, after, "roles_assigned", at))
    }

    /// Ends all access at once.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn deactivate(
        self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Deactivate, facts, by)?;
        text::narrative("/reason", &reason).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let after = Self { active: false, calendar_hash: None, ..self.clone() };
        Ok(Change::of(self, after, "deactivated", at).because(reason))
    }

    /// Lets somebody who had left, or was shut out by mistake, back in: with the roles and the password there were, and no
    /// session.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reactivate(
        self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reactivate, facts, by)?;
        text::narrative("/reason", &reason).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let after = Self { active: true, has_left_directory: false, ..self.clone() };
        Ok(Change::of(self, after, "reactivated", at).because(reason))
    }

    /// Hands over what the member was named for: the records are moved by their own commands ([`HandOver::apply`]); this
    /// notes that it was done, and why.
    ///
    /// # Errors
    /// The guard's refusal, a blank reason, or whoever is to take it over is the one who has left or can work nothing.
    pub fn reassign(
        self,
        to: &Self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<(Change<Self>, HandOver), Refusal> {
        self.may(Verb::Reassign, facts, by)?;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", &reason));
        let roles = to.roles_on(facts.today);
        if !works(&to.asked_on(facts.today)) {
            faults.push(Fault::new("/to_id", "cannot_work", "must be a member whose roles let records be worked"));
        }
        faults.refuse()?;
        let (from, to) = (MemberId(self.head.id), MemberId(to.head.id));
        let noted = Change::of(self.clone(), self, "work_reassigned", at).because(reason.clone());
        Ok((noted, HandOver { from, to, roles, reason }))
    }

    /// Notes that a refresh token of this member was used twice, for which its session was ended: two hold it, and one
    /// of them should not [RFC 9700, 4.14.2]. Nobody says so; the program sees it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn note_token_reuse(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        if !matches!(by.identity, Identity::System { .. }) {
            return Err(Refusal::Forbidden);
        }
        let reason = "a refresh token was used twice: its session was ended".to_owned();
        Ok(Change::of(self.clone(), self, "token_reused", at).because(reason))
    }

    /// Makes the member's calendar link; the one before is dead.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn open_calendar_link(
        self,
        link: &CalendarLink,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::OpenCalendarLink, facts, by)?;
        let after = Self { calendar_hash: Some(link.hash()), ..self.clone() };
        Ok(Change::of(self, after, "calendar_link_opened", at))
    }

    /// Closes the member's calendar link.
    ///
    /// # Errors
    /// The guard's refusal, or there is none.
    pub fn close_calendar_link(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::CloseCalendarLink, facts, by)?;
        let after = Self { calendar_hash: None, ..self.clone() };
        Ok(Change::of(self, after, "calendar_link_closed", at))
    }

    fn is_not_the_last_admin(&self, facts: &Facts) -> Result<(), Refusal> {
        if self.is_lasting_admin() && facts.admins <= 1 {
            let reason = Reason::new("last_admin", "an organisation keeps at least one admin: make another one first");
            return Err(Refusal::State(vec![reason]));
        }
        Ok(())
    }
}

fn some_roles(roles: &[Role]) -> Result<Vec<Role>, Fault> {
    let held: Vec<Role> = Role::VARIANTS.iter().copied().filter(|role| roles.contains(role)).collect();
    if held.is_empty() {
        return Err(Fault::new("/roles", "length", "must name at least one role"));
    }
    if held.len() != roles.len() {
        return Err(Fault::new("/roles", "duplicate", "must name each role once"));
    }
    Ok(held)
}
