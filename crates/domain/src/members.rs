//! Members: a person in one organisation, with the roles held there.

use crate::access::{Actor, Identity, Permission, Role, administers};
use crate::calendar::CalendarLink;
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::id::AccountId;
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use crate::work::Wake;
use chrono::{DateTime, Utc};
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
    /// Active members that hold `admin`, this one included.
    pub admins: i64,
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

    fn is_own(&self, by: &Actor) -> bool {
        by.member().is_some_and(|me| me.0 == self.head.id)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.name)
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
    /// Make the link under which a calendar program reads what is due, or replace it.
    OpenCalendarLink,
    /// Close that link.
    CloseCalendarLink,
}

impl Lifecycle for Member {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        if self.active { "active" } else { "deactivated" }
    }

    fn knows(&self, verb: Verb) -> bool {
        match verb {
            Verb::AssignRoles | Verb::Deactivate | Verb::OpenCalendarLink | Verb::CloseCalendarLink => self.active,
        }
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        match verb {
            Verb::AssignRoles | Verb::Deactivate => administers(by)?,
            // Nobody reads another's calendar.
            Verb::OpenCalendarLink if !self.is_own(by) => return Err(Refusal::Forbidden),
            Verb::CloseCalendarLink if !self.is_own(by) => administers(by)?,
            Verb::OpenCalendarLink | Verb::CloseCalendarLink => {}
        }
        if !self.knows(verb) {
            return Err(Refusal::state("wrong_state", "the member is deactivated"));
        }
        match verb {
            Verb::AssignRoles | Verb::OpenCalendarLink => Ok(()),
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
        let MemberDraft { account, name, unit, roles } = draft;
        let mut faults = Faults::default();
        faults.keep(text::title("/name", &name));
        if let Some(unit) = &unit {
            faults.keep(text::title("/unit", unit));
        }
        let roles = faults.keep(some_roles(&roles)).unwrap_or_default();
        faults.refuse()?;
        let (head, active, calendar_hash, digest) = (Head::born(by, birth), true, None, true);
        Ok(Change::born(Self { head, account, name, unit, roles, active, calendar_hash, digest }, "enrolled"))
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

    /// Replaces the roles.
    ///
    /// # Errors
    /// The guard's refusal, no role at all, or the organisation's last admin would be gone.
    pub fn assign_roles(
        self,
        roles: &[Role],
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::AssignRoles, facts, by)?;
        if !roles.contains(&Role::Admin) {
            self.is_not_the_last_admin(facts)?;
        }
        let roles = some_roles(roles).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let after = Self { roles, ..self.clone() };
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
        if self.roles.contains(&Role::Admin) && facts.admins <= 1 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Identity;
    use crate::id::{MemberId, OrganisationId};
    use crate::reference::Reference;
    use uuid::Uuid;

    fn by(role: Role) -> Actor {
        Actor {
            organisation: OrganisationId(Uuid::nil()),
            identity: Identity::Member { id: MemberId(Uuid::nil()), roles: vec![role] },
        }
    }

    fn enrol(roles: &[Role], role: Role) -> Result<Member, Refusal> {
        let reference = Reference { prefix: Prefix::Member, year: 2026, number: 1 };
        let draft =
            MemberDraft { account: AccountId(Uuid::nil()), name: "Ada".into(), unit: None, roles: roles.to_vec() };
        Member::enrol(draft, &by(role), Birth { id: Uuid::nil(), reference, at: DateTime::UNIX_EPOCH })
            .map(Change::into_after)
    }

    #[test]
    fn only_an_admin_makes_members() {
        for role in Role::VARIANTS {
            assert_eq!(enrol(&[Role::Member], *role).is_ok(), *role == Role::Admin, "{role:?}");
        }
    }

    #[test]
    fn name_and_unit_are_amended_by_an_admin() {
        let (ada, at) = (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH);
        let unit = |unit: &str| Amendment { unit: Some(Some(unit.to_owned())), ..Amendment::default() };
        let moved = ada.clone().amend(unit("Shipyard"), &by(Role::Admin), at).unwrap();
        assert_eq!((moved.after().unit.as_deref(), moved.verb()), (Some("Shipyard"), "amended"));
        assert_eq!(ada.clone().amend(unit("Shipyard"), &by(Role::IsmsManager), at), Err(Refusal::Forbidden));
        let wrong = Amendment { name: Some(" ".into()), unit: Some(Some("a\nb".into())), digest: None };
        let Err(Refusal::Invalid(faults)) = ada.clone().amend(wrong, &by(Role::Admin), at) else { panic!("amended") };
        assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/name", "/unit"]);
        let none = Amendment { unit: Some(None), ..Amendment::default() };
        assert_eq!(moved.into_after().amend(none, &by(Role::Admin), at).unwrap().after().unit, None);
        let gone = ada.deactivate("left".into(), &Facts { admins: 2 }, &by(Role::Admin), at).unwrap().into_after();
        assert!(matches!(gone.amend(unit("Shipyard"), &by(Role::Admin), at), Err(Refusal::State(_))));
    }

    #[test]
    fn only_the_program_sees_a_token_used_twice() {
        let member = enrol(&[Role::Member], Role::Admin).unwrap();
        let at = DateTime::UNIX_EPOCH;
        assert_eq!(member.clone().note_token_reuse(&by(Role::Admin), at), Err(Refusal::Forbidden));
        let program = Actor { identity: Identity::System { worker: "sessions" }, ..by(Role::Admin) };
        let noted = member.note_token_reuse(&program, at).unwrap();
        assert_eq!((noted.action().as_str(), noted.after().head.version), ("member.token_reused", 2));
        assert!(noted.reason().unwrap().contains("ended"));
    }

    #[test]
    fn a_member_decides_about_the_own_digest_and_nothing_else() {
        let (ada, at) = (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH);
        let none = Amendment { digest: Some(false), ..Amendment::default() };
        // Everybody in these tests has the one id.
        let quiet = ada.clone().amend(none.clone(), &by(Role::Member), at).unwrap().into_after();
        assert!(ada.digest && !quiet.digest);
        let stored = serde_json::to_string(&quiet).unwrap();
        assert_eq!(serde_json::from_str::<Member>(&stored).unwrap(), quiet);
        assert!(!serde_json::to_string(&ada).unwrap().contains("digest"), "what was stored before is what it was");
        let more = Amendment { name: Some("Countess".into()), ..none.clone() };
        assert_eq!(ada.clone().amend(more, &by(Role::Member), at), Err(Refusal::Forbidden));
        let identity = Identity::Member { id: MemberId(Uuid::from_u128(9)), roles: vec![Role::IsmsManager] };
        let colleague = Actor { identity, ..by(Role::IsmsManager) };
        assert_eq!(ada.amend(none, &colleague, at), Err(Refusal::Forbidden));
    }

    #[test]
    fn roles_are_some_and_each_once() {
        for (roles, code) in [(vec![], "length"), (vec![Role::Member, Role::Member], "duplicate")] {
            let refusal = enrol(&roles, Role::Admin).unwrap_err();
            assert!(matches!(refusal, Refusal::Invalid(faults) if faults[0].code == code));
        }
        assert_eq!(enrol(&[Role::Member, Role::Admin], Role::Admin).unwrap().roles, [Role::Admin, Role::Member]);
    }

    #[test]
    fn the_last_admin_stays() {
        let (admin, at) = (enrol(&[Role::Admin], Role::Admin).unwrap(), DateTime::UNIX_EPOCH);
        let one = Facts { admins: 1 };
        let last = |refusal| matches!(refusal, Refusal::State(reasons) if reasons[0].code == "last_admin");
        let who = by(Role::Admin);
        assert!(last(admin.clone().deactivate("left".into(), &one, &who, at).unwrap_err()));
        assert!(last(admin.clone().assign_roles(&[Role::Member], &one, &who, at).unwrap_err()));
        let gone = admin.deactivate("left".into(), &Facts { admins: 2 }, &who, at).unwrap().into_after();
        assert!(!gone.active);
        assert!(gone.deactivate("again".into(), &Facts { admins: 2 }, &who, at).is_err());
    }

    #[test]
    fn a_calendar_link_is_one_s_own_and_dies_with_the_membership() {
        let (ada, at, facts) =
            (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH, Facts { admins: 2 });
        let link = |byte| CalendarLink::of(MemberId(ada.head.id), [byte; 32]);
        // Everybody in these tests has the one id, but for this admin.
        let identity = Identity::Member { id: MemberId(Uuid::from_u128(9)), roles: vec![Role::Admin] };
        let admin = Actor { identity, ..by(Role::Admin) };
        let key = Actor { identity: Identity::ApiKey { id: Uuid::nil().into(), scopes: Vec::new() }, ..admin.clone() };
        assert!(matches!(ada.clone().close_calendar_link(&facts, &admin, at), Err(Refusal::State(_))));
        for stranger in [&admin, &key] {
            assert_eq!(ada.clone().open_calendar_link(&link(1), &facts, stranger, at), Err(Refusal::Forbidden));
        }
        let opened = ada.clone().open_calendar_link(&link(1), &facts, &by(Role::Member), at).unwrap();
        assert_eq!(
            (opened.verb(), opened.after().calendar_hash.as_deref()),
            ("calendar_link_opened", Some(link(1).hash().as_str()))
        );
        let again =
            opened.into_after().open_calendar_link(&link(2), &facts, &by(Role::Member), at).unwrap().into_after();
        assert_eq!(again.calendar_hash, Some(link(2).hash()));
        assert_eq!(again.clone().close_calendar_link(&facts, &key, at), Err(Refusal::Forbidden));
        assert_eq!(again.clone().close_calendar_link(&facts, &admin, at).unwrap().after().calendar_hash, None);
        let gone = again.deactivate("left".into(), &facts, &admin, at).unwrap().into_after();
        assert_eq!(gone.calendar_hash, None);
        assert!(matches!(gone.open_calendar_link(&link(3), &facts, &by(Role::Member), at), Err(Refusal::State(_))));
    }
}
