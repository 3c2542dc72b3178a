//! Who works at Harbour Robotics.

use super::Names;
use crate::commands::people::context;
use crate::settings::Fault;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, OrganisationId};
use ratchet_domain::members::{Member, MemberDraft};
use ratchet_http::app::Source;
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;
use ratchet_persistence::{accounts, organisations};

/// Everybody's password: it is printed, and the organisation is a sample.
pub(crate) const PASSWORD: &str = "harbour robotics";

/// Somebody of the sample organisation.
pub(crate) struct Person {
    pub name: &'static str,
    pub email: &'static str,
    pub unit: &'static str,
    pub roles: &'static [Role],
}

pub(crate) const MARA: &str = "Mara Lindqvist";
pub(crate) const TOMAS: &str = "Tomás Ferreira";
pub(crate) const INES: &str = "Inès Moreau";
pub(crate) const ADEYEMI: &str = "Adeyemi Okafor";
pub(crate) const YUKI: &str = "Yuki Tanaka";
pub(crate) const PAVEL: &str = "Pavel Novák";
pub(crate) const SOFIA: &str = "Sofia Rossi";
pub(crate) const GRETA: &str = "Greta Holm";

/// Everybody, one at least for each role.
pub(crate) const PEOPLE: [Person; 8] = [
    Person { name: MARA, email: "mara@harbour.example", unit: "Management system", roles: &[Role::IsmsManager] },
    Person { name: TOMAS, email: "tomas@harbour.example", unit: "IT", roles: &[Role::Admin] },
    Person { name: INES, email: "ines@harbour.example", unit: "Board", roles: &[Role::Management] },
    Person { name: ADEYEMI, email: "adeyemi@harbour.example", unit: "Internal audit", roles: &[Role::Auditor] },
    Person { name: YUKI, email: "yuki@harbour.example", unit: "IT", roles: &[Role::Member] },
    Person { name: PAVEL, email: "pavel@harbour.example", unit: "Engineering", roles: &[Role::Member] },
    Person { name: SOFIA, email: "sofia@harbour.example", unit: "Management system", roles: &[Role::IsmsManager] },
    Person { name: GRETA, email: "greta@certifier.example", unit: "Certifier", roles: &[Role::ExternalAuditor] },
];

/// Founds the organisation ten weeks ago, with everybody in it.
pub(super) async fn found(store: &Store, source: &Source, organisation: OrganisationId) -> Result<Names, Fault> {
    let hash = ratchet_http::hash_password(PASSWORD)?;
    let mut context = context(organisation, "setup", source);
    let founded_at = (context.now)() - TimeDelta::days(72);
    context.now = Box::new(move || founded_at);
    let founded = store.write(context, move |tx| {
        organisations::found("Harbour Robotics", tx)?;
        let (by, now) = (tx.actor().clone(), tx.now());
        let mut names = Names::default();
        for Person { name, email, unit, roles } in &PEOPLE {
            let account = AccountId(tx.next_id());
            accounts::insert(account, by.organisation, (email, &hash), now, tx.connection())?;
            let birth = tx.birth(Member::PREFIX)?;
            let draft = MemberDraft {
                account,
                name: (*name).to_owned(),
                unit: Some((*unit).to_owned()),
                roles: roles.to_vec(),
            };
            names.call(name, super::save(Member::enrol(draft, &by, birth)?, tx)?);
        }
        Ok::<_, Error>(names)
    });
    founded.await.map_err(|error| format!("the sample organisation: {error:?}"))
}
