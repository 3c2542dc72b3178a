use super::*;
use crate::access::Role;
use crate::change::Record;
use crate::fixtures::{at, birth, member, person};
use crate::improvements::tests::{declined, proposed};
use crate::improvements::{self, Improvement};
use crate::incidents::tests::{closed, reported};
use crate::incidents::{self, Incident, Outcome, PersonalData};
use crate::links::{self, Edge};
use crate::reference::Prefix;
use crate::votes::{self, Vote};
use uuid::Uuid;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn said<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<(String, String)> {
    match result {
        Err(Refusal::State(reasons)) => reasons.into_iter().map(|reason| (reason.code, reason.detail)).collect(),
        Err(Refusal::Invalid(faults)) => faults.into_iter().map(|fault| (fault.code, fault.detail)).collect(),
        other => panic!("{other:?}"),
    }
}

fn one(code: &str, detail: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), detail.to_owned())]
}

fn triaged() -> Incident {
    let triage = incidents::Triage {
        criteria: "Customers' drawings are concerned".into(),
        verdict: incidents::TriageVerdict::Incident {
            category: incidents::Category::Malware,
            severity: 2,
            owner: member(9),
        },
    };
    reported().triage(triage, &incidents::Facts::default(), &manager(), at()).unwrap().into_after()
}

fn other<T: Record + Numbered>(record: T) -> T {
    record.numbered(Uuid::from_u128(700))
}

/// A record under another id.
trait Numbered {
    fn numbered(self, id: Uuid) -> Self;
}

impl Numbered for Incident {
    fn numbered(mut self, id: Uuid) -> Self {
        self.head.id = id;
        self
    }
}

impl Numbered for Improvement {
    fn numbered(mut self, id: Uuid) -> Self {
        self.head.id = id;
        self
    }
}

#[test]
fn a_mistake_says_what_it_was_and_counts_no_more() {
    let facts = incidents::Facts::default();
    let blank = triaged().void(" ".into(), &facts, &manager(), at());
    assert!(matches!(blank, Err(Refusal::Invalid(faults)) if faults[0].pointer == "/reason"));
    let change = triaged().void("It was a drill".into(), &facts, &manager(), at()).unwrap();
    assert_eq!((change.action().as_str(), change.reason()), ("incident.voided", Some("It was a drill")));
    let void = change.into_after();
    assert_eq!((void.is_open(), void.work().len(), void.wakes(), void.takes_actions()), (false, 0, None, None));
    assert_eq!(
        said(void.void("again".into(), &facts, &manager(), at())),
        one("wrong_state", "an incident that is void does not know void")
    );
}

#[test]
fn what_is_worked_on_or_was_told_to_others_is_not_taken_back() {
    let busy = incidents::Facts { open_actions: 2 };
    let open = one("open_actions", "2 of its actions are open: finish or cancel them first");
    assert_eq!(said(triaged().void("so".into(), &busy, &manager(), at())), open);
    assert_eq!(said(triaged().mark_duplicate(&other(triaged()), 0, &busy, &manager(), at())), open);
    let concerned = |outcome| Incident {
        personal_data: Some(PersonalData { description: "Names".into(), aware_at: at(), ran_out_at: None, outcome }),
        ..triaged()
    };
    let free = incidents::Facts::default();
    let running = said(concerned(None).void("so".into(), &free, &manager(), at()));
    assert_eq!(running[0].0, "notification_undecided");
    let notified =
        Outcome::Notified { authority: "The authority".into(), notified_at: at(), delay_reason: None, by: member(1) };
    assert_eq!(
        said(concerned(Some(notified)).void("so".into(), &free, &manager(), at())),
        one("authority_notified", "an authority was told of it: it is not taken back")
    );
    let waived = Outcome::NotRequired { reason: "No data".into(), at: at(), by: member(1) };
    assert!(concerned(Some(waived)).void("so".into(), &free, &manager(), at()).is_ok());
}

