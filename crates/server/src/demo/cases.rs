//! What happened at Harbour Robotics, what is weak there, and what could happen.

use super::monitoring::{LATENCY, case_of};
use super::people::{INES, MARA, PAVEL, SOFIA, YUKI};
use super::{Story, Who, save};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ratchet_domain::acceptance::Accept;
use ratchet_domain::change::Record;
use ratchet_domain::id::NonconformityId;
use ratchet_domain::incidents::{
    Category, Contain, Cost, Impact, Incident, IncidentDraft, NotifyAuthority, RaiseWeakness, Raised, Resolve, Triage,
    TriageVerdict,
};
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_domain::rating::Rating;
use ratchet_domain::reference::Locator;
use ratchet_domain::risks::{self, Risk, RiskDraft, TreatmentOption};
use ratchet_domain::timeline_entries::{Kind, TimelineEntry, TimelineEntryDraft};
use ratchet_domain::weaknesses::{self, Weakness, WeaknessDraft};

const SHARE: &str = "The design share was encrypted";
const PAYSLIPS: &str = "Payslips were sent to a wrong list";
const TABLET: &str = "A tablet was left on a train";
const INVOICE: &str = "A supplier's invoice had another account number";
pub(super) const DOWN: &str = "The portal was down for an hour";
const BADGE: &str = "A badge opened a door it must not";
const MOVED: &str = "Drawings have disappeared";
const TRUST: &str = "The design share trusts every computer";
const LIFT: &str = "The goods lift asks for no badge";
const CAMERA: &str = "A camera looks at the sky";
const EXPORT: &str = "Exports read the live database";
const CRANE: &str = "The crane's controller cannot be patched";
pub(super) const WLAN: &str = "Guests share a network with printers";
const TAPES: &str = "Backups cannot be read";
const SUPPLIER: &str = "A supplier loses our drawings";
const FLOOD: &str = "The office floods";
const ALONE: &str = "Nobody else knows the crane";
const FAX: &str = "Faxes are read by passers-by";

pub(super) fn add(story: &mut Story) {
    encrypted(story);
    personal_data(story);
    under_way(story);
    weak(story);
    risky(story);
}

