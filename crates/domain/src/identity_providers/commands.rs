//! The verbs and the amendment.

use super::{IdentityProvider, RoleRule, Stage, Verb};
use crate::access::{Actor, Role};
use crate::change::{Change, Lifecycle};
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, Utc};

/// What a PATCH may say: `None` is "leave as it is". The issuer stays: under another one the same names are other people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Terms` say it")]
pub struct Amendment {
    pub name: Option<String>,
    pub client_ids: Option<Vec<String>>,
    pub roles_claim: Option<Option<String>>,
    pub role_rules: Option<Vec<RoleRule>>,
    pub default_roles: Option<Vec<Role>>,
    pub email_claim: Option<String>,
    pub verified_claim: Option<String>,
    pub name_claim: Option<String>,
    pub email_domains: Option<Vec<String>>,
    pub just_in_time: Option<bool>,
    pub link_by_email: Option<bool>,
}

impl IdentityProvider {
    /// Changes what it is: it holds for whoever signs in from now on.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment {
            name,
            client_ids,
            roles_claim,
            role_rules,
            default_roles,
            email_claim,
            verified_claim,
            name_claim,
            email_domains,
            just_in_time,
            link_by_email,
        } = input;
        let mut after = self.clone();
        let terms = &mut after.terms;
        take(name, &mut terms.name);
        take(client_ids, &mut terms.client_ids);
        take(roles_claim, &mut terms.roles_claim);
        take(role_rules, &mut terms.role_rules);
        take(default_roles, &mut terms.default_roles);
        take(email_claim, &mut terms.email_claim);
        take(verified_claim, &mut terms.verified_claim);
        take(name_claim, &mut terms.name_claim);
        take(email_domains, &mut terms.email_domains);
        take(just_in_time, &mut terms.just_in_time);
        take(link_by_email, &mut terms.link_by_email);
        terms.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Nobody signs in by it until it is resumed. Sessions that are open stay open.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn pause(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Pause, &(), by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Paused { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "paused", at).because(reason))
    }

    /// People sign in by it again.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn resume(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Resume, &(), by)?;
        let after = Self { stage: Stage::Active, ..self.clone() };
        Ok(Change::of(self, after, "resumed", at))
    }

    /// Nobody signs in by it any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, &(), by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Retired { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }
}

fn take<T>(given: Option<T>, into: &mut T) {
    if let Some(given) = given {
        *into = given;
    }
}
