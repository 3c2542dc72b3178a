//! Who runs the management system of Harbour Robotics, and how it was founded.

use super::Names;
use super::staff::{self, LEFT, STAYED, enrol};
use crate::commands::people::context;
use crate::settings::Fault;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::reference::Reference;
use ratchet_http::app::Source;
use ratchet_persistence::error::Error;
use ratchet_persistence::organisations;
use ratchet_persistence::store::Store;

/// Everybody's password: it is printed, and the organisation is a sample.
pub(crate) const PASSWORD: &str = "harbour robotics";
/// So many days ago it was founded.
pub(super) const FOUNDED: i64 = 732;

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
pub(crate) const JONAS: &str = "Jonas Weber";
pub(crate) const LENA: &str = "Lena Vogt";
pub(crate) const GRETA: &str = "Greta Holm";

/// One at least for each role; the last of them is not of the house.
#[rustfmt::skip]
pub(crate) const PEOPLE: [Person; 10] = [
    Person { name: MARA, email: "mara@harbour.example", unit: "Management system", roles: &[Role::IsmsManager] },
    Person { name: TOMAS, email: "tomas@harbour.example", unit: "IT", roles: &[Role::Admin] },
    Person { name: INES, email: "ines@harbour.example", unit: "Board", roles: &[Role::Management] },
    Person { name: ADEYEMI, email: "adeyemi@harbour.example", unit: "Internal audit", roles: &[Role::Auditor] },
    Person { name: YUKI, email: "yuki@harbour.example", unit: "IT", roles: &[Role::Member] },
    Person { name: PAVEL, email: "pavel@harbour.example", unit: "Engineering", roles: &[Role::Member] },
    Person { name: SOFIA, email: "sofia@harbour.example", unit: "Management system", roles: &[Role::IsmsManager] },
    Person { name: JONAS, email: "jonas@harbour.example", unit: "IT", roles: &[Role::IsmsManager] },
    Person { name: LENA, email: "lena@harbour.example", unit: "Quality", roles: &[Role::IsmsManager, Role::Auditor] },
    Person { name: GRETA, email: "greta@certifier.example", unit: "Certifier", roles: &[Role::ExternalAuditor] },
];

/// Founds the organisation two years ago, with whoever was there; by which references those are known who have left since.
pub(super) async fn found(
    store: &Store,
    source: &Source,
    organisation: OrganisationId,
    hash: String,
) -> Result<(Names, Vec<(&'static str, Reference)>), Fault> {
    let mut context = context(organisation, "setup", source);
    let founded_at = (context.now)() - TimeDelta::days(FOUNDED);
    context.now = Box::new(move || founded_at);
    let founded = store.write(context, move |tx| {
        organisations::found("Harbour Robotics", tx)?;
        let (mut names, mut leavers) = (Names::default(), Vec::new());
        for Person { name, email, unit, roles } in &PEOPLE {
            enrol((name, email, unit), roles, &hash, tx, &mut names)?;
        }
        for colleague in STAYED.iter().chain(&LEFT).filter(|colleague| colleague.joined == FOUNDED) {
            let email = staff::email(colleague.name);
            let told = (colleague.name, email.as_str(), colleague.unit);
            let reference = enrol(told, &[Role::Member], &hash, tx, &mut names)?;
            if colleague.left.is_some() {
                leavers.push((colleague.name, reference));
            }
        }
        Ok::<_, Error>((names, leavers))
    });
    founded.await.map_err(|error| format!("the sample organisation: {error:?}"))
}
