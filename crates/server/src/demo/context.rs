//! What Harbour Robotics starts from: issues, interested parties, and whether climate change matters.

use super::people::{INES, MARA, PAVEL, SOFIA};
use super::{Story, Who, save};
use ratchet_domain::change::Record;
use ratchet_domain::context_entries::{ContextDraft, ContextEntry, Kind, Need, Review};
use ratchet_persistence::context_entries;

const TENDERS: &str = "Tenders ask for certified suppliers";
const TWO_SITES: &str = "Two sites with two ways of working";
const REGULATION: &str = "Machines must be secure by law from next year";
const RENTALS: &str = "The rental fleet is run by a partner";
const CUSTOMERS: &str = "Customers that run our robots in their yards";
const STAFF: &str = "Employees";
const FLOODS: &str = "Floods at the shipyard";

pub(super) fn add(story: &mut Story) {
    let issues = [
        (Kind::ExternalIssue, TENDERS, "Two of three tenders of the year ask for a certificate", SOFIA),
        (Kind::ExternalIssue, REGULATION, "Products without updates may not be sold any more", MARA),
        (Kind::InternalIssue, TWO_SITES, "The shipyard came with a purchase and kept its own computers", PAVEL),
        (Kind::InternalIssue, RENTALS, "Whoever runs the fleet holds the keys of its portal", PAVEL),
    ];
    for (kind, name, description, owner) in issues {
        record(story, (kind, name, description, owner), None, None);
    }
    let told = |text: &str, addressed_by: Option<&str>| Need {
        text: text.to_owned(),
        addressed_by: addressed_by.map(str::to_owned),
    };
    let wanted = vec![
        told("To hear of incidents that touch them within a day", Some("Incident procedure, section 4")),
        told("Updates for ten years", Some("Product security policy")),
        told("The source code in escrow", None),
    ];
    let entry = (Kind::InterestedParty, CUSTOMERS, "Eleven harbours and four shipyards", SOFIA);
    record(story, entry, Some(wanted), None);
    let wanted = vec![told("That reporting a mistake has no consequences", Some("Code of conduct"))];
    record(story, (Kind::InterestedParty, STAFF, "All of us, at both sites", MARA), Some(wanted), None);
    let why = "The quay of the shipyard stood under water twice in three years; its server room is on the ground floor";
    record(story, (Kind::ClimateChange, FLOODS, why, INES), None, Some(true));
    for (name, conclusion) in [
        (TENDERS, "Still so: three of four tenders by now"),
        (REGULATION, "The law was passed; it holds from next year on"),
        (TWO_SITES, "Less so: both sites buy the same computers"),
        (RENTALS, "The partner asks to buy the fleet"),
        (CUSTOMERS, "The port authority wants an exercise a year, beside what was wanted before"),
        (STAFF, "Asked by the works council again: yes"),
        (FLOODS, "The quay stood under water once more this winter"),
    ] {
        let review_due_on = Some(story.day(10));
        story.change((361, 9), MARA, name, move |entry: ContextEntry, facts, by, at| {
            entry.review(Review { conclusion: conclusion.to_owned(), review_due_on }, facts, by, at)
        });
    }
    let conclusion = "Still so; a third tender asked this month".to_owned();
    let review_due_on = Some(story.day(300));
    story.change((12, 9), SOFIA, TENDERS, move |entry: ContextEntry, facts, by, at| {
        entry.review(Review { conclusion, review_due_on }, facts, by, at)
    });
    story.change((11, 9), MARA, RENTALS, |entry: ContextEntry, facts, by, at| {
        entry.retire("The fleet was sold to the partner".into(), facts, by, at)
    });
}

fn record(
    story: &mut Story,
    (kind, name, description, owner): (Kind, &'static str, &'static str, Who),
    requirements: Option<Vec<Need>>,
    relevant: Option<bool>,
) {
    let review_due_on = Some(story.day(-355));
    story.step((727, 8), MARA, move |tx, names| {
        let (by, now) = (tx.actor().clone(), tx.now());
        let facts = context_entries::facts(by.organisation, now, tx.connection())?;
        let draft = ContextDraft {
            kind,
            title: name.to_owned(),
            description: description.to_owned(),
            requirements,
            relevant,
            owner: Some(names.member(owner)?),
            review_due_on,
        };
        let birth = tx.birth(ContextEntry::PREFIX)?;
        names.call(name, save(ContextEntry::record(draft, &facts, &by, birth)?, tx)?);
        Ok(())
    });
}
