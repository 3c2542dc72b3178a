use super::*;
use crate::access::Role;
use crate::applicabilities::Applicability;
use crate::audit_programmes::AuditProgramme;
use crate::catalogue;
use crate::change::{Change, Lifecycle};
use crate::change_templates::ChangeTemplate;
use crate::comments::{Comment, Remark};
use crate::communication_plans::CommunicationPlan;
use crate::competences::Competence;
use crate::context_entries::{self, ContextEntry};
use crate::courses::Course;
use crate::fixtures::{at, birth, member, person};
use crate::id::{IndicatorId, PolicyId, ProcessId, RecordId};
use crate::indicators::{Facts, Indicator};
use crate::management_reviews::{self, ManagementReview};
use crate::objectives::Objective;
use crate::policies::Policy;
use crate::policy_versions::{PolicyVersion, Versions};
use crate::processes::Process;
use crate::reference::Target;
use crate::risks::Risk;
use crate::settings::ReviewRules;
use std::collections::BTreeSet;
use uuid::Uuid;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn today() -> chrono::NaiveDate {
    at().date_naive()
}

/// What happened, and where the record begins.
fn told<T: Lifecycle>(change: Result<Change<T>, Refusal>) -> (String, &'static str) {
    let change = change.unwrap();
    (change.action(), change.after().stage_name())
}

fn policy_of(text: &PolicyText) -> (String, &'static str) {
    let policy = Policy::establish(text.draft(member(1)), &manager(), birth(Prefix::Policy)).unwrap().into_after();
    let versions = (&policy, Versions::default());
    let version = PolicyVersion::draft(text.version(), versions, &manager(), birth(Prefix::PolicyVersion));
    assert!(text.body.starts_with("# "), "{}", policy.title);
    told(version)
}

fn indicator_of(text: &IndicatorText) -> (String, &'static str) {
    let defined = Indicator::define(text.draft(Some(member(1))), &manager(), birth(Prefix::Indicator));
    let facts = Facts { today: at().date_naive(), formulas: 0 };
    let active = defined.clone().unwrap().into_after().activate(&facts, &manager(), at());
    assert!(active.is_ok(), "{}: the six answers of 9.1 are there", text.id);
    told(defined)
}

fn programme() -> (String, &'static str) {
    let content = audit_programme(vec![ProcessId(Uuid::nil())], today());
    let drafted = AuditProgramme::draft(content, &manager(), birth(Prefix::AuditProgramme));
    let programme = drafted.clone().unwrap().into_after();
    assert_eq!(programme.work().len(), 1, "it is complete, and waits for its approval");
    let totals = programme.coverage(&[], &[], &[], &[]).totals;
    assert_eq!((totals.never, totals.planned), (0, totals.grounds), "no clause and no control is left out");
    told(drafted)
}

fn review(agenda: &str) -> (String, &'static str) {
    let draft = management_review(member(2), Some(member(1)), today());
    assert_eq!(draft.attendees, [member(1)]);
    assert!(management_review(member(1), Some(member(1)), today()).attendees.is_empty());
    let facts = management_reviews::Facts { today: today(), rules: ReviewRules::default(), has_upcoming: false };
    let about = Target { kind: Prefix::ManagementReview, id: RecordId(Uuid::nil()) };
    let comment = Comment::attach(about, Remark { text: agenda.to_owned() }, &manager(), birth(Prefix::Comment));
    assert!(comment.is_ok());
    told(ManagementReview::schedule(draft, &facts, &manager(), birth(Prefix::ManagementReview)))
}

