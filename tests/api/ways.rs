//! Where samples alone can lead a record: from its first state to one that knows a verb, by the published lifecycles.

use super::samples::{Aimed, Writing, writings};
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};

/// No way is longer.
const STEPS: usize = 12;

/// Verbs to whose states samples alone do not lead: the tests of their own records try them. A verb that samples reach
/// does not stand here.
pub const BY_HAND: &[&str] = &[
    "achieve_objective",
    "add_addendum_management_review",
    "approve_change",
    "approve_management_review",
    "approve_objective",
    "close_change",
    "close_incident",
    "close_weakness",
    "complete_change",
    "contain_incident",
    "decide_management_review",
    "involve_personal_data_incident",
    "miss_objective",
    "notify_authority_incident",
    "record_transfer_evidence",
    "reject_objective",
    "resend_webhook_delivery",
    "resolve_incident",
    "review_change",
    "review_incident",
    "revise_objective",
    "roll_back_change",
    "schedule_change",
    "settle_ticket_action",
    "start_change",
    "ticket_action",
    "waive_notification_incident",
];

pub struct Ways {
    pub writings: Vec<Writing>,
    tables: Vec<Value>,
    /// A member who stands wherever a sample names a record.
    somebody: String,
}

impl Ways {
    /// On a day that samples name, with every exception that the organisation may document.
    pub async fn of(api: &Api) -> Self {
        let day = chrono::DateTime::parse_from_rfc3339("2026-07-01T12:00:00Z").unwrap();
        api.wait(day.to_utc() - api.now());
        super::settings::relax_everything(api).await;
        let tables = api.by(Role::Auditor).await.get("/v1/catalogue/lifecycles").await.expect(200).body;
        let tables = tables["items"].as_array().unwrap().clone();
        Self { writings: writings(), tables, somebody: api.member_id(Role::Management).await }
    }

    /// Every verb of every record.
    pub fn verbs(&self) -> impl Iterator<Item = &Writing> {
        self.writings.iter().filter(|writing| writing.is_verb())
    }

