use super::*;
use crate::access::{Identity, Role};
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, person};
use crate::policies::PolicyAmendment;
use crate::policies::tests::{draft as policy_draft, established, manager};
use crate::refusal::Refusal;
use crate::responsibilities::tests::is_handed_over_whole;
use crate::separation::tests::relaxed;
use crate::separation::{Rule, Separation};
use strum::VariantArray;
use uuid::Uuid;

fn management() -> Actor {
    person(2, &[Role::Management])
}

fn worker() -> Actor {
    Actor { identity: Identity::System { worker: "schedule" }, ..manager() }
}

fn day(ahead: i64) -> NaiveDate {
    at().date_naive() + chrono::TimeDelta::days(ahead)
}

fn facts_of(policy: Policy) -> Facts {
    Facts { policy, today: day(0), separation: Separation::default() }
}

fn facts() -> Facts {
    facts_of(established(policy_draft()))
}

/// The policy binds others since.
fn moved_on() -> Facts {
    let amendment = PolicyAmendment { scope: Some("Every device".into()), ..PolicyAmendment::default() };
    facts_of(established(policy_draft()).amend(amendment, &manager(), at()).unwrap().into_after())
}

fn draft() -> PolicyVersionDraft {
    PolicyVersionDraft { body: Some("# Laptops\n\nAre encrypted.".into()), change_summary: "The first".into() }
}

fn drafted() -> PolicyVersion {
    let policy = established(policy_draft());
    let birth = Birth { id: Uuid::from_u128(70), ..birth(Prefix::PolicyVersion) };
    PolicyVersion::draft(draft(), (&policy, Versions::default()), &manager(), birth).unwrap().into_after()
}

fn submit(version: PolicyVersion, facts: &Facts) -> Result<Change<PolicyVersion>, Refusal> {
    version.submit(Submit::default(), facts, &manager(), at())
}

fn publish(version: PolicyVersion, on: Option<NaiveDate>, facts: &Facts) -> Result<Change<PolicyVersion>, Refusal> {
    version.publish(on, None, facts, &manager(), at()).map(|publish| match publish {
        Publish::Later(version) => *version,
        Publish::Now(now) => now.version,
    })
}

/// What the policy is once this version holds.
fn living(version: &PolicyVersion) -> Facts {
    let current = crate::policies::InForce {
        version: version.id(),
        number: version.number,
        authors: version.authors.clone(),
        published_on: day(0),
        reviewed_on: day(0),
        review_fell_due_on: None,
        outstanding: None,
    };
    facts_of(established(policy_draft()).in_force_with(current, at()).into_after())
}

