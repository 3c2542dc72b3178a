//! The audit programme of a first year: three audits, which between them leave no clause and no control out.

use crate::audit_programmes::{Content, PlannedAudit};
use crate::catalogue::{self, Area, Requirement};
use crate::id::ProcessId;
use chrono::{Months, NaiveDate};

/// The id of the template.
pub(super) const PROGRAMME: &str = "audit-programme-first-year";
/// One line.
pub(super) const TITLE: &str = "Internal audits of the first year";
/// What it is to find out.
pub(super) const OBJECTIVES: &str = "Whether the management system is what ISO/IEC 27001 and our own rules ask for, \
     whether it is lived, and whether it works";

/// A part of the plan: from the first to the last of its months, counted from the programme's first day.
struct Part {
    key: &'static str,
    title: &'static str,
    months: (u32, u32),
    covers: fn(&Requirement) -> bool,
}

const PARTS: [Part; 3] = [
    Part {
        key: "1",
        title: "The management system: clauses 4 to 10",
        months: (2, 3),
        covers: |leaf| matches!(leaf.area, Area::Clause),
    },
    Part {
        key: "2",
        title: "Organisation and people: controls of A.5 and A.6, and every process",
        months: (5, 6),
        covers: |leaf| matches!(leaf.area, Area::Organisational | Area::People),
    },
    Part {
        key: "3",
        title: "Premises and technology: controls of A.7 and A.8",
        months: (8, 9),
        covers: |leaf| matches!(leaf.area, Area::Physical | Area::Technological),
    },
];

/// For twelve months from today on; the second audit looks at the processes, too.
#[must_use]
pub fn draft(processes: Vec<ProcessId>, today: NaiveDate) -> Content {
    let after = |months: u32| today.checked_add_months(Months::new(months)).unwrap_or(today);
    let mut processes = Some(processes);
    let plan = PARTS.iter().map(|part| PlannedAudit {
        key: part.key.to_owned(),
        title: part.title.to_owned(),
        starts_on: after(part.months.0),
        ends_on: after(part.months.1),
        requirements: catalogue::leaves()
            .filter(|leaf| (part.covers)(leaf))
            .map(|leaf| leaf.number.to_owned())
            .collect(),
        processes: if part.key == "2" { processes.take().unwrap_or_default() } else { Vec::new() },
    });
    let plan = plan.collect();
    let said = |text: &str| Some(text.to_owned());
    Content {
        title: TITLE.to_owned(),
        starts_on: today,
        ends_on: after(12),
        objectives: said(OBJECTIVES),
        frequency: said(
            "Everything once in the first year; afterwards what much depends on each year, the rest every third",
        ),
        methods: said(
            "Reading what is documented, asking those who do the work, looking at samples that are drawn by a seed, seeing \
             things done. The checklist asks one question for each clause, control and process.",
        ),
        responsibilities: said(
            "The lead auditor plans and reports; auditors look; whoever is audited shows and explains. Nobody audits what \
             they answer for, or answered for within a year; where that leaves nobody, somebody from outside comes.",
        ),
        planning_requirements: said(
            "Dates are agreed four weeks ahead; what was found before is looked at again first",
        ),
        reporting: said("To those audited and to top management, within two weeks; findings become nonconformities"),
        process_importance: said("Processes of high importance are all part of the first year"),
        earlier_results: said("There are none yet: this is the first programme"),
        plan,
    }
}
