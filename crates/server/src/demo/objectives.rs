//! What Harbour Robotics wants to reach, and what became of it.

use super::people::{INES, MARA, PAVEL, SOFIA, YUKI};
use super::{Story, Who, save};
use ratchet_domain::change::Record;
use ratchet_domain::id::{IndicatorId, PolicyId};
use ratchet_domain::objectives::{Judge, Measure, Objective, ObjectiveDraft, Revise, Terms};

const SECURITY: &str = "Information security policy";
const WAITING: &str = "Customers do not wait";
const PATCHED: &str = "Patches arrive in time on both sites";
const REPORTED: &str = "Phishing is reported";
const RESTORED: &str = "Every restore works";
const SUPPLIED: &str = "Suppliers know what we expect of them";
const STEADY: &str = "Patches arrive in time";
const CLICKED: &str = "Phishing is not clicked";
const BADGED: &str = "Every visitor's badge comes back";

/// What measures an objective: an indicator with baseline and target, or a criterion.
#[derive(Clone, Copy)]
enum By {
    Indicator(&'static str, f64, f64),
    Judgement(&'static str),
}

/// An objective as the story knows it; due so many days from today.
struct Told {
    title: &'static str,
    /// So many days ago.
    set: i64,
    statement: &'static str,
    by: By,
    due: i64,
    owner: Who,
    requirement: &'static str,
    plan: &'static str,
}

#[rustfmt::skip]
const TOLD: [Told; 8] = [
    Told { title: WAITING, set: 69, statement: "The portal answers within 50 ms, at any hour", by: By::Indicator("Request latency of the customer portal", 60.0, 50.0), due: 110, owner: PAVEL, requirement: "A.8.6", plan: "Batch jobs read replicas; disk pressure alerts early" },
    Told { title: PATCHED, set: 69, statement: "Of the critical patches, 95 % are installed within 14 days", by: By::Indicator("Critical patches installed within 14 days", 0.86, 0.95), due: 20, owner: SOFIA, requirement: "A.8.8", plan: "The shipyard's image gets the update agent" },
    Told { title: REPORTED, set: 69, statement: "Six in ten simulated phishing messages are reported", by: By::Indicator("Simulated phishing messages that were reported", 0.35, 0.6), due: 40, owner: SOFIA, requirement: "A.6.3", plan: "A button in the mail program, and a story each month" },
    Told { title: RESTORED, set: 69, statement: "Each restore that is tried works", by: By::Indicator("Restores that worked when tried", 0.95, 1.0), due: -5, owner: PAVEL, requirement: "A.8.13", plan: "Two copies are tried each week" },
    Told { title: SUPPLIED, set: 69, statement: "Suppliers know what we expect and can show that they keep it", by: By::Judgement("The auditor asks five suppliers"), due: 200, owner: MARA, requirement: "A.5.20", plan: "A page of expectations goes out with each contract" },
    Told { title: BADGED, set: 69, statement: "No visitor's badge stays out overnight", by: By::Indicator("Visitor badges not returned", 5.0, 0.0), due: 60, owner: YUKI, requirement: "A.7.2", plan: "The front desk asks at the door" },
    Told { title: STEADY, set: 720, statement: "Of the critical patches, 90 % are installed within 14 days, month after month", by: By::Indicator("Critical patches installed within 14 days", 0.86, 0.9), due: -400, owner: PAVEL, requirement: "A.8.8", plan: "Laptops ask for patches each night" },
    Told { title: CLICKED, set: 385, statement: "Of a hundred simulated phishing messages at most four are clicked", by: By::Indicator("Clicks on simulated phishing messages", 0.118, 0.04), due: -67, owner: SOFIA, requirement: "A.6.3", plan: "A course for everybody, a story each month" },
];

pub(super) fn add(story: &mut Story) {
    for told in &TOLD {
        set(story, told);
    }
    for title in [WAITING, PATCHED, REPORTED, RESTORED, BADGED] {
        story.change((68, 11), INES, title, |objective: Objective, facts, by, at| {
            objective.approve(None, facts, by, at)
        });
    }
    for (set, title) in [(719, STEADY), (384, CLICKED)] {
        story.change((set, 11), INES, title, |objective: Objective, facts, by, at| {
            objective.approve(None, facts, by, at)
        });
    }
    let evidence = "96 % of the year's patches, and no week below 95 %".to_owned();
    story.change((402, 14), MARA, STEADY, |objective: Objective, facts, by, at| {
        objective.achieve(Judge { evidence, exception_reason: None }, facts, by, at)
    });
    let evidence = "One in twenty of the last campaigns: less than half of the year before, and more than we wanted";
    story.change((66, 14), MARA, CLICKED, |objective: Objective, facts, by, at| {
        objective.miss(Judge { evidence: evidence.to_owned(), exception_reason: None }, facts, by, at)
    });
    let later = story.day(80);
    story.change((6, 10), SOFIA, PATCHED, move |objective: Objective, facts, by, at| {
        let reason = "The vendor has no agent for the shipyard's model yet".to_owned();
        objective.revise(Revise { statement: None, measure: None, due_on: Some(later), reason }, facts, by, at)
    });
    let evidence = "65 % of the last campaign, in both units".to_owned();
    story.change((9, 14), MARA, REPORTED, |objective: Objective, facts, by, at| {
        objective.achieve(Judge { evidence, exception_reason: None }, facts, by, at)
    });
    let evidence = "17 of 20 four weeks ago; none was tried since".to_owned();
    story.change((3, 14), INES, RESTORED, |objective: Objective, facts, by, at| {
        objective.miss(Judge { evidence, exception_reason: None }, facts, by, at)
    });
    story.change((14, 12), MARA, BADGED, |objective: Objective, facts, by, at| {
        objective.abandon("The front desk has turnstiles now".into(), facts, by, at)
    });
}

fn set(story: &mut Story, told: &'static Told) {
    let due_on = story.day(told.due);
    story.step((told.set, 9), MARA, move |tx, names| {
        let Told { title, set: _, statement, by: measured, due: _, owner, requirement, plan } = told;
        let measure = match *measured {
            By::Indicator(name, baseline, target) => {
                Measure::Indicator { indicator: IndicatorId(names.get(name)?), baseline: Some(baseline), target }
            }
            By::Judgement(criterion) => Measure::Qualitative { criterion: criterion.to_owned() },
        };
        let draft = ObjectiveDraft {
            title: (*title).to_owned(),
            policy: PolicyId(names.get(SECURITY)?),
            terms: Terms { statement: (*statement).to_owned(), measure: Some(measure), due_on: Some(due_on) },
            business_goal: Some("Customers let our robots into their factories".to_owned()),
            level: Some("Harbour Robotics".to_owned()),
            requirements: vec!["6.2".to_owned(), (*requirement).to_owned()],
            risks_considered: None,
            communicated_to: vec!["Board".to_owned(), "Everybody, at the monthly meeting".to_owned()],
            plan: Some((*plan).to_owned()),
            resources: Some("Within the year's budget".to_owned()),
            owner: names.member(owner)?,
            evaluation: Some("By its measure, each month, and in the management review".to_owned()),
        };
        let (by, birth, today) = (tx.actor().clone(), tx.birth(Objective::PREFIX)?, tx.now().date_naive());
        names.call(title, save(Objective::set(draft, today, &by, birth)?, tx)?);
        Ok(())
    });
}
