//! What an audit has found, as assessment results.

use super::{Around, control, part, party, property, said};
use chrono::{DateTime, Utc};
use ratchet_domain::audits::{Audit, Check, Item, Party, Stage};
use ratchet_domain::findings::{Finding, Grade};
use ratchet_domain::id::MemberId;
use ratchet_domain::settings::Rules;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// An audit, and what it has found.
pub(crate) struct Results<'a> {
    /// The audit.
    pub audit: &'a Audit,
    /// Its findings, by reference, without those that were withdrawn.
    pub findings: &'a [Finding],
    /// When its days begin.
    /// Clauses and controls of which some finding says that they are not met, whoever may read it: nobody is told that they are.
    pub unmet: &'a BTreeSet<String>,
    pub rules: &'a Rules,
}

impl Results<'_> {
    /// Who is named in it.
    pub(crate) fn people(&self) -> BTreeSet<MemberId> {
        let team = self.audit.team.iter().map(|auditor| &auditor.party);
        let checkers = self.audit.items.iter().filter_map(|item| item.check.as_ref()).map(|check| &check.auditor);
        team.chain(checkers)
            .filter_map(|party| match party {
                Party::Member { id } => Some(*id),
                Party::Outside { .. } => None,
            })
            .collect()
    }

    /// The document.
    pub(crate) fn document(&self, around: &Around) -> Value {
        let Audit { head, title, scope, starts_on, criteria, stage, .. } = self.audit;
        let at = self.findings.iter().map(|finding| finding.head.updated_at).chain([head.updated_at]).max();
        let (plan, report) = (part(head.id, "plan"), stage.report().map(|(report, _)| report));
        let outsiders: BTreeMap<Uuid, &str> =
            self.audit.team.iter().filter_map(|auditor| self.outsider(&auditor.party)).collect();
        let outsiders: Vec<(Uuid, &str)> = outsiders.into_iter().collect();
        let summary = report.map(|report| report.summary.as_str()).or(scope.as_deref()).unwrap_or(title);
        said(json!({ "assessment-results": {
            "uuid": part(head.id, "results"),
            "metadata": around.metadata(title, (head.version, at.unwrap_or(head.updated_at)), &outsiders),
            "import-ap": { "href": format!("#{plan}") },
            "results": [{
                "uuid": part(head.id, "result"),
                "title": title,
                "description": summary,
                "start": self.rules.start_of(*starts_on),
                "end": ended_at(stage),
                "props": [property("reference", &head.reference.to_string()), property("state", stage.name().into())],
                "links": [around.link::<Audit>(head)],
                "reviewed-controls": { "control-selections": [selection(&criteria.requirements)] },
                "observations": self.observations(),
                "findings": self.findings(around),
                "remarks": report.map(|report| report.conclusion.as_str()),
            }],
            "back-matter": { "resources": [{
                "uuid": plan,
                "title": format!("Plan of the audit: {title}"),
                "description": scope,
                "rlinks": [{ "href": around.link::<Audit>(head)["href"] }],
            }] },
        }}))
    }

    /// The id and the name of somebody without a login.
    fn outsider<'p>(&self, of: &'p Party) -> Option<(Uuid, &'p str)> {
        match of {
            Party::Member { .. } => None,
            Party::Outside { name, .. } => Some((self.party(of), name)),
        }
    }

    fn party(&self, of: &Party) -> Uuid {
        match of {
            Party::Member { id } => party(*id),
            Party::Outside { name, .. } => part(self.audit.head.id, &format!("party {name}")),
        }
    }

    /// The id of what was seen of an item.
    fn observation(&self, number: i64) -> Uuid {
        part(self.audit.head.id, &format!("item {number}"))
    }

    /// The items that somebody has judged.
    fn judged(&self) -> impl Iterator<Item = (&Item, &Check)> {
        let checked = self.audit.items.iter().filter_map(|item| Some((item, item.check.as_ref()?)));
        checked.filter(|(_, check)| check.outcome.is_judged())
    }

    fn observations(&self) -> Vec<Value> {
        let seen = |(item, check): (&Item, &Check)| {
            let evidence = check.evidence.as_ref().map(|evidence| json!({ "description": evidence }));
            json!({
                "uuid": self.observation(item.number),
                "title": format!("Item {}", item.number),
                "description": item.question,
                "props": [property("outcome", check.outcome.into())],
                // How it was found out is said in words here.
                "methods": ["UNKNOWN"],
                "origins": [{ "actors": [{ "type": "party", "actor-uuid": self.party(&check.auditor) }] }],
                "relevant-evidence": evidence.into_iter().collect::<Vec<_>>(),
                "collected": check.at,
                "remarks": check.notes.as_deref().or(item.how.as_deref()),
            })
        };
        self.judged().map(seen).collect()
    }

    /// The audit's findings, and each clause or control that was looked at without one that says that it is not met.
    fn findings(&self, around: &Around) -> Vec<Value> {
        let noted = self.findings.iter().map(|finding| self.finding(finding, around));
        let mut looked_at: BTreeMap<&str, Vec<(&Item, &Check)>> = BTreeMap::new();
        for (item, check) in self.judged() {
            if let Some(requirement) =
                item.requirement.as_deref().filter(|requirement| !self.unmet.contains(*requirement))
            {
                looked_at.entry(requirement).or_default().push((item, check));
            }
        }
        let conforms = |items: &[(&Item, &Check)]| items.iter().all(|(_, check)| !check.outcome.is_nonconforming());
        let met = looked_at.into_iter().filter(|(_, items)| conforms(items)).map(|(requirement, items)| {
            let items: Vec<i64> = items.iter().map(|(item, _)| item.number).collect();
            json!({
                "uuid": part(self.audit.head.id, &format!("met {requirement}")),
                "title": format!("{requirement} is met"),
                "description": "Every item about it that was judged conforms.",
                "target": target(Some(requirement), true),
                "related-observations": self.related(&items),
            })
        });
        noted.chain(met).collect()
    }

    fn finding(&self, finding: &Finding, around: &Around) -> Value {
        let Finding { head, item, title, statement, evidence, requirement, grade, .. } = finding;
        let seen: Vec<i64> =
            item.iter().copied().filter(|number| self.judged().any(|(item, _)| item.number == *number)).collect();
        let reference = property("reference", &head.reference.to_string());
        let graded = grade.map(|grade| property("grade", grade.into()));
        json!({
            "uuid": part(head.id, "finding"),
            "title": title,
            "description": statement,
            "props": std::iter::once(reference).chain(graded).collect::<Vec<_>>(),
            "links": [around.link::<Finding>(head)],
            "target": target(requirement.as_deref(), !is_unmet(finding)),
            "related-observations": self.related(&seen),
            "remarks": evidence,
        })
    }

    fn related(&self, items: &[i64]) -> Vec<Value> {
        items.iter().map(|item| json!({ "observation-uuid": self.observation(*item) })).collect()
    }
}

/// Whether it says that something is not met. What is not graded yet may.
pub(crate) fn is_unmet(finding: &Finding) -> bool {
    finding.grade.is_none_or(Grade::is_nonconforming)
}

/// What a finding is about; without a clause or control it is the system as a whole [4.4].
fn target(requirement: Option<&str>, is_met: bool) -> Value {
    let requirement = requirement.unwrap_or("4.4");
    let (state, reason) = if is_met { ("satisfied", "pass") } else { ("not-satisfied", "fail") };
    json!({
        "type": "objective-id",
        "target-id": control(requirement),
        "title": requirement,
        "status": { "state": state, "reason": reason },
    })
}

fn selection(requirements: &[String]) -> Value {
    if requirements.is_empty() {
        return json!({ "include-all": {} });
    }
    let selected = requirements.iter().map(|requirement| json!({ "control-id": control(requirement) }));
    json!({ "include-controls": selected.collect::<Vec<_>>() })
}

/// When it was reported.
fn ended_at(stage: &Stage) -> Option<DateTime<Utc>> {
    stage.report().map(|(report, _)| report.at)
}
