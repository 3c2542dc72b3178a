//! By whom members were to be known: tried with the provider of a supplier, and put off.

use super::people::TOMAS;
use super::{Story, save};
use ratchet_domain::access::Role;
use ratchet_domain::change::Record;
use ratchet_domain::identity_providers::{IdentityProvider, IdentityProviderDraft, RoleRule, Terms};

pub(super) fn add(story: &mut Story) {
    story.step((90, 10), TOMAS, |tx, names| {
        let rule = |value: &str, roles: &[Role]| RoleRule { value: value.to_owned(), roles: roles.to_vec() };
        let terms = Terms {
            name: "Harbour login".to_owned(),
            issuer: "https://login.harbour.example".to_owned(),
            client_ids: vec!["ratchet-web".to_owned()],
            roles_claim: Some("groups".to_owned()),
            role_rules: vec![rule("isms-managers", &[Role::IsmsManager]), rule("board", &[Role::Management])],
            default_roles: vec![Role::Member],
            email_claim: "email".to_owned(),
            verified_claim: "email_verified".to_owned(),
            name_claim: "name".to_owned(),
            email_domains: vec!["harbour.example".to_owned()],
            just_in_time: true,
            link_by_email: true,
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(IdentityProvider::PREFIX)?);
        let draft = IdentityProviderDraft { terms, lacking: Vec::new(), kept: 0 };
        names.call("Harbour login", save(IdentityProvider::register(draft, &by, birth)?, tx)?);
        Ok(())
    });
    story.change((60, 16), TOMAS, "Harbour login", |provider: IdentityProvider, (), by, at| {
        provider.pause("The supplier has not yet put everybody into their groups".to_owned(), by, at)
    });
}
