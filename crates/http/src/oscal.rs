//! OSCAL 1.1.3, NIST's Open Security Controls Assessment Language: the form in which tools for compliance exchange what
//! assessments have found, and plans of action with their milestones.

mod plan;
pub(crate) mod reading;
mod results;

pub(crate) use plan::Plan;
pub(crate) use results::{Results, is_unmet};

use crate::v1::records;
use chrono::{DateTime, Utc};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::{members, organisations};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The version of the models.
const VERSION: &str = "1.1.3";
/// Whose names properties have that OSCAL does not know.
const OURS: &str = "https://ratchet.invalid/ns/isms";

/// A document of OSCAL: an object with one member, which says the model.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct OscalDocument(pub Value);

/// What a document says of the organisation and its people.
pub(crate) struct Around {
    organisation: OrganisationId,
    name: String,
    people: BTreeMap<MemberId, String>,
    public_url: String,
}

impl Around {
    /// With the names of these members.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn read(
        organisation: OrganisationId,
        people: &BTreeSet<MemberId>,
        public_url: &str,
        connection: &mut AnyConnection,
    ) -> Result<Self, Error> {
        let people: Vec<MemberId> = people.iter().copied().collect();
        let named = members::names(organisation, &people, connection)?;
        Ok(Self {
            organisation,
            name: organisations::name(organisation, connection)?,
            people: named.into_iter().map(|(member, _, name)| (member, name)).collect(),
            public_url: public_url.trim_end_matches('/').to_owned(),
        })
    }

    /// Where a record is read.
    fn link<T: Record>(&self, head: &Head) -> Value {
        json!({ "href": format!("{}{}", self.public_url, records::href(T::PREFIX, head.id)), "rel": "canonical" })
    }

    /// What every document begins with. The others are people who are no members.
    fn metadata(&self, title: &str, (version, at): (i64, DateTime<Utc>), others: &[(Uuid, &str)]) -> Value {
        let person = |uuid: Uuid, name: &str| json!({ "uuid": uuid, "type": "person", "name": name.trim() });
        let organisation =
            json!({ "uuid": part(self.organisation.0, "party"), "type": "organization", "name": self.name.trim() });
        let members = self.people.iter().map(|(member, name)| person(party(*member), name));
        let others = others.iter().map(|(uuid, name)| person(*uuid, name));
        let parties: Vec<Value> = std::iter::once(organisation).chain(members).chain(others).collect();
        json!({
            "title": title,
            "last-modified": at,
            "version": version.to_string(),
            "oscal-version": VERSION,
            "parties": parties,
        })
    }
}

/// The id of a part of what a record says: the same each time. Ids of records are of version 7, and OSCAL takes versions 4
/// and 5 alone.
fn part(of: Uuid, name: &str) -> Uuid {
    Uuid::new_v5(&of, name.as_bytes())
}

/// The id of a member as a party.
fn party(member: MemberId) -> Uuid {
    part(member.0, "party")
}

/// The id of a clause or control: a token of OSCAL does not begin with a digit.
fn control(requirement: &str) -> String {
    if requirement.starts_with(|first: char| first.is_ascii_digit()) {
        format!("clause-{requirement}")
    } else {
        requirement.to_owned()
    }
}

/// The number of the clause or control that such an id names.
fn number(control: &str) -> &str {
    control.strip_prefix("clause-").unwrap_or(control)
}

/// A property under a name of ours.
fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "ns": OURS, "value": value })
}

/// Without what is not said: nothing in OSCAL is null, and a list has at least one item.
fn said(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, said(value)));
            Value::Object(members.filter(|(_, value)| !value.is_null() && *value != json!([])).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(said).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_left_out() {
        let all = json!({ "a": null, "b": [], "c": [{ "d": null, "e": 1 }], "f": {} });
        assert_eq!(said(all), json!({ "c": [{ "e": 1 }], "f": {} }));
    }

    #[test]
    fn ids_and_tokens_are_those_that_oscal_takes() {
        let of = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001);
        assert_eq!(part(of, "party").get_version_num(), 5);
        assert_eq!(part(of, "party"), part(of, "party"));
        assert_ne!(part(of, "party"), part(of, "risk"));
        assert_eq!((control("9.2.2"), control("A.5.18")), ("clause-9.2.2".to_owned(), "A.5.18".to_owned()));
        assert_eq!((number("clause-9.2.2"), number("A.5.18")), ("9.2.2", "A.5.18"));
    }
}