/// Reported by somebody, noticed an hour before.
pub(super) fn report(
    story: &mut Story,
    when: (i64, u32),
    who: Who,
    title: &'static str,
    (description, asset, control): (&'static str, &'static str, &'static str),
) {
    story.step(when, who, move |tx, names| {
        let (by, birth) = (tx.actor().clone(), tx.birth(Incident::PREFIX)?);
        let draft = IncidentDraft {
            title: title.to_owned(),
            description: description.to_owned(),
            detected_at: birth.at - TimeDelta::hours(1),
            occurred_at: None,
            origin: None,
            reporter: by.member(),
            assets: vec![asset.to_owned()],
            controls: vec![control.to_owned()],
            category: None,
        };
        names.call(title, save(Incident::report(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

pub(super) fn triage(
    story: &mut Story,
    when: (i64, u32),
    title: &'static str,
    category: Category,
    (severity, owner): (i64, Who),
) {
    story.step(when, MARA, move |tx, names| {
        let incident: Incident = tx.get(Locator::Id(names.get(title)?))?;
        let (facts, by, at) = (tx.facts(&incident)?, tx.actor().clone(), tx.now());
        let verdict = TriageVerdict::Incident { category, severity, owner: names.member(owner)? };
        let criteria = "Customers or colleagues are harmed, or could be".to_owned();
        save(incident.triage(Triage { criteria, verdict }, &facts, &by, at)?, tx).map(drop)
    });
}

pub(super) fn contain(story: &mut Story, when: (i64, u32), who: Who, title: &'static str, measures: &'static str) {
    story.change(when, who, title, |incident: Incident, facts, by, at| {
        incident.contain(Contain { measures: measures.to_owned(), contained_at: at }, facts, by, at)
    });
}

pub(super) fn resolve(story: &mut Story, when: (i64, u32), who: Who, title: &'static str, summary: &'static str) {
    story.change(when, who, title, |incident: Incident, facts, by, at| {
        incident.resolve(Resolve { summary: summary.to_owned(), resolved_at: at }, facts, by, at)
    });
}

pub(super) fn review(
    story: &mut Story,
    when: (i64, u32),
    title: &'static str,
    told: (&'static str, &'static str),
    impact: Impact,
) {
    let (root_cause, lessons) = (told.0.to_owned(), told.1.to_owned());
    story.change(when, MARA, title, |incident: Incident, facts, by, at| {
        incident.review((root_cause, lessons, impact), facts, by, at)
    });
}

pub(super) fn close(story: &mut Story, when: (i64, u32), title: &'static str) {
    story.change(when, MARA, title, |incident: Incident, facts, by, at| incident.close(facts, by, at));
}

/// Something in the timeline of an incident.
fn note(
    story: &mut Story,
    when: (i64, u32),
    who: Who,
    title: &'static str,
    (kind, text, audience): (Kind, &'static str, Option<&'static str>),
) {
    story.step(when, who, move |tx, names| {
        let incident: Incident = tx.get(Locator::Id(names.get(title)?))?;
        let (by, birth) = (tx.actor().clone(), tx.birth(TimelineEntry::PREFIX)?);
        let (happened_at, audience) = (birth.at - TimeDelta::minutes(10), audience.map(str::to_owned));
        let draft = TimelineEntryDraft { happened_at, kind, text: text.to_owned(), audience, corrects: None };
        save(TimelineEntry::append(draft, &incident, &by, birth)?, tx).map(drop)
    });
}

/// From the report to the lessons, with a weakness that it has shown.
fn encrypted(story: &mut Story) {
    let told = ("Files on the share have another ending and cannot be opened", "Design share", "A.8.7");
    report(story, (48, 8), YUKI, SHARE, told);
    triage(story, (48, 9), SHARE, Category::Malware, (2, PAVEL));
    note(story, (48, 9), PAVEL, SHARE, (Kind::Observation, "New files every second, all by one account", None));
    note(story, (48, 10), PAVEL, SHARE, (Kind::Decision, "The share goes off the network, whoever works on it", None));
    contain(story, (48, 10), PAVEL, SHARE, "The share was taken off the network, the account was locked");
    let told = (Kind::Communication, "The share is closed until tomorrow; keep drawings on your own disk", Some("All"));
    note(story, (48, 11), PAVEL, SHARE, told);
    note(story, (47, 8), PAVEL, SHARE, (Kind::Measure, "Restored from the copy of two in the morning", None));
    resolve(story, (47, 9), PAVEL, SHARE, "Restored from the night's copy; six hours of drawings were drawn again");
    let cost = Some(Cost { amount: 9_400, currency: "EUR".to_owned() });
    let impact = Impact { downtime_minutes: 1_380, records: 212, cost };
    review(
        story,
        (44, 10),
        SHARE,
        ("A macro in a mail ran, and the share trusts every computer", "Copies pay"),
        impact,
    );
    story.step((44, 11), MARA, |tx, names| {
        let incident: Incident = tx.get(Locator::Id(names.get(SHARE)?))?;
        let (facts, by) = (tx.facts(&incident)?, tx.actor().clone());
        let input = RaiseWeakness {
            title: TRUST.to_owned(),
            description: "Whoever is in the office network may write to it".to_owned(),
            found_in: "Design share".to_owned(),
        };
        let birth = tx.birth(Weakness::PREFIX)?;
        let Raised { case, incident } = incident.raise_weakness(input, &facts, &by, birth)?;
        names.call(TRUST, save(case, tx)?);
        save(incident, tx).map(drop)
    });
    close(story, (43, 9), SHARE);
}

/// One where the authority was told in time, one where the clock runs now.
fn personal_data(story: &mut Story) {
    let known = |story: &mut Story, when, title: &'static str, description: &'static str| {
        story.change(when, MARA, title, move |incident: Incident, facts, by, at: DateTime<Utc>| {
            incident.involve_personal_data((description.to_owned(), at), facts, by, at)
        });
    };
    let told = ("Eleven payslips reached a list of forty suppliers", "Payroll", "A.5.34");
    report(story, (26, 9), SOFIA, PAYSLIPS, told);
    triage(story, (26, 10), PAYSLIPS, Category::Disclosure, (1, SOFIA));
    known(story, (26, 10), PAYSLIPS, "Names, salaries and tax classes of eleven colleagues");
    contain(story, (26, 11), SOFIA, PAYSLIPS, "The mail was called back; everybody on the list was asked to delete it");
    story.change((25, 9), MARA, PAYSLIPS, |incident: Incident, facts, by, at| {
        let authority = "The state's data protection authority".to_owned();
        incident.notify_authority(NotifyAuthority { authority, notified_at: at, delay_reason: None }, facts, by, at)
    });
    let told = (Kind::Communication, "What was sent to whom, and what we did", Some("The eleven colleagues"));
    note(story, (25, 10), SOFIA, PAYSLIPS, told);
    resolve(story, (24, 9), SOFIA, PAYSLIPS, "Thirty-eight of forty have confirmed that they deleted it");
    let impact = Impact { downtime_minutes: 0, records: 11, cost: None };
    review(story, (20, 9), PAYSLIPS, ("Two lists have names that look alike", "Payslips are not sent by mail"), impact);
    let told = ("It was locked, and found again by the railway two days later", "Field tablets", "A.7.9");
    report(story, (1, 8), PAVEL, TABLET, told);
    triage(story, (1, 9), TABLET, Category::Loss, (3, PAVEL));
    known(story, (1, 9), TABLET, "Names and phone numbers of nine customers, on an encrypted disk");
}

/// Each in another stage, one of them none at all.
fn under_way(story: &mut Story) {
    let told = ("It names a bank abroad; the supplier knows of no change", "Accounts payable", "A.5.20");
    report(story, (9, 9), SOFIA, INVOICE, told);
    triage(story, (9, 10), INVOICE, Category::Deception, (2, SOFIA));
    contain(story, (9, 11), SOFIA, INVOICE, "The payment was stopped at the bank");
    let told = ("Customers could not open their drawings", "Customer portal", "A.8.14");
    report(story, (14, 9), PAVEL, DOWN, told);
    triage(story, (14, 9), DOWN, Category::Outage, (3, PAVEL));
    contain(story, (14, 10), PAVEL, DOWN, "The second site took over");
    resolve(story, (14, 12), PAVEL, DOWN, "A certificate had run out; it was renewed");
    let told = ("My badge opens the server room since Monday", "Server room", "A.7.2");
    report(story, (0, 6), YUKI, BADGE, told);
    report(story, (17, 9), YUKI, MOVED, ("The folder of the north quay is gone", "Design share", "A.8.3"));
    let none = Triage {
        criteria: "Nobody is harmed, and nothing is gone".to_owned(),
        verdict: TriageVerdict::NotAnIncident { reason: "The folder was moved on Friday, as announced".to_owned() },
    };
    story.change((17, 10), MARA, MOVED, |incident: Incident, facts, by, at| incident.triage(none, facts, by, at));
}

fn say(
    story: &mut Story,
    when: (i64, u32),
    who: Who,
    title: &'static str,
    (what, place): (&'static str, &'static str),
) {
    story.step(when, who, move |tx, names| {
        let (by, birth) = (tx.actor().clone(), tx.birth(Weakness::PREFIX)?);
        let (description, found_in) = (what.to_owned(), place.to_owned());
        let draft =
            WeaknessDraft { title: title.to_owned(), description, found_in, origin: None, reporter: by.member() };
        names.call(title, save(Weakness::report(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

pub(super) fn assess(story: &mut Story, day: i64, title: &'static str, (likelihood, impact): (i64, i64), owner: Who) {
    story.step((day, 10), MARA, move |tx, names| {
        let weakness: Weakness = tx.get(Locator::Id(names.get(title)?))?;
        let (facts, by, at) = (tx.facts(&weakness)?, tx.actor().clone(), tx.now());
        let (rating, rationale) = (Rating { likelihood, impact }, "Tried on the spot".to_owned());
        let input = weaknesses::Assess { rating, rationale, owner: names.member(owner)? };
        save(weakness.assess(input, &facts, &by, at)?, tx).map(drop)
    });
}

fn accept(reason: &'static str, until: NaiveDate) -> Accept {
    Accept { reason: reason.to_owned(), until }
}

/// Found, judged, treated, taken as they are.
fn weak(story: &mut Story) {
    assess(story, 43, TRUST, (4, 4), PAVEL);
    story.step((42, 9), MARA, |tx, names| {
        let weakness: Weakness = tx.get(Locator::Id(names.get(TRUST)?))?;
        let (facts, by, birth) = (tx.facts(&weakness)?, tx.actor().clone(), tx.birth(Nonconformity::PREFIX)?);
        let input = weaknesses::Treat {
            objective_evidence: "A laptop without a certificate wrote to it".to_owned(),
            requirement: Some("A.8.22".to_owned()),
            due_on: None,
        };
        let (case, weakness) = weakness.treat(input, &facts, &by, birth)?;
        save(case, tx)?;
        save(weakness, tx).map(drop)
    });
    say(story, (32, 9), YUKI, LIFT, ("Whoever stands in the yard can ride to the workshop", "Goods lift"));
    assess(story, 31, LIFT, (4, 3), SOFIA);
    say(story, (29, 9), PAVEL, CAMERA, ("The storm has turned it", "Car park"));
    story.change((28, 9), MARA, CAMERA, |weakness: Weakness, facts, by, at| {
        weakness.reject("It watches the mast, as it should; the car park has another".to_owned(), facts, by, at)
    });
    say(story, (62, 9), PAVEL, CRANE, ("Its vendor has no update any more", "Crane 3"));
    assess(story, 61, CRANE, (2, 4), PAVEL);
    let until = story.day(120);
    story.change((60, 9), INES, CRANE, move |weakness: Weakness, facts, by, at| {
        weakness.accept(accept("It is alone on its network, and is replaced next spring", until), facts, by, at)
    });
    say(story, (3, 9), YUKI, WLAN, ("A guest's telephone finds our printers", "Guest network"));
    // The one behind the slow nights went with its case.
    say(story, (33, 16), PAVEL, EXPORT, ("A nightly export takes what customers need", "Customer portal"));
    assess(story, 32, EXPORT, (4, 2), PAVEL);
    story.step((32, 12), MARA, |tx, names| {
        let weakness: Weakness = tx.get(Locator::Id(names.get(EXPORT)?))?;
        let (facts, by, at) = (tx.facts(&weakness)?, tx.actor().clone(), tx.now());
        let case = NonconformityId(names.get(case_of(LATENCY))?);
        save(weakness.treat_by(case, &facts, &by, at)?, tx).map(drop)
    });
    story.change((8, 12), MARA, EXPORT, |weakness: Weakness, facts, by, at| {
        weakness.close("The export reads a replica since four weeks".to_owned(), facts, by, at)
    });
}

fn register(story: &mut Story, when: (i64, u32), title: &'static str, what: &'static str, controls: &'static [&str]) {
    story.step(when, MARA, move |tx, names| {
        let (by, birth) = (tx.actor().clone(), tx.birth(Risk::PREFIX)?);
        let draft = RiskDraft {
            title: title.to_owned(),
            description: what.to_owned(),
            external_reference: None,
            origin: None,
            controls: controls.iter().map(|control| (*control).to_owned()).collect(),
        };
        names.call(title, save(Risk::register(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

/// How grave, whose, and to be looked at again in so many days from today.
fn weigh(
    story: &mut Story,
    day: i64,
    title: &'static str,
    (likelihood, impact): (i64, i64),
    (owner, again): (Who, i64),
) {
    let review_on = story.day(again);
    story.step((day, 10), MARA, move |tx, names| {
        let risk: Risk = tx.get(Locator::Id(names.get(title)?))?;
        let (facts, by, at) = (tx.facts(&risk)?, tx.actor().clone(), tx.now());
        let (inherent, rationale) = (Rating { likelihood, impact }, "The workshop of this spring".to_owned());
        let input = risks::Assess { inherent, rationale, owner: names.member(owner)?, review_on };
        save(risk.assess(input, &facts, &by, at)?, tx).map(drop)
    });
}

/// What could happen, and what is done about it.
fn risky(story: &mut Story) {
    register(
        story,
        (68, 9),
        TAPES,
        "A tape drive writes what it cannot read; a restore fails when it counts",
        &["A.8.13"],
    );
    weigh(story, 67, TAPES, (4, 5), (PAVEL, 15));
    let (description, residual) = ("A restore is tried every week".to_owned(), Rating { likelihood: 2, impact: 5 });
    let treat = risks::Treat { option: TreatmentOption::Modify, description, residual };
    story.change((40, 9), MARA, TAPES, |risk: Risk, facts, by, at| risk.treat(treat, facts, by, at));
    let review_on = story.day(45);
    story.change((26, 15), PAVEL, TAPES, move |risk: Risk, facts, by, at| {
        let (inherent, residual) = (Rating { likelihood: 5, impact: 5 }, Some(Rating { likelihood: 3, impact: 5 }));
        let rationale = "Three of twenty restores have failed: likelier than we thought".to_owned();
        risk.review(risks::ReviewRisk { inherent, residual, rationale, review_on }, facts, by, at)
    });
    let controls = &["A.5.19", "A.5.22"];
    register(story, (66, 9), SUPPLIER, "A breach at the printing house reaches our customers' drawings", controls);
    weigh(story, 65, SUPPLIER, (3, 4), (SOFIA, 60));
    register(story, (66, 10), FLOOD, "The harbour floods the ground floor, where the second site stands", &["A.7.5"]);
    weigh(story, 65, FLOOD, (1, 5), (INES, 150));
    let until = story.day(150);
    story.change((58, 9), INES, FLOOD, move |risk: Risk, facts, by, at| {
        risk.accept(accept("Once in a hundred years; the insurer pays for the machines", until), facts, by, at)
    });
    register(story, (4, 9), ALONE, "One colleague alone knows the crane's controller", &["A.5.37", "A.7.13"]);
    register(story, (68, 11), FAX, "Whoever passes by the fax reads it", &["A.5.14"]);
    story.change((35, 9), MARA, FAX, |risk: Risk, facts, by, at| {
        risk.retire("The fax was given away".to_owned(), facts, by, at)
    });
}
