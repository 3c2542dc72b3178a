//! Which actions become tickets by themselves.

use crate::actions::{Action, Kind, Priority, StageName};
use crate::id::MemberId;
use crate::nonconformities::{Grade, Source};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults};
use crate::text;
use serde::{Deserialize, Serialize};

/// Rules of a connection, at most.
pub const RULES: usize = 20;
/// What a rule names of each sort, at most.
const NAMED: usize = 50;

/// Which actions become tickets by themselves: those of which all holds that is said, while they are not done. What names nothing holds
/// of every action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketRule))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Of one of these kinds.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!(["corrective"]), max_items = 50))]
    pub kinds: Vec<Kind>,
    /// In one of these states: `in_progress` alone makes a ticket of what somebody has begun with.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!(["open", "in_progress"]), max_items = 50))]
    pub states: Vec<StageName>,
    /// As urgent as one of these.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!(["high", "urgent"]), max_items = 50))]
    pub priorities: Vec<Priority>,
    /// Assigned to one of these members.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!([]), max_items = 50))]
    pub assignee_ids: Vec<MemberId>,
    /// Serving a record of one of these kinds.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!(["nonconformity"]), max_items = 50))]
    pub parent_kinds: Vec<String>,
    /// Serving a nonconformity of one of these grades.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!(["major"]), max_items = 50))]
    pub grades: Vec<Grade>,
    /// Serving an incident of one of these severities, 1 to 4.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!([]), max_items = 50))]
    pub severities: Vec<i64>,
    /// Serving a nonconformity or an improvement that was noticed there.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!(["audit", "indicator"]), max_items = 50))]
    pub sources: Vec<Source>,
    /// With one of these tags, or serving a record with one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!([]), max_items = 50))]
    pub tags: Vec<String>,
}

/// What a rule asks of an action beyond the action itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The grade of the nonconformity that it serves.
    pub grade: Option<Grade>,
    /// The severity of the incident that it serves.
    pub severity: Option<i64>,
    /// Where what it serves was noticed.
    pub source: Option<Source>,
    /// The tags that it has, and those of the record that it serves.
    pub tags: Vec<String>,
}

impl Rule {
    /// Whether what it says of the action, and of what is around that, holds.
    #[must_use]
    pub fn takes(&self, action: &Action, around: &Circumstances) -> bool {
        let Self { kinds, states, priorities, assignee_ids, parent_kinds, grades, severities, sources, tags } = self;
        let parent = action.parent.kind.kind();
        (kinds.is_empty() || kinds.contains(&action.kind))
            && (states.is_empty() || states.contains(&action.stage.name()))
            && (priorities.is_empty() || priorities.contains(&action.priority))
            && (assignee_ids.is_empty() || assignee_ids.contains(&action.assignee))
            && (parent_kinds.is_empty() || parent_kinds.iter().any(|kind| kind == parent))
            && (grades.is_empty() || around.grade.is_some_and(|grade| grades.contains(&grade)))
            && (severities.is_empty() || around.severity.is_some_and(|severity| severities.contains(&severity)))
            && (sources.is_empty() || around.source.is_some_and(|source| sources.contains(&source)))
            && (tags.is_empty() || around.tags.iter().any(|tag| tags.contains(tag)))
    }

