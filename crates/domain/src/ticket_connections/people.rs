//! Who members are in the other system.

use super::MAPPED;
use crate::id::MemberId;
use crate::refusal::{Fault, Faults};
use crate::text;
use serde::{Deserialize, Serialize};

/// Who a member is in the other system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketPerson))]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The member.
    pub member_id: MemberId,
    /// The name by which the other system knows the member.
    #[cfg_attr(feature = "openapi", schema(example = "mara", max_length = 200))]
    pub name: String,
}

/// Every fault of the people whom somebody names.
pub(super) fn note_people(people: &[Person], faults: &mut Faults) {
    let (_, most) = MAPPED;
    if people.len() > most {
        faults.push(Fault::new("/people", "length", format!("must name at most {most} people")));
    }
    for (index, Person { member_id, name }) in people.iter().enumerate().take(most) {
        let earlier = people.iter().take(index);
        if earlier.clone().any(|other| other.member_id == *member_id) {
            faults.push(Fault::new(format!("/people/{index}/member_id"), "duplicate", "must be named once"));
        }
        let pointer = format!("/people/{index}/name");
        if earlier.into_iter().any(|other| other.name == *name) {
            faults.push(Fault::new(pointer, "duplicate", "must be one member's alone"));
        } else {
            faults.keep(text::title(&pointer, name));
        }
    }
}
