//! A plan of action of another tool, or of another organisation that uses this program: what is to be done here is read out
//! of it. Members that say nothing of that are passed over.

mod document;

use super::{OURS, number, part};
use crate::body;
use crate::error::ApiError;
use chrono::{DateTime, NaiveDate, Utc};
use document::{Document, Item, Lifecycle, Link, Observation, Property, Remediation, Risk, Task, Timing};
use ratchet_domain::actions::{Kind, Priority};
use ratchet_domain::catalogue;
use ratchet_domain::nonconformities::{Grade, Source};
use ratchet_domain::refusal::{Fault, Faults};
use ratchet_domain::text::NARRATIVE;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::str::FromStr;
use uuid::Uuid;

/// Tasks of a plan at most: each may become an action, and all of them are one transaction.
const TASKS: usize = 2_000;
/// Addresses at most of which one is looked for here.
const PEOPLE: usize = 5;
/// Where everything is.
const PLAN: &str = "/plan-of-action-and-milestones";

/// What a plan says.
#[derive(Debug)]
pub(crate) struct ReadPlan {
    /// Its items.
    pub items: Vec<ReadItem>,
}

/// An item with its risks.
#[derive(Debug)]
pub(crate) struct ReadItem {
    /// By what it is recognised.
    pub uuid: Uuid,
    /// Where it is in the document.
    pub place: String,
    /// One line, as far as the tool keeps to that.
    pub title: String,
    /// What is not as required.
    pub statement: String,
    /// What shows it, and where in the document that is said.
    pub evidence: (String, String),
    /// The clause or control, where it is one of ISO/IEC 27001.
    pub requirement: Option<String>,
    /// How grave it is, where our own property says so.
    pub grade: Option<Grade>,
    /// Where it was noticed, where our own property says so.
    pub source: Option<Source>,
    /// By when it is to be closed.
    pub due: Option<When>,
    /// E-mail addresses of those who answer for it.
    pub owners: Vec<String>,
    /// Where it stands.
    pub standing: Standing,
    /// What was done at once, the consequences, and where in the document that is said.
    pub correction: Option<(String, Option<String>, String)>,
    /// What is to be done.
    pub tasks: Vec<ReadTask>,
    /// The record of which this program made it.
    pub own: Option<Uuid>,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is looked into.
    Reported,
    /// It is to be dealt with.
    Open,
    /// There is nothing to do, or nothing any more.
    Over,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct ReadTask {
    /// By what it is recognised.
    pub uuid: Uuid,
    /// Where it is in the document.
    pub place: String,
    /// One line, as far as the tool keeps to that.
    pub title: String,
    /// In many words.
    pub description: Option<String>,
    /// How one can tell that it is done.
    pub done_criteria: Option<String>,
    /// What was done, or what is in the way.
    pub outcome: Option<String>,
    /// By when it is to be done.
    pub due: Option<When>,
    /// What it is for, where our own property says so.
    pub kind: Option<Kind>,
    /// How soon it matters, where our own property says so.
    pub priority: Option<Priority>,
    /// E-mail addresses of those who do it.
    pub assignees: Vec<String>,
    /// Where it stands.
    pub state: TaskState,
    /// The record of which this program made it.
    pub own: Option<Uuid>,
}

/// Where a task stands; foreign plans say whether what it belongs to is completed, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// It is to be done.
    Open,
    /// Somebody is at it.
    InProgress,
    /// Something is in the way.
    Blocked,
    /// It is done.
    Done,
    /// It was done, or will not be.
    Over,
}

/// A day, as this program says it, or the moment by which something is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// On a day.
    On(NaiveDate),
    /// At a moment; which day that is, is for the organisation's time zone to say.
    At(DateTime<Utc>),
}

/// Reads a plan.
///
/// # Errors
/// It is no plan of OSCAL 1, or refers to what is not in it: each fault by its place.
pub(crate) fn plan(bytes: &[u8]) -> Result<ReadPlan, ApiError> {
    let Document { plan } = body::parse_object(bytes)?;
    let mut faults = Faults::default();
    if !plan.metadata.oscal_version.starts_with("1.") {
        let detail = "must be 1.x, such as 1.1.3";
        faults.push(Fault::new(format!("{PLAN}/metadata/oscal-version"), "unknown_value", detail));
    }
    if plan.items.is_empty() {
        faults.push(Fault::new(format!("{PLAN}/poam-items"), "length", "must hold an item at least"));
    }
    let parties = plan.metadata.parties.into_iter().map(|party| (party.uuid, party.addresses)).collect();
    let risks = plan.risks.into_iter().enumerate().map(|(index, risk)| (risk.uuid, (index, Rc::new(risk)))).collect();
    let observations = plan.observations.into_iter().map(|seen| (seen.uuid, seen)).collect();
    let mut reading = Reading { parties, risks, observations, seen: BTreeSet::new(), tasks: 0, faults };
    let items = plan.items.into_iter().enumerate().filter_map(|(index, item)| reading.item(index, item)).collect();
    if reading.tasks > TASKS {
        reading.faults.push(Fault::new(PLAN, "length", format!("must hold at most {TASKS} tasks")));
    }
    reading.faults.refuse()?;
    Ok(ReadPlan { items })
}

