//! What Harbour Robotics does, and which controls it needs.

use super::people::{INES, MARA, PAVEL, SOFIA, YUKI};
use super::{Story, Who, save};
use ratchet_domain::applicabilities::{Amendment, Applicability, ApplicabilityDraft, StageName, Status};
use ratchet_domain::catalogue::{Area, CONTROLS, Requirement};
use ratchet_domain::change::Record;
use ratchet_domain::processes::{Importance, Process, ProcessDraft};

pub(super) const LEAVERS: &str = "Joiners, movers, leavers";
pub(super) const PORTAL: &str = "Running the customer portal";
const LAPTOPS: &str = "Looking after laptops";
const FRANKING: &str = "Franking letters";

/// A process as the story knows it.
struct Run {
    name: &'static str,
    purpose: &'static str,
    importance: Importance,
    requirements: &'static [&'static str],
    owner: Who,
}

#[rustfmt::skip]
const RUN: [Run; 4] = [
    Run { name: LEAVERS, purpose: "People have the access their work needs, and no longer than that", importance: Importance::High, requirements: &["A.5.16", "A.5.18", "A.6.5"], owner: SOFIA },
    Run { name: PORTAL, purpose: "Customers see their drawings, and nobody else's", importance: Importance::High, requirements: &["8.1", "A.8.6", "A.8.13", "A.8.16"], owner: PAVEL },
    Run { name: LAPTOPS, purpose: "Laptops are patched, encrypted and found again", importance: Importance::Medium, requirements: &["A.7.9", "A.8.1", "A.8.8"], owner: YUKI },
    Run { name: FRANKING, purpose: "Letters leave the house", importance: Importance::Low, requirements: &[], owner: MARA },
];

/// Controls that Harbour Robotics does not need, and why.
const EXCLUDED: [(&str, &str); 3] = [
    ("A.7.12", "Rented offices: the landlord's cables carry nothing unencrypted"),
    ("A.8.30", "No software is developed by others"),
    ("A.8.33", "Test data is made up; no customer's data is used"),
];

pub(super) fn add(story: &mut Story) {
    for run in &RUN {
        enter(story, run);
    }
    story.change((30, 9), MARA, FRANKING, |process: Process, (), by, at| {
        process.retire("Letters are sent by a service now".into(), by, at)
    });
    statement(story);
}

fn enter(story: &mut Story, run: &'static Run) {
    story.step((725, 8), MARA, move |tx, names| {
        let Run { name, purpose, importance, requirements, owner } = run;
        let draft = ProcessDraft {
            name: (*name).to_owned(),
            purpose: Some((*purpose).to_owned()),
            importance: *importance,
            requirements: requirements.iter().map(|number| (*number).to_owned()).collect(),
            owner: names.member(owner)?,
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(Process::PREFIX)?);
        names.call(name, save(Process::define(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

/// Who answers for a control.
fn owner_of(control: &Requirement) -> Who {
    match control.area {
        Area::Clause | Area::Organisational => MARA,
        Area::People => SOFIA,
        Area::Physical => YUKI,
        Area::Technological => PAVEL,
    }
}

/// The statement of applicability, all in one morning.
fn statement(story: &mut Story) {
    for control in CONTROLS {
        story.step((725, 9), MARA, move |tx, names| {
            let excluded = EXCLUDED.iter().find(|(number, _)| *number == control.number);
            let (state, justification, status) = match excluded {
                Some((_, why)) => (StageName::Excluded, (*why).to_owned(), None),
                None => (StageName::Applicable, "Needed by the risk treatment plan".to_owned(), Some(Status::Partly)),
            };
            let draft = ApplicabilityDraft {
                control: control.number.to_owned(),
                state,
                justification,
                status,
                implementation: None,
                owner: Some(names.member(owner_of(control))?),
            };
            let (by, birth) = (tx.actor().clone(), tx.birth(Applicability::PREFIX)?);
            names.call(control.number, save(Applicability::declare(draft, &by, birth)?, tx)?);
            Ok(())
        });
    }
    let done = Amendment { status: Some(Status::Implemented), ..Amendment::default() };
    for control in ["A.8.13", "A.8.16"] {
        let done = done.clone();
        story.change((45, 9), PAVEL, control, move |declared: Applicability, (), by, at| declared.amend(done, by, at));
    }
    story.change((44, 9), INES, "A.8.33", |declared: Applicability, (), by, at| {
        declared.justify("Test data is made up; checked with the developers in spring".into(), by, at)
    });
}