/// Applies `verb` with an input that only the stage can refuse.
fn apply(version: PolicyVersion, verb: Verb, way: usize) -> Result<PolicyVersion, Refusal> {
    let (f, by) = (facts(), manager());
    let some = || "because".to_owned();
    match (verb, way) {
        (Verb::Submit, 0) => submit(version, &f),
        (Verb::Submit, _) => submit(version, &moved_on()),
        (Verb::Approve, _) => version.approve(None, &f, &management(), at()),
        (Verb::Reject, _) => version.reject(some(), &f, &management(), at()),
        (Verb::Publish, 0) => publish(version, None, &f),
        (Verb::Publish, _) => publish(version, Some(day(3)), &f),
        (Verb::Withdraw, _) => version.withdraw(some(), &f, &by, at()),
        (Verb::Retire, _) => {
            let living = living(&version);
            version.retire(some(), &living, &by, at()).map(|retired| retired.version)
        }
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> PolicyVersion {
    let walk = |verbs: &[(Verb, usize)]| {
        verbs.iter().fold(drafted(), |version, (verb, way)| apply(version, *verb, *way).unwrap())
    };
    let published = [(Verb::Submit, 0), (Verb::Approve, 0), (Verb::Publish, 0)];
    match stage {
        StageName::Draft => drafted(),
        StageName::InReview => walk(&published[..1]),
        StageName::Approved => walk(&published[..2]),
        StageName::Scheduled => walk(&[published[0], published[1], (Verb::Publish, 1)]),
        StageName::Published => walk(&published),
        StageName::Superseded => {
            let former = walk(&published);
            let facts = living(&former);
            let mut next = at_stage(StageName::Approved);
            next.head.id = Uuid::from_u128(71);
            let Publish::Now(published) = next.publish(None, Some(former), &facts, &manager(), at()).unwrap() else {
                panic!("later")
            };
            published.former.unwrap().into_after()
        }
        StageName::Retired => walk(&[published[0], published[1], published[2], (Verb::Retire, 0)]),
        StageName::Withdrawn => walk(&[(Verb::Withdraw, 0)]),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let mut ends = Vec::new();
            for way in [0, 1] {
                match apply(at_stage(*stage), *verb, way) {
                    Ok(after) => ends.push(after.stage.name()),
                    Err(Refusal::State(reasons)) => {
                        let known = !edge(*stage, *verb).is_empty();
                        let code = if known { "approval_holds" } else { "wrong_state" };
                        assert_eq!(reasons[0].code, code, "{stage:?} {verb:?}");
                    }
                    Err(refusal) => panic!("{stage:?} {verb:?} {refusal:?}"),
                }
            }
            ends.dedup();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
        let amendable = at_stage(*stage).may_amend(&manager()).is_ok();
        table.push_str(&format!("{stage:?} amendable {amendable}\n"));
    }
    insta::assert_snapshot!(table);
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> String {
    match outcome {
        Err(Refusal::State(reasons)) => reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>().join(" "),
        Err(Refusal::Invalid(faults)) => {
            let told = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code));
            told.collect::<Vec<_>>().join(", ")
        }
        Err(Refusal::Forbidden) => "forbidden".to_owned(),
        Ok(_) => "ok".to_owned(),
    }
}

#[test]
fn the_next_is_drafted_when_the_last_is_done_with() {
    let policy = established(policy_draft());
    let next =
        |versions, by: &Actor| PolicyVersion::draft(draft(), (&policy, versions), by, birth(Prefix::PolicyVersion));
    let second = next(Versions { last: 1, open: None }, &manager()).unwrap().into_after();
    assert_eq!((second.number, second.authors.as_slice()), (2, [member(1)].as_slice()));
    assert_eq!(code(next(Versions { last: 2, open: Some(2) }, &manager())), "version_open");
    assert_eq!(code(next(Versions::default(), &person(9, &[Role::Member]))), "ok", "who owns the policy");
    assert_eq!(code(next(Versions::default(), &person(5, &[Role::Member]))), "forbidden");
    assert_eq!(code(next(Versions::default(), &machine(&[Permission::WritePolicy]))), "person_needed");
    let blank = PolicyVersionDraft { body: Some(" ".into()), change_summary: "a\0".into() };
    let refused = PolicyVersion::draft(blank, (&policy, Versions::default()), &manager(), birth(Prefix::PolicyVersion));
    assert_eq!(code(refused), "/body blank, /change_summary forbidden_character");
    let over = at_stage(StageName::Published).retire("Over".into(), &living(&drafted()), &manager(), at()).unwrap();
    let over = over.policy.into_after();
    let refused = PolicyVersion::draft(draft(), (&over, Versions::default()), &manager(), birth(Prefix::PolicyVersion));
    assert_eq!(code(refused), "policy_retired");
    for stage in [StageName::Draft, StageName::Approved] {
        let verb = if stage == StageName::Draft { Verb::Submit } else { Verb::Publish };
        assert!(code(at_stage(stage).may(verb, &facts_of(over.clone()), &manager())).contains("policy_retired"));
    }
}

#[test]
fn something_must_be_said() {
    let empty = PolicyVersion { body: None, ..drafted() };
    assert_eq!(code(submit(empty.clone(), &facts())), "no_content");
    let file = DocumentFile { evidence: EvidenceId(Uuid::nil()), name: "p.pdf".into(), sha256: "0".repeat(64) };
    assert_eq!(code(submit(PolicyVersion { file: Some(file), ..empty }, &facts())), "ok");
}

#[test]
fn the_security_policy_itself_is_submitted_with_four_confirmations() {
    let top = || {
        let amendment = PolicyAmendment { top_level: Some(true), ..PolicyAmendment::default() };
        facts_of(established(policy_draft()).amend(amendment, &manager(), at()).unwrap().into_after())
    };
    let all = Confirmations {
        fits_purpose: true,
        frames_objectives: true,
        commits_to_requirements: true,
        commits_to_improvement: true,
    };
    let told = |confirmations, facts: &Facts| code(drafted().submit(Submit { confirmations }, facts, &manager(), at()));
    assert_eq!(told(Some(all), &top()), "ok");
    assert_eq!(told(None, &top()), "/confirmations required");
    assert_eq!(told(Some(all), &facts()), "/confirmations not_expected");
    let two = Confirmations { frames_objectives: false, commits_to_improvement: false, ..all };
    assert_eq!(
        told(Some(two), &top()),
        "/confirmations/frames_objectives not_confirmed, /confirmations/commits_to_improvement not_confirmed"
    );
}

#[test]
fn who_wrote_it_does_not_approve_it() {
    let both = person(1, &[Role::IsmsManager, Role::Management]);
    let in_review = || at_stage(StageName::InReview);
    let approve = |by: &Actor, reason: Option<&str>, facts: &Facts| {
        in_review().approve(reason.map(str::to_owned), facts, by, at())
    };
    assert_eq!(code(approve(&both, Some("Only two of us"), &facts())), "separation_of_duties");
    assert_eq!(code(approve(&manager(), None, &facts())), "forbidden");
    assert_eq!(code(approve(&machine(&[Permission::ApprovePolicy]), None, &facts())), "person_needed");
    let documented = Facts { separation: relaxed(Rule::PolicyApprover), ..facts() };
    assert_eq!(code(approve(&both, None, &documented)), "exception_reason_needed");
    assert_eq!(code(approve(&both, Some("a\0"), &documented)), "/exception_reason forbidden_character");
    let change = approve(&both, Some("Only two of us"), &documented).unwrap();
    assert_eq!(change.reason(), Some("Only two of us"));
    assert_eq!(change.after().exceptions[0].rule, Rule::PolicyApprover);
    assert!(approve(&management(), Some("not needed"), &documented).unwrap().after().exceptions.is_empty());
}

#[test]
fn who_changes_what_it_says_is_an_author() {
    let editor = person(6, &[Role::IsmsManager, Role::Management]);
    let amendment = PolicyVersionAmendment { body: Some(Some("Shorter".into())), ..PolicyVersionAmendment::default() };
    let edited = drafted().amend(amendment, &editor, at()).unwrap().into_after();
    assert_eq!(edited.authors, [member(1), member(6)]);
    let in_review = submit(edited, &facts()).unwrap().into_after();
    assert_eq!(code(in_review.clone().approve(None, &facts(), &editor, at())), "separation_of_duties");
    assert_eq!(code(in_review.approve(None, &facts(), &management(), at())), "ok");
}

#[test]
fn an_approval_holds_for_what_was_approved() {
    let approved = || at_stage(StageName::Approved);
    assert!(!approved().is_approval_stale(&facts().policy));
    assert!(approved().is_approval_stale(&moved_on().policy));
    assert_eq!(code(publish(approved(), None, &moved_on())), "stale_approval");
    let amendment = PolicyVersionAmendment { body: Some(Some("Shorter".into())), ..PolicyVersionAmendment::default() };
    let amended = approved().amend(amendment, &manager(), at()).unwrap().into_after();
    assert_eq!(code(publish(amended.clone(), None, &facts())), "stale_approval");
    let again = submit(amended, &facts()).unwrap().into_after();
    let again = again.approve(None, &facts(), &management(), at()).unwrap().into_after();
    assert_eq!(code(publish(again, None, &facts())), "ok");
    // What is published shows it as well.
    assert!(at_stage(StageName::Published).is_approval_stale(&moved_on().policy));
    assert!(!at_stage(StageName::Draft).is_approval_stale(&moved_on().policy));
}

#[test]
fn the_file_s_content_is_approved_not_its_name() {
    let file = |sha: &str, name: &str| DocumentFile {
        evidence: EvidenceId(Uuid::nil()),
        name: name.into(),
        sha256: sha.repeat(64),
    };
    let of = |file| PolicyVersion { file: Some(file), ..drafted() }.content(&facts().policy).digest();
    assert_ne!(of(file("0", "p.pdf")), of(file("1", "p.pdf")));
    assert_eq!(of(file("0", "p.pdf")), of(file("0", "q.pdf")));
}

#[test]
fn publishing_supersedes_and_sets_the_policy() {
    let former = at_stage(StageName::Published);
    let facts = living(&former);
    let mut next = at_stage(StageName::Approved);
    (next.head.id, next.number) = (Uuid::from_u128(71), 2);
    // What was approved names its number.
    let Stage::Approved { submission, approval } = next.stage.clone() else { panic!("{:?}", next.stage) };
    let digest = next.content(&facts.policy).digest();
    next.stage = Stage::Approved { submission, approval: Approval { digest, ..approval } };
    let refused = next.clone().publish(None, None, &facts, &manager(), at());
    assert_eq!(code(refused), "another_in_force");
    let Publish::Now(now) = next.publish(None, Some(former.clone()), &facts, &manager(), at()).unwrap() else {
        panic!("later")
    };
    let (version, policy, superseded) = (now.version.after(), now.policy.after(), now.former.unwrap().into_after());
    assert_eq!((version.stage.name(), version.former), (StageName::Published, Some(former.id())));
    assert_eq!(version.edges().len(), 2);
    assert_eq!(superseded.stage.name(), StageName::Superseded);
    let current = policy.in_force().unwrap();
    assert_eq!((current.version, current.number, current.published_on), (version.id(), 2, day(0)));
    assert_eq!(now.policy.verb(), "published");
}

#[test]
fn a_later_day_publishes_by_itself() {
    assert_eq!(code(publish(at_stage(StageName::Approved), Some(day(-1)), &facts())), "/effective_on out_of_range");
    let scheduled = || at_stage(StageName::Scheduled);
    assert_eq!(scheduled().wakes(), Some(Wake::On(day(3))));
    let due = Facts { today: day(3), ..facts() };
    assert_eq!(code(scheduled().take_effect(None, &due, &manager(), at())), "forbidden");
    assert_eq!(code(scheduled().take_effect(None, &facts(), &worker(), at())), "too_early");
    assert_eq!(code(at_stage(StageName::Draft).take_effect(None, &due, &worker(), at())), "wrong_state");
    let Publish::Now(now) = scheduled().take_effect(None, &due, &worker(), at()).unwrap() else { panic!("later") };
    assert_eq!(now.version.verb(), "published");
    assert_eq!(now.policy.after().in_force().unwrap().published_on, day(3));
    // What was approved has changed meanwhile: nobody publishes that by accident.
    let stale = Facts { today: day(3), ..moved_on() };
    let Publish::Later(back) = scheduled().take_effect(None, &stale, &worker(), at()).unwrap() else { panic!("now") };
    assert_eq!((back.verb(), back.after().stage.name()), ("held_back", StageName::Approved));
    assert!(back.reason().unwrap().contains("submit it again"));
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::ExternalAuditor, Role::Member, Role::Auditor] {
                let refused = at_stage(*stage).may(*verb, &facts(), &person(77, &[role]));
                assert_eq!(refused, Err(Refusal::Forbidden), "{stage:?} {verb:?} {role:?}");
            }
        }
    }
}