    /// How many are named of each sort.
    fn counts(&self) -> [(&'static str, usize); 9] {
        let Self { kinds, states, priorities, assignee_ids, parent_kinds, grades, severities, sources, tags } = self;
        [
            ("kinds", kinds.len()),
            ("states", states.len()),
            ("priorities", priorities.len()),
            ("assignee_ids", assignee_ids.len()),
            ("parent_kinds", parent_kinds.len()),
            ("grades", grades.len()),
            ("severities", severities.len()),
            ("sources", sources.len()),
            ("tags", tags.len()),
        ]
    }

    fn note_faults(&self, pointer: &str, faults: &mut Faults) {
        let counts = self.counts();
        if counts.iter().all(|(_, count)| *count == 0) {
            faults.push(Fault::new(pointer, "required", "must say something: else each action becomes a ticket"));
        }
        for (name, _) in counts.into_iter().filter(|(_, count)| *count > NAMED) {
            faults.push(Fault::new(format!("{pointer}/{name}"), "length", format!("must be at most {NAMED}")));
        }
        for (place, state) in self.states.iter().enumerate().take(NAMED) {
            if matches!(state, StageName::Done | StageName::Verified | StageName::Cancelled) {
                let detail = "must be a state of what is not done: open, in_progress, blocked";
                faults.push(Fault::new(format!("{pointer}/states/{place}"), "not_allowed", detail));
            }
        }
        for (place, kind) in self.parent_kinds.iter().enumerate().take(NAMED) {
            if Prefix::of_kind(kind).is_none() {
                let detail = "must be a kind of record, such as nonconformity";
                faults.push(Fault::new(format!("{pointer}/parent_kinds/{place}"), "unknown_kind", detail));
            }
        }
        for (place, severity) in self.severities.iter().enumerate().take(NAMED) {
            faults.keep(text::graded(&format!("{pointer}/severities/{place}"), *severity, 1..=4));
        }
        for (place, tag) in self.tags.iter().enumerate().take(NAMED) {
            faults.keep(text::title(&format!("{pointer}/tags/{place}"), tag));
        }
    }
}

/// Every fault of rules that people write, where these stand.
pub fn note_rules(at: &str, rules: &[Rule], faults: &mut Faults) {
    if rules.len() > RULES {
        faults.push(Fault::new(at, "length", format!("must be at most {RULES}")));
    }
    for (index, rule) in rules.iter().enumerate().take(RULES) {
        rule.note_faults(&format!("{at}/{index}"), faults);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::tests::open;
    use crate::fixtures::{faults_of, member};

    fn faults(rules: &[Rule]) -> Vec<String> {
        let mut faults = Faults::default();
        note_rules("/rules", rules, &mut faults);
        faults_of(faults.refuse())
    }

    /// Each thing that a rule says must hold; what it names is any of these.
    #[test]
    fn all_that_is_said_must_hold() {
        let action = open();
        let around = Circumstances {
            grade: Some(Grade::Major),
            severity: Some(2),
            source: Some(Source::Audit),
            tags: vec!["laptops".into()],
        };
        let none = Rule::default;
        let holds = [
            Rule { kinds: vec![Kind::Correction, Kind::Corrective], ..none() },
            Rule { priorities: vec![Priority::High], ..none() },
            Rule { assignee_ids: vec![member(4), member(3)], ..none() },
            Rule { parent_kinds: vec!["nonconformity".into()], ..none() },
            Rule { grades: vec![Grade::Major], ..none() },
            Rule { states: vec![StageName::InProgress, StageName::Open], ..none() },
            Rule { severities: vec![1, 2], ..none() },
            Rule { sources: vec![Source::Audit], ..none() },
            Rule { tags: vec!["servers".into(), "laptops".into()], ..none() },
        ];
        let fails = [
            Rule { kinds: vec![Kind::Correction], ..none() },
            Rule { priorities: vec![Priority::Urgent], ..none() },
            Rule { assignee_ids: vec![member(4)], ..none() },
            Rule { parent_kinds: vec!["incident".into()], ..none() },
            Rule { grades: vec![Grade::Minor], ..none() },
            Rule { states: vec![StageName::InProgress], ..none() },
            Rule { severities: vec![3], ..none() },
            Rule { sources: vec![Source::Employee], ..none() },
            Rule { tags: vec!["Laptops".into()], ..none() },
        ];
        for (at, rule) in holds.iter().enumerate() {
            assert!(rule.takes(&action, &around), "{at}");
            assert!(!fails[at].takes(&action, &around), "{at}");
        }
        let both = Rule { kinds: vec![Kind::Corrective], grades: vec![Grade::Minor], ..none() };
        assert!(!both.takes(&action, &around));
        // What serves no graded case is of no grade, and so on.
        for at in [4, 6, 7, 8] {
            assert!(!holds[at].takes(&action, &Circumstances::default()), "{at}");
        }
    }

    #[test]
    fn a_rule_says_something() {
        let good = Rule { kinds: vec![Kind::Corrective], ..Rule::default() };
        let mut none = Faults::default();
        note_rules("/rules", std::slice::from_ref(&good), &mut none);
        assert_eq!(none.refuse(), Ok(()));
        assert_eq!(faults(&[good.clone(), Rule::default()]), ["/rules/1 required"]);
        let unknown = Rule { parent_kinds: vec!["case".into()], tags: vec![" ".into()], ..Rule::default() };
        assert_eq!(faults(&[unknown]), ["/rules/0/parent_kinds/0 unknown_kind", "/rules/0/tags/0 blank"]);
        let over = Rule { states: vec![StageName::Open, StageName::Done], severities: vec![5], ..Rule::default() };
        assert_eq!(faults(&[over]), ["/rules/0/states/1 not_allowed", "/rules/0/severities/0 out_of_range"]);
        let many = Rule { assignee_ids: vec![member(3); 51], ..Rule::default() };
        assert_eq!(faults(&[many]), ["/rules/0/assignee_ids length"]);
        assert_eq!(faults(&vec![good; 21]), ["/rules length"]);
    }
}