    /// Aimed at something that is there, and a verb at a record that knows it.
    pub async fn aim<'a>(&'a self, api: &'a Api, writing: &'a Writing) -> Aimed<'a> {
        let led = if writing.is_verb() { self.lead(api, writing).await } else { None };
        match led {
            Some((aimed, _)) => aimed,
            None => writing.aim(api).await,
        }
    }

    /// The verb aimed at a record that obeys it now, and the body; none where samples lead to no such record.
    pub async fn lead<'a>(&'a self, api: &'a Api, verb: &'a Writing) -> Option<(Aimed<'a>, Value)> {
        let aimed = verb.aim(api).await;
        for _ in 0..STEPS {
            let record = aimed.caller.get(&aimed.record()).await.expect(200).body;
            let state = self.state(verb, &record);
            // Where no verb leads on, another record's may.
            let step = if self.knows(verb, state) { Some(verb) } else { self.toward(verb, state) };
            self.prepare(api, step.unwrap_or(verb), &aimed.record()).await;
            match step {
                Some(step) if step.id == verb.id => return self.accepted(api, &aimed).await.map(|body| (aimed, body)),
                Some(step) => self.walk(api, step, &aimed.record()).await?,
                None => {}
            }
        }
        None
    }

    /// Does it to that record, when the sample can.
    async fn walk(&self, api: &Api, step: &Writing, record: &str) -> Option<()> {
        let passage = step.aim_at(api, record).await;
        let body = self.accepted(api, &passage).await?;
        passage.caller.post(&passage.path, body).await.expect(200);
        Some(())
    }

    /// What a verb asks for beside the right state. A line for each that does.
    async fn prepare(&self, api: &Api, verb: &Writing, record: &str) {
        let reference = record.rsplit('/').next().unwrap();
        let first = match verb.id.as_str() {
            "answer_employee_report" => "ask_employee_report",
            "close_calendar_link_member" => "open_calendar_link_member",
            "end_delegation_member" => "delegate_member",
            "close_report_link_settings" => "open_report_link_settings",
            // There is something to hand over afterwards.
            "deactivate_member" => return drop(super::responsibilities::case_of(api, reference).await),
            "release_competence" => "assess_competence",
            "unlink_ticket_action" => return super::ticket_connections::link(api, reference).await,
            "start_audit" => return super::audits::make_ready(api, reference).await,
            "revise_item_audit" | "drop_item_audit" | "check_item_audit" => {
                return super::audits::ask(api, reference).await;
            }
            "draw_sample_audit" => {
                super::audits::ask(api, reference).await;
                return drop(super::nonconformities::raise(api).await);
            }
            "report_audit" => return super::audits::look_at_everything(api, reference).await,
            "raise_finding" => return super::findings::issue(api, reference).await,
            "implement_nonconformity" => return super::actions::done(api, reference).await,
            "reaffirm_policy" => return drop(super::policy_versions::publish_next(api, reference).await),
            _ => return,
        };
        let step = self.writings.iter().find(|writing| writing.id == first).unwrap();
        self.walk(api, step, record).await.unwrap_or_else(|| panic!("{first} leads nowhere"));
    }

    /// Whether a record as it is knows the verb.
    pub fn is_known(&self, verb: &Writing, record: &Value) -> bool {
        self.knows(verb, self.state(verb, record))
    }

    fn knows(&self, verb: &Writing, state: &str) -> bool {
        self.edges(verb).any(|edge| edge["from"] == state && edge["verb"] == name(verb))
    }

    /// Its state; what has one state alone does not say it.
    fn state<'a>(&'a self, verb: &Writing, record: &'a Value) -> &'a str {
        record["state"].as_str().or(self.table(verb)["states"][0].as_str()).unwrap()
    }

    fn edges(&self, verb: &Writing) -> impl Iterator<Item = &Value> {
        self.table(verb)["edges"].as_array().unwrap().iter()
    }

    fn table(&self, verb: &Writing) -> &Value {
        let stem = verb.path.split('/').nth(2).unwrap().replace('-', "_");
        self.tables.iter().find(|table| table["resource"] == *stem).unwrap_or_else(|| panic!("{stem}"))
    }

    /// The first step of the shortest way from a state to one that knows the verb.
    fn toward(&self, verb: &Writing, state: &str) -> Option<&Writing> {
        let mut waiting = VecDeque::from([(state, None)]);
        let mut seen = BTreeSet::from([state]);
        while let Some((at, first)) = waiting.pop_front() {
            if self.knows(verb, at) {
                return self.writings.iter().find(|writing| Some(writing.path.as_str()) == first.as_deref());
            }
            for edge in self.edges(verb).filter(|edge| edge["from"] == at && edge["verb"].is_string()) {
                let to = edge["to"].as_str().unwrap();
                if seen.insert(to) {
                    let path = verb.path.replace(name(verb), edge["verb"].as_str().unwrap());
                    waiting.push_back((to, Some(first.clone().unwrap_or(path))));
                }
            }
        }
        None
    }

    /// The sample, with what is fixed as the record has it and without what it does not take as it is; none when it is
    /// refused all the same.
    async fn accepted(&self, api: &Api, aimed: &Aimed<'_>) -> Option<Value> {
        let sample = aimed.writing.sample.to_string().replace(&uuid::Uuid::nil().to_string(), &self.somebody);
        let mut body: Value = serde_json::from_str(&sample).unwrap();
        if aimed.writing.id.starts_with("mark_duplicate_") {
            // Another one that is still dealt with: the sample's may have come to its end.
            body["of"] = super::contract::target(api, &aimed.writing.path).await.into();
        }
        for _ in 0..10 {
            let (answer, _) = aimed.send(Some("application/json"), body.to_string()).await;
            match answer.status {
                200 => return Some(body),
                422 => {}
                _ => return None,
            }
            let mut gone: BTreeSet<String> = BTreeSet::new();
            for fault in answer.faults() {
                let (pointer, code) = fault.split_once(' ').unwrap();
                if code == "fixed" {
                    let record = aimed.caller.get(&aimed.record()).await.expect(200).body;
                    *body.pointer_mut(pointer)? = record.pointer(pointer)?.clone();
                    continue;
                }
                let member = pointer.split('/').nth(1)?;
                // Another fault of the same answer has taken it away as a whole.
                if gone.contains(member) {
                    continue;
                }
                leave_out(&mut body, pointer)?;
                if body.get(member).is_none() {
                    gone.insert(member.to_owned());
                }
            }
        }
        None
    }
}

/// Takes the member away that a fault names: of an item the whole list, of what is missing what it is missing in.
fn leave_out(body: &mut Value, pointer: &str) -> Option<()> {
    let (parent, member) = pointer.rsplit_once('/')?;
    let found = body.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|members| members.remove(member));
    if found.is_some() { Some(()) } else { leave_out(body, parent) }
}

/// The verb, as in the address.
fn name(verb: &Writing) -> &str {
    verb.path.rsplit('/').next().unwrap()
}