#[test]
fn what_was_ever_published_is_there_for_every_member() {
    let reader = person(5, &[Role::Member]);
    for stage in StageName::VARIANTS {
        let version = at_stage(*stage);
        assert_eq!(version.is_visible(&reader), version.stage.was_published(), "{stage:?}");
        assert!(version.is_visible(&person(1, &[Role::Member])), "its author, {stage:?}");
    }
}

#[test]
fn each_stage_waits_for_somebody_or_nobody() {
    let waits = |stage| at_stage(stage).work();
    assert_eq!(waits(StageName::Draft), [Work::of(member(1), None)]);
    let approver = Work::of_whoever(Permission::ApprovePolicy, Some(member(1)), None);
    assert_eq!(waits(StageName::InReview), [approver]);
    assert_eq!(waits(StageName::Approved), [Work::of_whoever(Permission::PublishPolicy, None, None)]);
    for stage in [StageName::Scheduled, StageName::Published, StageName::Superseded, StageName::Withdrawn] {
        assert!(waits(stage).is_empty(), "{stage:?}");
    }
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let version = at_stage(*stage);
        let stored = serde_json::to_value(&version).unwrap();
        assert_eq!(serde_json::from_value::<PolicyVersion>(stored).unwrap(), version);
    }
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let excepted = |rule| Facts { separation: relaxed(rule), ..facts() };
    let expired = |rule| Facts { today: day(400), ..excepted(rule) };
    let [retired, void] = [crate::policies::StageName::Retired, crate::policies::StageName::Void]
        .map(|stage| facts_of(crate::policies::tests::at_stage(stage)));
    let empty = PolicyVersion { body: None, ..drafted() };
    let versions = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([empty]);
    Refusals::of(
        versions,
        &[facts(), moved_on(), retired, void, excepted(Rule::PolicyApprover), expired(Rule::PolicyApprover)],
    )
}
