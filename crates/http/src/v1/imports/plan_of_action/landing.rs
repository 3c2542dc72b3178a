//! Items of a plan on their way to become records.

use super::receipt::{PartOutcome, PartRecord, PlanItem, PlanReceipt, PlanTask};
use crate::error::ApiError;
use crate::oscal::reading::{ReadItem, ReadPlan, ReadTask, Standing, TaskState, When};
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::actions::{Action, ActionDraft, Kind, Priority};
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::MemberId;
use ratchet_domain::nonconformities::{Confirm, Contain, Grade, Nonconformity, NonconformityDraft, Source};
use ratchet_domain::reference::{Prefix, Target};
use ratchet_domain::refusal::{Fault, Faults, Refusal};
use ratchet_domain::settings::Rules;
use ratchet_domain::text::{TITLE, line};
use ratchet_persistence::journal::Receipt;
use ratchet_persistence::table::{Guarded, Table};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{imports, settings};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What is taken where the plan does not say.
pub(super) struct Defaults {
    /// Who answers for it.
    pub owner: MemberId,
    /// How grave it is.
    pub grade: Grade,
    /// By when it is to be done.
    pub due_on: Option<NaiveDate>,
}

/// Said of what was done at once, of whose consequences the plan says nothing.
const NO_CONSEQUENCES: &str = "The plan that this was taken from says nothing of consequences.";