#[test]
fn a_duplicate_names_another_that_is_dealt_with() {
    let facts = incidents::Facts::default();
    let mark = |of: &Incident, repeated| reported().mark_duplicate(of, repeated, &facts, &manager(), at());
    assert_eq!(said(mark(&reported(), 0)), one("itself", "must be another record"));
    assert_eq!(
        said(mark(&other(closed()), 0)),
        one("not_dealt_with", "is closed: only what is still dealt with takes over what this one has")
    );
    let void = triaged().void("A drill".into(), &facts, &manager(), at()).unwrap().into_after();
    assert_eq!(said(mark(&other(void), 0))[0].0, "not_dealt_with");
    assert_eq!(
        said(mark(&other(reported()), 2)),
        one("is_repeated", "2 records repeat it: it is the one that is dealt with, mark the other")
    );
    let duplicate = mark(&other(reported()), 0).unwrap();
    assert_eq!(duplicate.action(), "incident.marked_duplicate");
    let duplicate = duplicate.into_after();
    assert_eq!(
        said(mark(&other(duplicate.clone()), 0)),
        one("duplicate", "is a duplicate itself: name the one that it repeats")
    );
    let edge = duplicate.edges().pop().unwrap();
    assert_eq!((edge.relation, edge.to.id.0), (Relation::Duplicates, Uuid::from_u128(700)));
    assert_eq!(
        said(closed().mark_duplicate(&other(reported()), 0, &facts, &manager(), at())),
        one("wrong_state", "an incident that is closed does not know mark-duplicate")
    );
}

#[test]
fn who_said_the_same_sees_what_is_done_about_it() {
    let duplicate = Incident { reporter: Some(member(5)), also_reported_by: vec![member(6), member(4)], ..reported() };
    let joined = other(reported()).joined_by(&duplicate, at()).unwrap();
    assert_eq!(joined.action(), "incident.joined");
    let joined = joined.into_after();
    assert_eq!(joined.also_reported_by, [member(5), member(6)], "who reported it is not there twice");
    assert!(joined.is_own(&person(6, &[Role::Member])) && !joined.is_own(&person(7, &[Role::Member])));
    assert_eq!(joined.joined_by(&duplicate, at()), None);
    let stored = serde_json::to_string(&reported()).unwrap();
    assert!(!stored.contains("also_reported_by"), "what was stored before keeps its hash: {stored}");
}

#[test]
fn who_proposed_it_takes_it_back_and_nobody_else_of_the_members() {
    let facts = improvements::Facts::default();
    let by = |n| person(n, &[Role::Member]);
    assert!(proposed().void("Sent twice".into(), &facts, &by(4), at()).is_ok());
    assert_eq!(proposed().void("Sent twice".into(), &facts, &by(5), at()).unwrap_err(), Refusal::Forbidden);
    assert_eq!(proposed().mark_duplicate(&other(proposed()), 0, &facts, &by(4), at()).unwrap_err(), Refusal::Forbidden);
    assert_eq!(
        said(declined().void("so".into(), &facts, &manager(), at())),
        one("wrong_state", "an improvement that is declined does not know void")
    );
}

#[test]
fn votes_and_links_follow() {
    let voter = person(3, &[Role::Member]);
    let cast = Vote::cast(&proposed(), &voter, birth(Prefix::Vote)).unwrap().into_after();
    let to = other(proposed());
    let moved = cast.clone().moved(to.id(), at());
    assert_eq!((moved.action().as_str(), moved.after().improvement), ("vote.moved", to.id()));
    assert_eq!(cast.superfluous(at()).after().stage.name(), votes::StageName::Withdrawn);
    let (from, to) = (Target::of(&proposed()), Target::of(&to));
    let far = Target::of(&reported());
    let link = |target, to| {
        let edge = Edge { relation: Relation::RelatesTo, to, note: None };
        links::Link::attach(target, edge, &manager(), birth(Prefix::Link)).unwrap().into_after()
    };
    let ends = |link: &links::Link| {
        links::moved(link, (from, to), at()).map(|change| (change.after().target, change.after().body.to))
    };
    assert_eq!(ends(&link(from, far)), Some((to, far)));
    assert_eq!(ends(&link(far, from)), Some((far, to)));
    assert_eq!(ends(&link(from, to)), None, "not from a record to itself");
    let superfluous = link(from, to).superfluous(&manager(), at());
    assert_eq!(superfluous.reason(), Some("the record that this one repeats says so already"));
}