/// What the items of a document refer to, and what was found of them.
struct Reading {
    parties: BTreeMap<Uuid, Vec<String>>,
    /// With their places.
    risks: BTreeMap<Uuid, (usize, Rc<Risk>)>,
    observations: BTreeMap<Uuid, Observation>,
    /// Items and tasks, so that each is one: what two risks share is done once.
    seen: BTreeSet<Uuid>,
    tasks: usize,
    faults: Faults,
}

impl Reading {
    fn item(&mut self, index: usize, item: Item) -> Option<ReadItem> {
        let place = format!("{PLAN}/poam-items/{index}");
        let Some(uuid) = item.uuid else {
            let detail = "must say by what it is recognised when it is sent again";
            self.faults.push(Fault::new(format!("{place}/uuid"), "required", detail));
            return None;
        };
        if !self.seen.insert(uuid) {
            self.faults.push(Fault::new(format!("{place}/uuid"), "duplicate", "must be that of one item alone"));
            return None;
        }
        let mut named = Vec::new();
        for (nth, related) in item.related_risks.iter().enumerate() {
            match self.risks.get(&related.risk) {
                Some((at, risk)) => named.push((*at, Rc::clone(risk))),
                None => {
                    let pointer = format!("{place}/related-risks/{nth}/risk-uuid");
                    self.faults.push(Fault::new(pointer, "unknown_record", "names no risk of the plan"));
                }
            }
        }
        let is_ours = said(&item.properties, "reference").is_some();
        let (mut tasks, mut corrections) = (Vec::new(), Vec::new());
        for (at, risk) in &named {
            for (nth, remediation) in risk.remediations.iter().enumerate() {
                let place = format!("{PLAN}/risks/{at}/remediations/{nth}");
                if remediation.is_correction() {
                    corrections.extend(self.seen.insert(remediation.uuid).then_some((remediation, place)));
                } else if remediation.lifecycle != Lifecycle::Recommendation {
                    self.remediation(remediation, (&place, risk), is_ours, &mut tasks);
                }
            }
        }
        let risks: Vec<&Risk> = named.iter().map(|(_, risk)| risk.as_ref()).collect();
        let standing = standing(&item.properties, &risks, !tasks.is_empty());
        let deadline = risks.iter().filter_map(|risk| risk.deadline).min().map(When::At);
        let owners = risks.iter().flat_map(|risk| &risk.origins).flat_map(|origin| &origin.actors);
        let owners = self.addresses(owners.map(|actor| &actor.uuid));
        Some(ReadItem {
            uuid,
            evidence: self.evidence(&item, (&place, &named)),
            requirement: requirement(&item.properties, &risks),
            grade: own(&item.properties, "grade"),
            source: own(&item.properties, "source"),
            due: own(&item.properties, "due-on").map(When::On).or(deadline),
            owners,
            standing,
            correction: correction(corrections),
            tasks,
            own: made_of(&item.links, ("item", uuid)),
            title: item.title,
            statement: item.description,
            place,
        })
    }