pub(super) fn land(
    plan: ReadPlan,
    defaults: Defaults,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<(PlanReceipt, Option<Receipt>), ApiError> {
    // The same plan sent twice at once is not taken twice.
    tx.enter(by.organisation.0)?;
    let rules = settings::rules(by.organisation, tx.connection())?;
    let tasks = || plan.items.iter().flat_map(|item| &item.tasks);
    let items = plan.items.iter().map(|item| (item.uuid, item.own)).collect();
    let cases = known::<Nonconformity>(items, by, tx)?;
    let actions = known::<Action>(tasks().map(|task| (task.uuid, task.own)).collect(), by, tx)?;
    let named = plan.items.iter().flat_map(|item| &item.owners).chain(tasks().flat_map(|task| &task.assignees));
    let named: BTreeSet<String> = named.cloned().collect();
    let people = imports::people(by.organisation, &named, tx.connection())?;
    let mut landing = Landing { defaults, rules, people, actions, by, faults: Faults::default(), last: None };
    let mut told = Vec::new();
    for item in plan.items {
        let before = cases.get(&item.uuid);
        told.push(landing.take(item, before, tx)?);
    }
    landing.faults.refuse()?;
    Ok((PlanReceipt::of(told), landing.last))
}

/// The records that are here already of these parts: they were taken over before, or the plan was made of them.
fn known<T: Table>(
    parts: Vec<(Uuid, Option<Uuid>)>,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<HashMap<Uuid, T>, ApiError> {
    let ids: Vec<Uuid> = parts.iter().map(|(part, _)| *part).collect();
    let mut made = imports::of_plans(by.organisation, T::PREFIX, &ids, tx.connection())?;
    for (part, own) in parts {
        if let Some(own) = own {
            made.entry(part).or_insert(own);
        }
    }
    let ids: Vec<Uuid> = made.values().copied().collect();
    let found = T::many(by.organisation, &ids, tx.connection())?;
    let found: HashMap<Uuid, T> = found.into_iter().map(|record| (record.head().id, record)).collect();
    Ok(made.into_iter().filter_map(|(part, record)| Some((part, found.get(&record)?.clone()))).collect())
}

/// Items on their way.
struct Landing<'a> {
    defaults: Defaults,
    rules: Rules,
    /// Whom addresses name.
    people: HashMap<String, (MemberId, bool)>,
    /// By task.
    actions: HashMap<Uuid, Action>,
    by: &'a Actor,
    faults: Faults,
    last: Option<Receipt>,
}

impl Landing<'_> {
    fn take(&mut self, item: ReadItem, before: Option<&Nonconformity>, tx: &mut Tx<'_>) -> Result<PlanItem, ApiError> {
        let (uuid, pointer) = (item.uuid, item.place.clone());
        let told = |outcome, nonconformity, tasks| PlanItem { uuid, pointer, outcome, nonconformity, tasks };
        if let Some(case) = before {
            tx.enter(case.head.id)?;
            let is_told = case.is_visible(self.by);
            let takes = case.takes_actions().filter(|_| !case.is_withheld(self.by));
            let tasks = self.plan(item.tasks, case, takes, tx)?;
            return Ok(told(PartOutcome::Known, is_told.then(|| PartRecord::of(case)), tasks));
        }
        if item.standing == Standing::Over {
            return Ok(told(PartOutcome::PassedOver, None, Vec::new()));
        }
        let Some(case) = self.raise(&item, tx)? else {
            return Ok(told(PartOutcome::PassedOver, None, Vec::new()));
        };
        imports::keep_of_plan(self.by.organisation, uuid, (Prefix::Nonconformity, case.head.id), tx.connection())?;
        let tasks = self.plan(item.tasks, &case, case.takes_actions(), tx)?;
        Ok(told(PartOutcome::Made, Some(PartRecord::of(&case)), tasks))
    }

    /// The nonconformity, as far as the plan says that it is one; nothing of an item that has faults.
    fn raise(&mut self, item: &ReadItem, tx: &mut Tx<'_>) -> Result<Option<Nonconformity>, ApiError> {
        let (title, statement) = titled(&item.title, item.statement.clone());
        let draft = NonconformityDraft {
            title,
            statement,
            objective_evidence: item.evidence.0.clone(),
            source: item.source.unwrap_or(Source::External),
            origin: None,
            requirement: item.requirement.clone(),
            indicators: Vec::new(),
            due_on: item.due.map(|due| self.day(due)),
        };
        let birth = tx.birth(Prefix::Nonconformity)?;
        let place = |pointer: &str| match pointer {
            "/statement" => format!("{}/description", item.place),
            "/objective_evidence" => item.evidence.1.clone(),
            _ => format!("{}{pointer}", item.place),
        };
        let Some(case) = self.save(Nonconformity::raise(draft, self.by, birth), place, tx)? else { return Ok(None) };
        if item.standing == Standing::Reported {
            return Ok(Some(case));
        }
        let confirm = Confirm { grade: item.grade.unwrap_or(self.defaults.grade), owner: self.member(&item.owners) };
        let facts = tx.facts(&case)?;
        let change = case.confirm(confirm, &facts, self.by, tx.now());
        let Some(case) = self.save(change, place, tx)? else { return Ok(None) };
        let Some((correction, consequences, at)) = item.correction.clone() else { return Ok(Some(case)) };
        let consequences = consequences.unwrap_or_else(|| NO_CONSEQUENCES.to_owned());
        let change = case.contain(Contain { correction, consequences }, &facts, self.by, tx.now());
        let place = |pointer: &str| match pointer {
            "/consequences" => format!("{at}/remarks"),
            _ => format!("{at}/description"),
        };
        self.save(change, place, tx)
    }

    /// The actions of a case that takes them in this attempt, or takes none.
    fn plan(
        &mut self,
        tasks: Vec<ReadTask>,
        case: &Nonconformity,
        attempt: Option<i64>,
        tx: &mut Tx<'_>,
    ) -> Result<Vec<PlanTask>, ApiError> {
        let mut told = Vec::new();
        for task in tasks {
            let (uuid, pointer) = (task.uuid, task.place.clone());
            let known = self.actions.get(&uuid);
            let (outcome, action) = match (known, attempt) {
                (Some(action), _) => (PartOutcome::Known, action.is_visible(self.by).then(|| PartRecord::of(action))),
                (None, Some(attempt)) if task.state != TaskState::Over => {
                    let action = self.action(task, (Target::of(case), attempt), tx)?;
                    (PartOutcome::Made, action.map(|action| PartRecord::of(&action)))
                }
                (None, _) => (PartOutcome::PassedOver, None),
            };
            told.push(PlanTask { uuid, pointer, outcome, action });
        }
        Ok(told)
    }

    fn action(
        &mut self,
        task: ReadTask,
        (parent, attempt): (Target, i64),
        tx: &mut Tx<'_>,
    ) -> Result<Option<Action>, ApiError> {
        let ReadTask {
            uuid,
            place,
            title,
            description,
            done_criteria,
            outcome,
            due,
            kind,
            priority,
            assignees,
            state,
            ..
        } = task;
        let Some(due_on) = due.map(|due| self.day(due)).or(self.defaults.due_on) else {
            let detail = "must say by when, or due_on must say so for all that have no day";
            self.faults.push(Fault::new(format!("{place}/timing"), "required", detail));
            return Ok(None);
        };
        let (title, description) = match description {
            Some(description) => {
                let (title, description) = titled(&title, description);
                (title, Some(description))
            }
            None => (line(&title), None),
        };
        let draft = ActionDraft {
            title,
            description,
            kind: kind.unwrap_or(Kind::Corrective),
            parent,
            attempt,
            assignee: self.member(&assignees),
            due_on,
            priority: priority.unwrap_or(Priority::Medium),
            done_criteria,
            indicators: Vec::new(),
        };
        let birth = tx.birth(Prefix::Action)?;
        let at = place.clone();
        let place = |pointer: &str| match pointer {
            "/due_on" => format!("{at}/timing"),
            "/done_criteria" | "/summary" | "/reason" => format!("{at}/remarks"),
            _ => format!("{at}{pointer}"),
        };
        let today = self.rules.today(tx.now());
        let planned = Action::take_over(draft, today, self.by, birth);
        let Some(action) = self.save(planned, place, tx)? else { return Ok(None) };
        imports::keep_of_plan(self.by.organisation, uuid, (Prefix::Action, action.head.id), tx.connection())?;
        let facts = tx.facts(&action)?;
        let (by, now) = (self.by, tx.now());
        match state {
            TaskState::Open | TaskState::Over => Ok(Some(action)),
            TaskState::Done => {
                let summary = outcome.unwrap_or_else(|| action.title.clone());
                self.save(action.complete(summary, &facts, by, now), place, tx)
            }
            TaskState::InProgress => self.save(action.start(&facts, by, now), place, tx),
            TaskState::Blocked => {
                let Some(action) = self.save(action.start(&facts, by, now), place, tx)? else { return Ok(None) };
                match outcome {
                    Some(reason) => self.save(action.block(reason, &facts, by, now), place, tx),
                    None => Ok(Some(action)),
                }
            }
        }
    }

    /// Stores what was decided, or notes its faults where the plan says what has them.
    fn save<T: Guarded>(
        &mut self,
        decided: Result<Change<T>, Refusal>,
        place: impl Fn(&str) -> String,
        tx: &mut Tx<'_>,
    ) -> Result<Option<T>, ApiError> {
        match decided {
            Ok(change) => {
                let (record, receipt) = tx.save(change)?;
                self.last = Some(receipt);
                Ok(Some(record))
            }
            Err(Refusal::Invalid(faults)) => {
                for fault in faults {
                    self.faults.push(Fault { pointer: place(&fault.pointer), ..fault });
                }
                Ok(None)
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The first of those who are members here and can act, or whoever answers for the rest.
    fn member(&self, addresses: &[String]) -> MemberId {
        let found = addresses.iter().filter_map(|address| self.people.get(address));
        let mut found = found.filter(|(_, active)| *active).map(|(member, _)| *member);
        found.next().unwrap_or(self.defaults.owner)
    }

    fn day(&self, when: When) -> NaiveDate {
        match when {
            When::On(day) => day,
            When::At(moment) => self.rules.today(moment),
        }
    }
}

/// A title that fits, and with it in many words what did not.
fn titled(title: &str, rest: String) -> (String, String) {
    if title.chars().nth(TITLE).is_some() {
        return (line(title), format!("{title}\n\n{rest}"));
    }
    (line(title), rest)
}
