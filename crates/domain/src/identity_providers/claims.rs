//! What the claims of a token say of a person: the roles, the address, the name.

use super::Terms;
use crate::access::Role;
use crate::refusal::Reason;
use crate::text;
use serde_json::Value;
use strum::VariantArray;

/// A claim by its name; one that begins with a slash is a JSON Pointer (RFC 6901).
fn claim<'a>(claims: &'a Value, named: &str) -> Option<&'a Value> {
    if named.starts_with('/') { claims.pointer(named) } else { claims.get(named) }
}

/// The texts of a claim that is one, or a list of some.
fn texts(claim: &Value) -> Vec<&str> {
    match claim {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

impl Terms {
    /// The roles that the claims say; `None` where the provider is not asked for roles.
    ///
    /// # Errors
    /// Why whoever has such claims is not let in.
    pub fn roles_of(&self, claims: &Value) -> Result<Option<Vec<Role>>, Reason> {
        let Some(named) = &self.roles_claim else { return Ok(None) };
        let found = claim(claims, named);
        // Whoever has more groups than a token holds is told where they could be asked for (Entra ID): not that there are none.
        if found.is_none() && claims.get("_claim_names").is_some_and(|names| names.get(named).is_some()) {
            let detail = "the identity provider has left the roles out of the token, because they are too many: let it \
                          send only those groups that are assigned to the application, or roles of the application";
            return Err(Reason::new("roles_left_out", detail));
        }
        let values = found.map(texts).unwrap_or_default();
        let is_given = |role: &&Role| {
            self.role_rules.iter().any(|rule| values.contains(&rule.value.as_str()) && rule.roles.contains(role))
        };
        let mapped: Vec<Role> = Role::VARIANTS.iter().filter(is_given).copied().collect();
        let roles = if mapped.is_empty() { self.usual_roles() } else { mapped };
        if roles.is_empty() {
            return Err(Reason::new("no_role", "nothing that the identity provider says gives a role here"));
        }
        Ok(Some(roles))
    }

    /// The roles of whoever is given none.
    fn usual_roles(&self) -> Vec<Role> {
        Role::VARIANTS.iter().copied().filter(|role| self.default_roles.contains(role)).collect()
    }

    /// The roles with which somebody becomes a member.
    ///
    /// # Errors
    /// There is none.
    pub fn first_roles_of(&self, claims: &Value) -> Result<Vec<Role>, Reason> {
        let roles = self.roles_of(claims)?.unwrap_or_else(|| self.usual_roles());
        if roles.is_empty() {
            return Err(Reason::new("no_role", "the identity provider gives no role, and there is none by default"));
        }
        Ok(roles)
    }

    /// The address, in lower case: verified by the provider, and of a domain that is let in.
    ///
    /// # Errors
    /// Why whoever has such claims is not let in.
    pub fn address_of(&self, claims: &Value) -> Result<String, Reason> {
        let said = claim(claims, &self.email_claim).and_then(Value::as_str);
        let Some(address) = said.and_then(|said| text::email("", said).ok()) else {
            let detail = format!("the token says no e-mail address: the claim {} is asked for it", self.email_claim);
            return Err(Reason::new("no_address", detail));
        };
        // Some write it as a text, or as a number.
        let is_verified = claim(claims, &self.verified_claim)
            .is_some_and(|said| *said == Value::Bool(true) || *said == "true" || *said == 1 || *said == "1");
        if !is_verified {
            let detail = format!("the address is not verified: the claim {} does not say so", self.verified_claim);
            return Err(Reason::new("not_verified", detail));
        }
        let domain = address.split_once('@').map_or("", |(_, domain)| domain);
        if !self.email_domains.is_empty() && !self.email_domains.iter().any(|known| known == domain) {
            return Err(Reason::new("other_domain", "the address is of a domain that is not let in"));
        }
        Ok(address)
    }

    /// The name; of whoever has none that can be taken, the address.
    #[must_use]
    pub fn name_of(&self, claims: &Value, address: &str) -> String {
        let said = claim(claims, &self.name_claim).and_then(Value::as_str);
        said.filter(|name| text::title("", name).is_ok() && text::forbidden_character("", name).is_none())
            .unwrap_or(address)
            .to_owned()
    }
}