/// Makes the record.
fn made(content: &Content) -> (String, &'static str) {
    let (by, owner) = (manager(), member(1));
    match content {
        Content::Context(text) => {
            let facts = context_entries::Facts { today: today(), has_climate_decision: false };
            let draft = text.draft(owner, today());
            told(ContextEntry::record(draft, &facts, &by, birth(Prefix::ContextEntry)))
        }
        Content::Process(text) => told(Process::define(text.draft(owner), &by, birth(Prefix::Process))),
        Content::Risk(text) => told(Risk::register(text.draft(), &by, birth(Prefix::Risk))),
        Content::Policy(text) => policy_of(text),
        Content::Indicator(text) => indicator_of(text),
        Content::Objective(text) => {
            let draft = text.draft((PolicyId(Uuid::nil()), IndicatorId(Uuid::nil())), owner, today());
            told(Objective::set(draft, today(), &by, birth(Prefix::Objective)))
        }
        Content::Control(text) => told(Applicability::declare(text.draft(owner), &by, birth(Prefix::Applicability))),
        Content::AuditProgramme => programme(),
        Content::Change(text) => told(ChangeTemplate::define(text.draft(), &by, birth(Prefix::ChangeTemplate))),
        Content::Course(text) => told(Course::define(text.draft(owner), &by, birth(Prefix::Course))),
        Content::Role(text) => told(Competence::define(text.draft(), &by, birth(Prefix::Competence))),
        Content::Communication(text) => {
            let draft = text.draft(owner, today());
            told(CommunicationPlan::plan(draft, today(), &by, birth(Prefix::CommunicationPlan)))
        }
        Content::ManagementReview { agenda } => review(agenda),
    }
}

/// What each template makes, by the domain's own commands, and where its record begins: nothing is approved by that.
#[test]
fn each_template_makes_what_people_make() {
    let lines: BTreeSet<String> = starter()
        .iter()
        .map(|template| {
            let (action, stage) = made(&template.content);
            let area: &str = template.content.area().into();
            format!("{area}: {action}, {stage}")
        })
        .collect();
    insta::assert_snapshot!(lines.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_set_holds_what_it_should() {
    let all = starter();
    let of = |area: Area| all.iter().filter(|template| template.content.area() == area).count();
    assert!(Area::VARIANTS.iter().all(|area| of(*area) > 0));
    assert_eq!((of(Area::Policies), of(Area::Indicators)), (11, 25));
    let ids: BTreeSet<&str> = all.iter().map(|template| template.id.as_str()).collect();
    let titles: BTreeSet<(Area, &str)> =
        all.iter().map(|template| (template.content.area(), template.title.as_str())).collect();
    assert_eq!((ids.len(), titles.len()), (all.len(), all.len()));
    for template in &all {
        assert!(!template.clauses.is_empty() && !template.summary.is_empty(), "{}", template.id);
        assert!(template.clauses.iter().all(|clause| catalogue::find(clause).is_some()), "{}", template.id);
        assert!(
            template.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{}",
            template.id
        );
    }
}

/// What others need comes before them, and each objective is measured by an indicator that wants the same.
#[test]
fn what_is_needed_comes_first() {
    let all = starter();
    for (place, template) in all.iter().enumerate() {
        for needed in &template.needs {
            assert!(all.iter().take(place).any(|earlier| earlier.id == *needed), "{} needs {needed}", template.id);
        }
        if let Content::Objective(text) = &template.content {
            let indicator = indicators::INDICATORS.iter().find(|indicator| indicator.id == text.indicator).unwrap();
            let target = match indicator.draft(Some(member(1))).goal.unwrap() {
                crate::indicators::Goal::HigherIsBetter { target, .. }
                | crate::indicators::Goal::LowerIsBetter { target, .. }
                | crate::indicators::Goal::WithinRange { target, .. } => target,
            };
            assert_eq!(target, Some(text.target), "{}", template.id);
        }
    }
}

/// A control is there because something in the set needs it, and says what.
#[test]
fn a_control_says_what_needs_it() {
    let all = starter();
    let why = |id: &str| all.iter().find(|template| template.id == id).map(|template| template.summary.as_str());
    assert_eq!(
        why("control-a-8-13"),
        Some(
            "It keeps down these risks: Somebody encrypts what we work with; What was backed up cannot be restored. \
             These policies promise it: Backups and carrying on."
        )
    );
    assert_eq!(why("control-a-5-35"), None, "nothing in the set speaks of it");
}

#[test]
fn whoever_makes_every_kind_applies_it() {
    assert_eq!(may_apply(&manager()), Ok(()));
    for role in [Role::Admin, Role::Management, Role::Auditor, Role::Member, Role::ExternalAuditor] {
        assert_eq!(may_apply(&person(1, &[role])), Err(Refusal::Forbidden), "{role:?}");
    }
}

#[test]
fn an_area_may_have_another_owner() {
    let owners = Owners { everything: member(1), of_area: [(Area::Risks, member(2))].into(), chair: None };
    assert_eq!((owners.of(Area::Risks), owners.of(Area::Policies)), (member(2), member(1)));
}
