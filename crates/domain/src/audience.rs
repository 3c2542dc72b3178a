//! Whom something is for: a course that must be taken, a document that must be read.

use crate::access::{Cell, Permission, Role, cell};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults};
use serde::{Deserialize, Serialize};

/// At most so many members are named one by one; whoever means more means a role.
pub const MEMBERS: usize = 1_000;

/// Whom something is for. Whoever joins, or comes to hold a role, belongs to it from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Audience {
    /// Every member; but for those who only look in from outside.
    All {},
    /// Whoever holds one of these roles.
    Roles {
        /// At least one, each once.
        roles: Vec<Role>,
    },
    /// These members.
    Members {
        /// At least one, at most 1,000, each once.
        members: Vec<MemberId>,
    },
}

impl Audience {
    /// Whether a member with these roles belongs to it. Who could not do what is asked is never asked.
    #[must_use]
    pub fn includes(&self, member: MemberId, held: &[Role], asked: Permission) -> bool {
        held.iter().any(|role| cell(*role, asked) != Cell::No)
            && match self {
                Self::All {} => true,
                Self::Roles { roles } => roles.iter().any(|role| held.contains(role)),
                Self::Members { members } => members.contains(&member),
            }
    }

    /// The members that it names; that they exist is the caller's to check.
    #[must_use]
    pub fn named(&self) -> &[MemberId] {
        match self {
            Self::All {} | Self::Roles { .. } => &[],
            Self::Members { members } => members,
        }
    }

    /// Keeps every fault of what it names.
    pub fn check(&self, pointer: &str, faults: &mut Faults) {
        match self {
            Self::All {} => {}
            Self::Roles { roles } => some_once(&format!("{pointer}/roles"), roles, usize::MAX, faults),
            Self::Members { members } => some_once(&format!("{pointer}/members"), members, MEMBERS, faults),
        }
    }
}

/// Notes a list that names none, more than `limit`, or one twice.
pub fn some_once<T: PartialEq>(pointer: &str, named: &[T], limit: usize, faults: &mut Faults) {
    if named.is_empty() {
        faults.push(Fault::new(pointer, "length", "must name at least one"));
    } else if named.len() > limit {
        faults.push(Fault::new(pointer, "length", format!("must name at most {limit}")));
    }
    for (index, one) in named.iter().enumerate().take(limit) {
        if named.iter().take(index).any(|earlier| earlier == one) {
            faults.push(Fault::new(format!("{pointer}/{index}"), "duplicate", "must be named once"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::member;
    use crate::refusal::Refusal;

    #[test]
    fn who_belongs_to_it() {
        let auditors = Audience::Roles { roles: vec![Role::Auditor, Role::Management] };
        let named = Audience::Members { members: vec![member(3)] };
        for (audience, who, roles, belongs) in [
            (&Audience::All {}, 1, &[Role::Member][..], true),
            (&auditors, 1, &[Role::Member, Role::Auditor], true),
            (&auditors, 1, &[Role::Member], false),
            (&Audience::All {}, 1, &[Role::ExternalAuditor], false),
            (&named, 3, &[Role::Member], true),
            (&named, 4, &[Role::Member], false),
        ] {
            assert_eq!(
                audience.includes(member(who), roles, Permission::RecordTraining),
                belongs,
                "{audience:?} {who}"
            );
        }
    }

    #[test]
    fn it_names_some_and_each_once() {
        let faults = |audience: &Audience| {
            let mut faults = Faults::default();
            audience.check("/audience", &mut faults);
            match faults.refuse() {
                Err(Refusal::Invalid(faults)) => {
                    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
                }
                Ok(()) | Err(_) => Vec::new(),
            }
        };
        assert!(faults(&Audience::All {}).is_empty());
        assert_eq!(faults(&Audience::Roles { roles: vec![] }), ["/audience/roles length"]);
        let twice = Audience::Roles { roles: vec![Role::Member, Role::Member] };
        assert_eq!(faults(&twice), ["/audience/roles/1 duplicate"]);
        let many = Audience::Members { members: (0..=1_000).map(member).collect() };
        assert_eq!(faults(&many), ["/audience/members length"]);
    }
}
