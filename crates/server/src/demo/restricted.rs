//! What concerns few at Harbour Robotics: an incident about a colleague, and a weakness until it was known what to do.

use super::cases::WLAN;
use super::people::{INES, MARA, TOMAS};
use super::{Names, Story, Who, save};
use chrono::TimeDelta;
use ratchet_domain::change::Record;
use ratchet_domain::incidents::{Incident, IncidentDraft};
use ratchet_domain::reference::{Locator, Target};
use ratchet_domain::restrictions::{Restriction, RestrictionDraft};
use ratchet_domain::weaknesses::Weakness;
use ratchet_persistence::error::Error;
use ratchet_persistence::restrictions::in_force;
use ratchet_persistence::table::Guarded;
use ratchet_persistence::tx::Tx;

const COLLEAGUE: &str = "Drawings left by private e-mail";
const INQUIRY: &str = "inquiry about a colleague";
const UNMENDED: &str = "network that was not mended yet";

pub(super) fn add(story: &mut Story) {
    story.step((2, 9), MARA, |tx, names| {
        let (by, birth) = (tx.actor().clone(), tx.birth(Incident::PREFIX)?);
        let draft = IncidentDraft {
            title: COLLEAGUE.to_owned(),
            description: "A colleague who leaves at the end of the month has sent twelve of them home".to_owned(),
            detected_at: birth.at - TimeDelta::minutes(20),
            occurred_at: None,
            origin: None,
            reporter: by.member(),
            assets: Vec::new(),
            controls: Vec::new(),
            category: None,
        };
        names.call(COLLEAGUE, save(Incident::report(draft, &by, birth)?, tx)?);
        restrict::<Incident>((INQUIRY, COLLEAGUE), &[TOMAS, INES], "It is about a colleague", tx, names)
    });
    story.step((3, 10), MARA, |tx, names| {
        restrict::<Weakness>((UNMENDED, WLAN), &[TOMAS], "Nobody needs to try it before it is mended", tx, names)
    });
    story.change((1, 10), MARA, UNMENDED, |restriction: Restriction, (), by, at| {
        restriction.lift("The printers have a network of their own since this morning".to_owned(), by, at)
    });
}

fn restrict<T: Guarded>(
    (name, record): (&'static str, &'static str),
    readers: &[Who],
    why: &str,
    tx: &mut Tx<'_>,
    names: &mut Names,
) -> Result<(), Error> {
    let record: T = tx.get(Locator::Id(names.get(record)?))?;
    let draft = RestrictionDraft {
        target: Target::of(&record),
        target_reference: record.head().reference,
        readers: readers.iter().map(|who| names.member(who)).collect::<Result<_, _>>()?,
        why: why.to_owned(),
        in_force: in_force(tx.actor().organisation, tx.connection())?,
    };
    let (by, birth) = (tx.actor().clone(), tx.birth(Restriction::PREFIX)?);
    names.call(name, save(Restriction::impose(draft, &by, birth)?, tx)?);
    Ok(())
}
