//! Who acts, and for whom else.

use super::{Cell, Permission, Role, Withheld, cell};
use crate::id::{ApiKeyId, AuditId, MemberId, OrganisationId};
use crate::reference::Prefix;
use strum::VariantArray;
use uuid::Uuid;

/// What may be done by somebody of whom nothing is known.
const ANONYMOUS: [Permission; 2] = [Permission::FileReport, Permission::AnswerReport];

/// Who acts: known from the session or the key, never from a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The tenant in which the actor acts.
    pub organisation: OrganisationId,
    /// Which kind of caller.
    pub identity: Identity,
}

/// The kinds of caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A person, with the roles held now.
    Member {
        /// Who.
        id: MemberId,
        /// The roles held at this moment.
        roles: Vec<Role>,
        /// For whom else this one stands, and how far the roles reach.
        standing: Standing,
    },
    /// A machine. Its scopes are permissions, and never a decision.
    ApiKey {
        /// Which key.
        id: ApiKeyId,
        /// What it may do.
        scopes: Vec<Permission>,
        /// Every record that is restricted: nobody names a machine as a reader.
        withheld: Withheld,
    },
    /// The program itself.
    System {
        /// The worker's name.
        worker: &'static str,
    },
    /// Somebody who came through the public report link, and of whom nothing is known.
    Anonymous,
}

/// For whom else a member stands, and how far the member's roles reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// For whom the member stands in today.
    pub principals: Vec<Principal>,
    /// Whom the member counts as, beside themselves, wherever duties are kept apart: whoever has delegated to the member or
    /// stood in for the member, today or within a year.
    pub counts_as: Vec<MemberId>,
    /// On whose behalf this call is made.
    pub on_behalf_of: Option<Principal>,
    /// The audits to which the role `auditor` is limited; `None` where it is not.
    pub audits: Option<Vec<AuditId>>,
    /// The records that are restricted to others. What one is named for as a reader is not lent.
    pub withheld: Withheld,
}

/// Whoever has delegated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub member: MemberId,
    /// The roles held at this moment.
    pub roles: Vec<Role>,
    /// The audits to which the principal's role `auditor` is limited; `None` where it is not.
    pub audits: Option<Vec<AuditId>>,
}

impl Principal {
    /// What a call on this one's behalf may: what is the principal's own, and never a decision.
    fn lends(&self, permission: Permission) -> Cell {
        match strongest(&self.roles, self.audits.is_some(), permission) {
            Cell::Yes | Cell::Own if is_delegable(permission) => Cell::Own,
            Cell::Yes | Cell::Own | Cell::No => Cell::No,
        }
    }
}

/// The strongest cell that any of the roles grants to somebody who is, or is not, engaged for some audits alone.
fn strongest(roles: &[Role], is_engaged: bool, permission: Permission) -> Cell {
    let grants = |role: &Role| match role {
        Role::Auditor if is_engaged => engaged(permission),
        Role::Admin | Role::IsmsManager | Role::Management | Role::Auditor | Role::Member | Role::ExternalAuditor => {
            cell(*role, permission)
        }
    };
    roles.iter().map(grants).max_by_key(|cell| *cell as u8).unwrap_or(Cell::No)
}

/// Whether somebody else can do it for whoever may do it to what is their own. A decision is never `own` in the table; and
/// what is personal stays so: what one has reported, answers and learns, and what one takes back.
#[must_use]
pub fn is_delegable(permission: Permission) -> bool {
    use Permission as P;
    let personal = matches!(permission, P::ReadReports | P::AnswerReport | P::RecordTraining | P::WithdrawAnnotation);
    !personal && Role::VARIANTS.iter().any(|role| cell(*role, permission) == Cell::Own)
}

/// What an auditor may who is engaged for some audits: works these, and reads them. All else the role would give is not
/// given; whoever is to read more, or to report, holds another role beside it. What is `own` to one who does not is told
/// by [`Actor::reaches`].
fn engaged(permission: Permission) -> Cell {
    use Permission as P;
    if matches!(permission, P::ReadRecords | P::Annotate | P::AttachEvidence | P::ConductAudit) {
        Cell::Own
    } else if permission == P::ReadMembers {
        Cell::Yes
    } else {
        Cell::No
    }
}

impl Actor {
    /// The member, when a person acts.
    #[must_use]
    pub fn member(&self) -> Option<MemberId> {
        match &self.identity {
            Identity::Member { id, .. } => Some(*id),
            Identity::ApiKey { .. } | Identity::System { .. } | Identity::Anonymous => None,
        }
    }

    /// Whose own work it is about: the principal's where the call is made on somebody's behalf.
    #[must_use]
    pub fn principal(&self) -> Option<MemberId> {
        self.on_behalf_of().or(self.member())
    }

    /// On whose behalf the call is made, where it is.
    #[must_use]
    pub fn on_behalf_of(&self) -> Option<MemberId> {
        match &self.identity {
            Identity::Member { standing, .. } => standing.on_behalf_of.as_ref().map(|principal| principal.member),
            Identity::ApiKey { .. } | Identity::System { .. } | Identity::Anonymous => None,
        }
    }

    /// Those for whom the member stands in today; nobody where the call is made on one's behalf already.
    pub fn stands_in_for(&self) -> impl Iterator<Item = MemberId> {
        let principals = match &self.identity {
            Identity::Member { standing, .. } if standing.on_behalf_of.is_none() => standing.principals.as_slice(),
            Identity::Member { .. } | Identity::ApiKey { .. } | Identity::System { .. } | Identity::Anonymous => &[],
        };
        principals.iter().map(|principal| principal.member)
    }

