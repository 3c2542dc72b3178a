//! Identity providers: OpenID Connect issuers that say who members are. Nothing of them is secret: what they say is signed, and
//! by which keys is read where they publish it.

mod claims;
mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;

pub use commands::Amendment;
pub use lifecycle::{StageName, Verb, edge};
pub use tokens::{AGE, Accepted, LEEWAY, LONGEST};

use crate::access::{Actor, Permission, Role};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::webhook_endpoints::Destination;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use url::Url;

/// Providers of one organisation that are not retired, at most.
pub const KEPT: i64 = 10;
/// Characters of an issuer's address, at most.
pub const ISSUER: usize = 500;
/// Clients of one provider, at most.
pub const CLIENTS: usize = 10;
/// Rules by which a claim's values are roles, at most.
pub const RULES: usize = 100;
/// Domains to which addresses are limited, at most.
pub const DOMAINS: usize = 50;

/// The roles of whoever has a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRule {
    /// What the claim, or one of its items, is.
    pub value: String,
    /// The roles of whoever has it.
    pub roles: Vec<Role>,
}

/// What it is, beside where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How people call it.
    pub name: String,
    /// As whom it signs (`iss`): compared character by character.
    pub issuer: String,
    /// For whom tokens must be meant (`aud`): the clients of the organisation's frontends.
    pub client_ids: Vec<String>,
    /// The claim that says the roles: its name, or a JSON Pointer. Without one roles are members' own, and not the provider's.
    pub roles_claim: Option<String>,
    /// What its values mean.
    pub role_rules: Vec<RoleRule>,
    /// The roles of whoever has none of the values; whoever has none at all is not let in.
    pub default_roles: Vec<Role>,
    /// The claim that says the e-mail address.
    pub email_claim: String,
    /// The claim that says that the provider has verified it.
    pub verified_claim: String,
    /// The claim that says the name.
    pub name_claim: String,
    /// Domains of the addresses of whoever comes for the first time; any where there is none.
    pub email_domains: Vec<String>,
    /// Whether whoever comes for the first time and is no member becomes one.
    pub just_in_time: bool,
    /// Whether whoever comes for the first time with a member's verified address is that member.
    pub link_by_email: bool,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// People sign in by it.
    Active,
    /// Nobody does for the time being.
    Paused {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Nobody does any more.
    Retired {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProvider {
    /// Identity and version.
    pub head: Head,
    /// What it is.
    pub terms: Terms,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProviderDraft {
    /// What it is.
    pub terms: Terms,
    /// What was missing where the issuer publishes who it is; nothing where all was found.
    pub lacking: Vec<Fault>,
    /// How many providers of the organisation are not retired.
    pub kept: i64,
}

impl Record for IdentityProvider {
    const PREFIX: Prefix = Prefix::IdentityProvider;
    const MAKING: Permission = Permission::AdministerOrganisation;
    const READING: Permission = Permission::AdministerOrganisation;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn title(&self) -> Option<&str> {
        Some(&self.terms.name)
    }
}

impl IdentityProvider {
    /// Registers a provider, by which people sign in from now on.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], every fault of the draft, what is missing at the issuer, or as many as can be are there.
    pub fn register(draft: IdentityProviderDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let IdentityProviderDraft { terms, lacking, kept } = draft;
        let mut faults = terms.faults();
        lacking.into_iter().for_each(|fault| faults.push(fault));
        faults.refuse()?;
        if kept >= KEPT {
            let detail = format!("{KEPT} identity providers are there already: retire what is not needed any more");
            return Err(Refusal::state("too_many", detail));
        }
        let provider = Self { head: Head::born(by, birth), terms, stage: Stage::Active };
        Ok(Change::born(provider, "registered"))
    }
}

impl Terms {
    /// Every fault of what people write.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let Self {
            name,
            issuer,
            client_ids,
            roles_claim,
            role_rules,
            default_roles,
            email_claim,
            verified_claim,
            name_claim,
            email_domains,
            just_in_time: _,
            link_by_email: _,
        } = self;
        let mut faults = Faults::default();
        faults.keep(text::title("/name", name));
        faults.keep(check_issuer(issuer));
        each("/client_ids", client_ids, 1..=CLIENTS, &mut faults, |pointer, one| text::title(pointer, one).map(drop));
        if let Some(claim) = roles_claim {
            faults.keep(check_claim("/roles_claim", claim));
        } else if !role_rules.is_empty() {
            let detail = "must be empty where no claim says the roles: name it in roles_claim";
            faults.push(Fault::new("/role_rules", "not_expected", detail));
        }
        check_rules(role_rules, &mut faults);
        check_roles("/default_roles", default_roles, &mut faults);
        let named = [("/email_claim", email_claim), ("/verified_claim", verified_claim), ("/name_claim", name_claim)];
        for (pointer, claim) in named {
            faults.keep(check_claim(pointer, claim));
        }
        each("/email_domains", email_domains, 0..=DOMAINS, &mut faults, check_domain);
        faults
    }
}

fn check_issuer(issuer: &str) -> Result<(), Fault> {
    let told = |fault: Fault| Fault { pointer: "/issuer".to_owned(), ..fault };
    if issuer.chars().count() > ISSUER {
        return Err(Fault::new("/issuer", "length", format!("must have at most {ISSUER} characters")));
    }
    Destination::parse(issuer).map_err(told)?;
    if Url::parse(issuer).is_ok_and(|parsed| parsed.query().is_some()) {
        return Err(Fault::new("/issuer", "query", "must have no query (OpenID Connect Discovery, section 3)"));
    }
    Ok(())
}

fn check_claim(pointer: &str, claim: &str) -> Result<(), Fault> {
    text::title(pointer, claim).map(drop)
}

fn check_domain(pointer: &str, domain: &str) -> Result<(), Fault> {
    let is_good = text::email("", &format!("a@{domain}")).is_ok_and(|address| address == format!("a@{domain}"));
    if is_good && domain.contains('.') {
        return Ok(());
    }
    Err(Fault::new(pointer, "malformed", "must be a domain in lower case, such as example.org"))
}

fn check_rules(rules: &[RoleRule], faults: &mut Faults) {
    if rules.len() > RULES {
        faults.push(Fault::new("/role_rules", "length", format!("must have at most {RULES} rules")));
    }
    for (index, RoleRule { value, roles }) in rules.iter().enumerate().take(RULES) {
        let pointer = |member: &str| format!("/role_rules/{index}{member}");
        faults.keep(text::title(&pointer("/value"), value));
        if rules.iter().take(index).any(|earlier| earlier.value == *value) {
            faults.push(Fault::new(pointer("/value"), "duplicate", "must be named once"));
        }
        if roles.is_empty() {
            faults.push(Fault::new(pointer("/roles"), "length", "must name at least one role"));
        }
        check_roles(&pointer("/roles"), roles, faults);
    }
}

fn check_roles(pointer: &str, roles: &[Role], faults: &mut Faults) {
    if Role::VARIANTS.iter().any(|role| roles.iter().filter(|held| *held == role).count() > 1) {
        faults.push(Fault::new(pointer, "duplicate", "must name each role once"));
    }
}

/// So many of something, each good and named once.
fn each(
    pointer: &str,
    all: &[String],
    count: std::ops::RangeInclusive<usize>,
    faults: &mut Faults,
    check: impl Fn(&str, &str) -> Result<(), Fault>,
) {
    if !count.contains(&all.len()) {
        let detail = format!("must have {} to {} items", count.start(), count.end());
        faults.push(Fault::new(pointer, "length", detail));
    }
    for (index, one) in all.iter().enumerate().take(*count.end()) {
        let at = format!("{pointer}/{index}");
        if all.iter().take(index).any(|earlier| earlier == one) {
            faults.push(Fault::new(at, "duplicate", "must be named once"));
        } else {
            faults.keep(check(&at, one));
        }
    }
}