    /// Where these parties are written to.
    fn addresses<'a>(&self, parties: impl Iterator<Item = &'a Uuid>) -> Vec<String> {
        parties.flat_map(|party| self.parties.get(party).into_iter().flatten().cloned()).take(PEOPLE).collect()
    }

    /// What shows it: what was observed, else what is said of its risks, else what it says itself.
    fn evidence(&self, item: &Item, (place, risks): (&str, &[(usize, Rc<Risk>)])) -> (String, String) {
        let related = risks.iter().flat_map(|(_, risk)| &risk.related_observations).chain(&item.related_observations);
        let (mut texts, mut seen) = (Vec::new(), BTreeSet::new());
        for related in related.filter(|related| seen.insert(related.observation)) {
            texts.extend(self.observations.get(&related.observation).map(|seen| seen.description.as_str()));
        }
        if !texts.is_empty() {
            return (paragraphs(texts), format!("{PLAN}/observations"));
        }
        match risks.first() {
            Some((at, _)) => {
                let texts = risks.iter().map(|(_, risk)| risk.description.as_str());
                (paragraphs(texts), format!("{PLAN}/risks/{at}/description"))
            }
            None => (item.description.clone(), format!("{place}/description")),
        }
    }

    /// What is planned: its tasks, or all of it where it has none. Of a plan of ours only tasks are actions: what stands
    /// above them is the cause.
    fn remediation(
        &mut self,
        planned: &Remediation,
        (place, risk): (&str, &Risk),
        is_ours: bool,
        tasks: &mut Vec<ReadTask>,
    ) {
        let due = risk.deadline.map(When::At);
        if planned.tasks.is_empty() && !is_ours {
            let whole = Task {
                uuid: planned.uuid,
                title: planned.title.clone(),
                description: Some(planned.description.clone()),
                properties: Vec::new(),
                links: Vec::new(),
                timing: None,
                roles: Vec::new(),
                remarks: planned.remarks.clone(),
                tasks: Vec::new(),
            };
            self.task(&whole, place.to_owned(), (planned, due), tasks);
        }
        for (nth, task) in planned.tasks.iter().enumerate() {
            self.task(task, format!("{place}/tasks/{nth}"), (planned, due), tasks);
        }
    }

    /// A task, and those that it is made of.
    fn task(&mut self, task: &Task, place: String, of: (&Remediation, Option<When>), tasks: &mut Vec<ReadTask>) {
        self.tasks += 1;
        if self.tasks > TASKS || !self.seen.insert(task.uuid) {
            return;
        }
        let (planned, deadline) = of;
        let state = said(&task.properties, "state");
        let is_ours = state.is_some();
        let state = match state {
            Some("in_progress") => TaskState::InProgress,
            Some("blocked") => TaskState::Blocked,
            Some("done" | "verified") => TaskState::Done,
            Some("cancelled") => TaskState::Over,
            None if planned.lifecycle == Lifecycle::Completed => TaskState::Over,
            Some(_) | None => TaskState::Open,
        };
        let remarks = task.remarks.clone();
        let described = task.description.clone();
        let (description, done_criteria, outcome) = match state {
            TaskState::Open | TaskState::InProgress if is_ours => (described, remarks, None),
            TaskState::Blocked | TaskState::Done | TaskState::Over => (described, None, remarks),
            TaskState::Open | TaskState::InProgress => {
                let texts = [described.as_deref().or(Some(&planned.description)), remarks.as_deref()];
                (Some(paragraphs(texts.into_iter().flatten())), None, None)
            }
        };
        let due = own(&task.properties, "due-on").map(When::On);
        let due = due.or_else(|| task.timing.as_ref().and_then(Timing::end).map(When::At)).or(deadline);
        let assignees = self.addresses(task.roles.iter().flat_map(|role| &role.parties));
        tasks.push(ReadTask {
            uuid: task.uuid,
            title: task.title.clone(),
            description,
            done_criteria,
            outcome,
            due,
            kind: own(&task.properties, "kind"),
            priority: own(&task.properties, "priority"),
            assignees,
            state,
            own: made_of(&task.links, ("task", task.uuid)),
            place: place.clone(),
        });
        for (nth, inner) in task.tasks.iter().enumerate() {
            self.task(inner, format!("{place}/tasks/{nth}"), (planned, due), tasks);
        }
    }
}

/// The record of which this program made the part, as its link says: no other id makes the part's.
fn made_of(links: &[Link], (name, made): (&str, Uuid)) -> Option<Uuid> {
    let named = links.iter().filter_map(|link| link.href.rsplit('/').next()?.parse().ok());
    named.into_iter().find(|id| part(*id, name) == made)
}

/// What our own property of this name says.
fn said<'a>(properties: &'a [Property], name: &str) -> Option<&'a str> {
    let ours = |property: &&Property| property.namespace.as_deref() == Some(OURS) && property.name == name;
    properties.iter().find(ours).map(|property| property.value.as_str())
}

/// The same, where it is one of the values that it can have.
fn own<T: FromStr>(properties: &[Property], name: &str) -> Option<T> {
    said(properties, name)?.parse().ok()
}

/// The first clause or control that the catalogue has: others are those of another framework.
fn requirement(properties: &[Property], risks: &[&Risk]) -> Option<String> {
    let all = properties.iter().chain(risks.iter().flat_map(|risk| &risk.properties));
    let named = all.filter(|property| property.name == "control-id").map(|property| number(&property.value));
    named.filter_map(catalogue::find).map(|requirement| requirement.number.to_owned()).next()
}

fn standing(properties: &[Property], risks: &[&Risk], is_planned: bool) -> Standing {
    match said(properties, "state") {
        Some("reported") => return Standing::Reported,
        Some("rejected" | "closed" | "void" | "duplicate") => return Standing::Over,
        Some(_) => return Standing::Open,
        None => {}
    }
    let all = |words: &[&str]| !risks.is_empty() && risks.iter().all(|risk| words.contains(&risk.status.as_str()));
    if all(&["closed", "deviation-approved"]) {
        Standing::Over
    } else if all(&["investigating"]) && !is_planned {
        Standing::Reported
    } else {
        Standing::Open
    }
}

fn correction(done: Vec<(&Remediation, String)>) -> Option<(String, Option<String>, String)> {
    let texts = paragraphs(done.iter().map(|(one, _)| one.description.as_str()));
    let remarks = paragraphs(done.iter().filter_map(|(one, _)| one.remarks.as_deref()));
    let (_, place) = done.into_iter().next()?;
    Some((texts, Some(remarks).filter(|text| !text.is_empty()), place))
}

/// One text of several. No more than a text may have is held, and a character that says so: what is referred to is small in
/// a document, and long where it is said.
fn paragraphs<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut whole = String::new();
    for text in texts {
        if !whole.is_empty() {
            whole.push_str("\n\n");
        }
        let room = (NARRATIVE + 1).saturating_sub(whole.chars().count());
        whole.extend(text.chars().take(room));
        if room <= text.len() && whole.chars().nth(NARRATIVE).is_some() {
            break;
        }
    }
    whole
}