    /// The same actor, on behalf of one for whom the member stands in today; `None` of anybody else.
    #[must_use]
    pub fn acting_for(&self, principal: MemberId) -> Option<Self> {
        let Identity::Member { id, roles, standing } = &self.identity else { return None };
        let found = standing.principals.iter().find(|one| one.member == principal)?.clone();
        // As far as the principal's own roles reach, and no further.
        let standing = Standing { audits: found.audits.clone(), on_behalf_of: Some(found), ..standing.clone() };
        let identity = Identity::Member { id: *id, roles: roles.clone(), standing };
        Some(Self { organisation: self.organisation, identity })
    }

    /// Everybody as whom the member counts where duties are kept apart; nobody where no person acts.
    pub fn persons(&self) -> impl Iterator<Item = MemberId> {
        let (me, others) = match &self.identity {
            Identity::Member { id, standing, .. } => (Some(*id), standing.counts_as.as_slice()),
            Identity::ApiKey { .. } | Identity::System { .. } | Identity::Anonymous => (None, [].as_slice()),
        };
        me.into_iter().chain(others.iter().copied())
    }

    /// How any of those as whom the member counts is not free to judge.
    pub(crate) fn breach(&self, breach: impl FnMut(MemberId) -> Option<&'static str>) -> Option<&'static str> {
        self.persons().find_map(breach)
    }

    /// The audits for which the member, or whoever the call is made for, is engaged: beside them the role `auditor` gives
    /// nothing.
    #[must_use]
    pub fn engaged_for(&self) -> Option<&[AuditId]> {
        match &self.identity {
            Identity::Member { standing, .. } => standing.audits.as_deref(),
            Identity::ApiKey { .. } | Identity::System { .. } | Identity::Anonymous => None,
        }
    }

    /// Whether records of this kind can be the actor's own at all. An auditor who is engaged for some audits and holds no
    /// other role sees these, their findings and what is said about them, even of what names the auditor elsewhere.
    #[must_use]
    pub fn reaches(&self, kind: Prefix) -> bool {
        let (roles, audits) = match &self.identity {
            Identity::Member { standing: Standing { on_behalf_of: Some(principal), .. }, .. } => {
                (&principal.roles, &principal.audits)
            }
            Identity::Member { roles, standing, .. } => (roles, &standing.audits),
            Identity::ApiKey { .. } | Identity::System { .. } | Identity::Anonymous => return true,
        };
        let is_guest = audits.is_some() && roles.iter().all(|role| *role == Role::Auditor);
        let is_of_audits = matches!(kind, Prefix::Audit | Prefix::Finding);
        let is_said_of_them = matches!(kind, Prefix::Comment | Prefix::Tag | Prefix::Link | Prefix::Evidence);
        !is_guest || is_of_audits || is_said_of_them || matches!(kind, Prefix::Member | Prefix::Settings)
    }

    /// The roles by which an audience counts the member: an auditor who is engaged for some audits is asked nothing as such.
    #[must_use]
    pub fn asked_as(&self) -> Vec<Role> {
        match &self.identity {
            Identity::Member { roles, standing, .. } => {
                roles.iter().copied().filter(|role| *role != Role::Auditor || standing.audits.is_none()).collect()
            }
            Identity::ApiKey { .. } | Identity::System { .. } | Identity::Anonymous => Vec::new(),
        }
    }

    /// What is kept from the actor, because it is restricted to others; `None` where nothing is.
    #[must_use]
    pub fn withheld(&self) -> Option<&Withheld> {
        let withheld = match &self.identity {
            Identity::Member { standing: Standing { withheld, .. }, .. } | Identity::ApiKey { withheld, .. } => {
                withheld
            }
            // The program looks after what is restricted, too; whoever is nobody reads nothing.
            Identity::System { .. } | Identity::Anonymous => return None,
        };
        (!withheld.is_empty()).then_some(withheld)
    }

    /// Whether the record of this id is kept from the actor.
    #[must_use]
    pub fn is_kept_from(&self, record: Uuid) -> bool {
        self.withheld().is_some_and(|withheld| withheld.has(record))
    }

    /// The same actor, from whom this is kept.
    #[must_use]
    pub fn without(mut self, kept: Withheld) -> Self {
        match &mut self.identity {
            Identity::Member { standing: Standing { withheld, .. }, .. } | Identity::ApiKey { withheld, .. } => {
                *withheld = kept;
            }
            Identity::System { .. } | Identity::Anonymous => {}
        }
        self
    }

    /// The strongest cell that any of the actor's roles grants; on somebody's behalf, what that one's own work takes.
    #[must_use]
    pub fn cell(&self, permission: Permission) -> Cell {
        match &self.identity {
            Identity::Member { roles, standing, .. } => match &standing.on_behalf_of {
                Some(principal) => principal.lends(permission),
                None => strongest(roles, standing.audits.is_some(), permission),
            },
            Identity::ApiKey { scopes, .. } if scopes.contains(&permission) => Cell::Yes,
            Identity::ApiKey { .. } => Cell::No,
            Identity::System { .. } => Cell::Yes,
            Identity::Anonymous if ANONYMOUS.contains(&permission) => Cell::Yes,
            Identity::Anonymous => Cell::No,
        }
    }

    /// Whether the actor may, on a record that is (or is not) the actor's own.
    #[must_use]
    pub fn may(&self, permission: Permission, own: bool) -> bool {
        match self.cell(permission) {
            Cell::Yes => true,
            Cell::Own => own,
            Cell::No => false,
        }
    }
}
