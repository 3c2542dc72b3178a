//! What happened at Harbour Robotics in two years, and what people told of: the quiet part of the register.

use super::cases::{close, contain, report, resolve, review, triage as triage_incident};
use super::involvement::{draft, file, triage};
use super::people::{JONAS, MARA, PAVEL, SOFIA, YUKI};
use super::staff::{CLARA, HANNA, LEILA, OMAR, PIOTR};
use super::{Story, Who, save};
use ratchet_domain::audits::Party;
use ratchet_domain::change::Record;
use ratchet_domain::employee_reports::{EmployeeReport, Kind};
use ratchet_domain::evidence::{Collection, Evidence, File, Source, Transfer};
use ratchet_domain::id::RecordId;
use ratchet_domain::incidents::{Category, Impact};
use ratchet_domain::reference::{Prefix, Target};

/// An incident from the report to its closing, within a fortnight.
struct Happened {
    title: &'static str,
    by: Who,
    owner: Who,
    day: i64,
    category: Category,
    severity: i64,
    /// What was noticed, on what, which control; what was done, what became of it, why, and what was learned.
    words: [&'static str; 7],
    downtime_minutes: i64,
}

#[rustfmt::skip]
const HAPPENED: [Happened; 7] = [
    Happened { title: "A macro asked for money", by: HANNA, owner: JONAS, day: 655, category: Category::Malware, severity: 3, words: ["A sheet from an applicant wanted 300 euros", "One laptop", "A.8.7", "The laptop was taken off the network", "It was set up anew; nothing else was reached", "Macros ran when they were asked to", "Macros from outside do not run any more"], downtime_minutes: 240 },
    Happened { title: "The portal was slow for a morning", by: PIOTR, owner: PAVEL, day: 577, category: Category::Outage, severity: 3, words: ["Drawings took a minute", "Customer portal", "A.8.6", "The report of the month was stopped", "The report runs at night", "A report read everything at nine o'clock", "Reports run at night"], downtime_minutes: 95 },
    Happened { title: "A laptop was stolen from a car", by: PIOTR, owner: SOFIA, day: 468, category: Category::Loss, severity: 3, words: ["The window was broken at a petrol station", "Field laptop", "A.7.9", "It was blocked within the hour", "It was encrypted; the police were told", "It lay on the seat", "Laptops travel in the boot"], downtime_minutes: 480 },
    Happened { title: "A caller asked for the director's number", by: HANNA, owner: SOFIA, day: 352, category: Category::Deception, severity: 4, words: ["He said that he was from the bank, and was in a hurry", "Front desk", "A.6.3", "He was told to write", "The bank knew of nothing", "Callers know names from our page", "The page names roles"], downtime_minutes: 0 },
    Happened { title: "The badge readers were dead for a night", by: OMAR, owner: JONAS, day: 264, category: Category::Outage, severity: 3, words: ["No door of the yard asked for a badge", "Badge readers", "A.7.2", "Somebody sat at the gate", "A power supply was exchanged", "One supply feeds all readers", "Two supplies, and one on the shelf"], downtime_minutes: 560 },
    Happened { title: "Drawings were sent to a private address", by: CLARA, owner: SOFIA, day: 178, category: Category::Disclosure, severity: 3, words: ["To work at the weekend, as it turned out", "Three drawings", "A.5.14", "They were deleted there, in front of a witness", "The colleague has a laptop now", "There was no other way to work at home", "Ask what people need before forbidding it"], downtime_minutes: 0 },
    Happened { title: "A forged invoice was nearly paid", by: HANNA, owner: SOFIA, day: 109, category: Category::Deception, severity: 2, words: ["The account was another than last time", "Accounts payable", "A.5.3", "The payment was stopped in bookkeeping", "The supplier's mailbox had been broken into; it was told", "Accounts are taken from invoices", "Accounts are taken from our own list"], downtime_minutes: 0 },
];

/// What people told of, what somebody found, and what they were told.
#[rustfmt::skip]
const REPORTED: [(i64, Who, Kind, &str, &str, &str); 9] = [
    (695, CLARA, Kind::Event, "The lights of the hall were on all night", "The cleaners worked late", "The cleaners had asked for it, and told the gate."),
    (628, OMAR, Kind::Event, "A van stood before the gate for two hours", "A delivery that had come too early", "It waited for us to open. Thank you for looking."),
    (570, LEILA, Kind::Suggestion, "Could the server room have a clock?", "It has one behind the door", "There is one behind the door; it was moved to where you see it."),
    (498, HANNA, Kind::Event, "Somebody rang and wanted names of applicants", "The works council, in its right", "It was the works council, which may ask."),
    (407, PIOTR, Kind::Event, "My laptop asked twice for my password", "The password had changed that morning", "The password had changed that morning. All is well."),
    (333, CLARA, Kind::Event, "A stranger took photos of the hall", "The insurer's surveyor, who was with Mara", "It was the insurer's surveyor; he will wear a vest next time."),
    (257, OMAR, Kind::Event, "The siren rang at noon", "The trial of the quarter", "It was the trial of the quarter, as on the notice board."),
    (173, YUKI, Kind::Suggestion, "Let us have coffee with the auditor", "A good thought, and no matter of security", "Adeyemi likes the thought: Thursdays at ten."),
    (121, LEILA, Kind::Event, "Mail from myself that I did not write", "The trial of the month", "It was this month's trial, and you are one of those who told us."),
];

pub(super) fn add(story: &mut Story) {
    for happened in &HAPPENED {
        happen(story, happened);
    }
    show_the_theft(story);
    for (day, who, kind, text, assessment, answer) in REPORTED {
        file(story, (day, 9), who, text, draft(kind, text, None));
        triage(story, (day, 14), text, assessment, None);
        story.change((day - 1, 9), MARA, text, move |report: EmployeeReport, (), by, at| {
            report.decline(answer.into(), by, at)
        });
    }
}

/// What the police wrote lies with the police; the log of the laptop went to them, from hand to hand.
fn show_the_theft(story: &mut Story) {
    const THEFT: &str = "A laptop was stolen from a car";
    let files = story.files();
    story.step((468, 13), SOFIA, |tx, names| {
        let incident = Target { kind: Prefix::Incident, id: RecordId(names.get(THEFT)?) };
        let docket = Source {
            url: "https://police.example.org/dockets/4711".to_owned(),
            title: "The theft was reported to the police".to_owned(),
            seen_at: tx.now(),
            seen_sha256: None,
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(Evidence::PREFIX)?);
        save(Evidence::attach(incident, docket.into(), &by, birth)?, tx).map(drop)
    });
    story.step((468, 14), SOFIA, move |tx, names| {
        let incident = Target { kind: Prefix::Incident, id: RecordId(names.get(THEFT)?) };
        let log = super::store_text(&files, "11:52 blocked; 11:58 last seen; never since\n", tx)?;
        let log = File { title: Some("What the laptop last said".to_owned()), ..log };
        let (by, birth, at) = (tx.actor().clone(), tx.birth(Evidence::PREFIX)?, tx.now());
        let (piece, _) = tx.save(Evidence::attach(incident, log.into(), &by, birth)?)?;
        let sofia = Party::Member { id: names.member(SOFIA)? };
        let how = "Exported from the device management, hash noted in the report".to_owned();
        let (piece, _) = tx.save(piece.record_collection(Collection { at, by: sofia.clone(), how }, &by, at)?)?;
        let police = Party::Outside { name: "Constable Reyes".to_owned(), firm: Some("City police".to_owned()) };
        let why = "They asked for it".to_owned();
        save(piece.record_transfer(Transfer { at, from: sofia, to: police, why }, &by, at)?, tx).map(drop)
    });
}

fn happen(story: &mut Story, happened: &Happened) {
    let Happened { title, by, owner, day, category, severity, words, downtime_minutes } = *happened;
    let [noticed, asset, control, measures, summary, cause, lesson] = words;
    report(story, (day, 9), by, title, (noticed, asset, control));
    triage_incident(story, (day, 10), title, category, (severity, owner));
    contain(story, (day, 11), owner, title, measures);
    resolve(story, (day - 1, 15), owner, title, summary);
    review(story, (day - 7, 10), title, (cause, lesson), Impact { downtime_minutes, records: 0, cost: None });
    close(story, (day - 12, 9), title);
}
