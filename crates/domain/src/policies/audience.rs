//! Whom a policy binds, and until when each of them is to acknowledge it [5.2 f, 7.3 a].

use super::Policy;
use crate::access::{Permission, Role};
use crate::approval::Content;
use crate::audience::Audience;
use crate::id::MemberId;
use chrono::{Days, NaiveDate};

/// That somebody is asked to acknowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Since when: the publication, or the day of joining where that was later.
    pub on: NaiveDate,
    /// The last day on which an acknowledgement is in time.
    pub due_on: NaiveDate,
}

/// Whom a policy binds is approved with it.
pub(super) fn approved_with(audience: &Audience, content: Content) -> Content {
    match audience {
        Audience::All {} => content.with("audience", "all"),
        Audience::Roles { roles } => content.with_each("audience_role", roles.iter().map(|role| <&str>::from(*role))),
        Audience::Members { members } => content.with_each("audience_member", members.iter().map(ToString::to_string)),
    }
}

impl Policy {
    /// What is asked of a member who joined on a day; `None` of whom nothing is asked now.
    #[must_use]
    pub fn asks(&self, member: MemberId, roles: &[Role], joined_on: NaiveDate) -> Option<Asked> {
        let current =
            self.in_force().filter(|_| self.audience.includes(member, roles, Permission::AcknowledgePolicy))?;
        let on = current.published_on.max(joined_on);
        let days = Days::new(u64::from(self.acknowledge_within_days));
        Some(Asked { on, due_on: on.checked_add_days(days).unwrap_or(NaiveDate::MAX) })
    }
}
