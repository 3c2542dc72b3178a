use super::*;
use crate::access::{Identity, Role};
use crate::comments::{Comment, Remark};
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, person};
use crate::incidents::Incident;
use crate::incidents::tests::reported;
use serde_json::{Value, json};
use strum::VariantArray;
use uuid::Uuid;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn management() -> Actor {
    person(2, &[Role::Management])
}

fn draft(fields: &[&str]) -> RedactionDraft {
    RedactionDraft {
        target: Target::of(&reported()),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        entries: Vec::new(),
        content: false,
        legal_reason: "Erasure was asked for: GDPR, article 17".into(),
    }
}

fn requested(fields: &[&str]) -> Redaction {
    Redaction::request(draft(fields), &manager(), birth(Prefix::Redaction)).unwrap().into_after()
}

fn apply(redaction: Redaction, verb: Verb) -> Result<Redaction, Refusal> {
    match verb {
        Verb::Approve => redaction.approve(vec![EntryId(Uuid::from_u128(7))], &management(), at()),
        Verb::Reject => redaction.reject("It must be kept for ten years".into(), &management(), at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> Redaction {
    let path: &[Verb] = match stage {
        StageName::Requested => &[],
        StageName::CarriedOut => &[Verb::Approve],
        StageName::Rejected => &[Verb::Reject],
    };
    path.iter().fold(requested(&["/description"]), |redaction, verb| apply(redaction, *verb).unwrap())
}

fn codes<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<String> {
    match result {
        Err(Refusal::State(reasons)) => reasons.into_iter().map(|reason| reason.code).collect(),
        Err(Refusal::Invalid(faults)) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let ends = match apply(at_stage(*stage), *verb) {
                Ok(after) => vec![after.stage.name()],
                Err(refusal) => {
                    assert_eq!(codes::<()>(Err(refusal))[0], "wrong_state", "{stage:?} {verb:?}");
                    Vec::new()
                }
            };
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn it_takes_two_people() {
    let redaction = requested(&["/description"]);
    for verb in Verb::VARIANTS {
        let Err(Refusal::State(reasons)) = redaction.may(*verb, &(), &manager()) else { panic!("{verb:?}") };
        assert_eq!(reasons[0].detail, "who asked for a redaction does not decide it: it takes two people");
        let by_machine = redaction.may(*verb, &(), &machine(&[Permission::ApproveRedaction]));
        assert_eq!(codes(by_machine), ["person_needed"]);
        for role in [Role::Admin, Role::Auditor, Role::Member, Role::ExternalAuditor] {
            assert_eq!(redaction.may(*verb, &(), &person(77, &[role])), Err(Refusal::Forbidden), "{verb:?} {role:?}");
        }
        assert_eq!(redaction.may(*verb, &(), &management()), Ok(()));
        let mut stand_in = management();
        if let Identity::Member { standing, .. } = &mut stand_in.identity {
            standing.counts_as.push(member(1));
        }
        assert_eq!(codes(redaction.may(*verb, &(), &stand_in)), ["separation_of_duties"], "who stands in is no other");
    }
    let asked = |by: &Actor| Redaction::request(draft(&["/description"]), by, birth(Prefix::Redaction));
    assert!(asked(&person(4, &[Role::Member])).is_ok(), "whom the content is about");
    assert_eq!(asked(&person(4, &[Role::Admin])).unwrap_err(), Refusal::Forbidden);
    assert_eq!(codes(asked(&machine(&[Permission::RequestRedaction]))), ["person_needed"]);
    assert_eq!(codes(redaction.reject(" ".into(), &management(), at())), ["/reason blank"]);
}

#[test]
fn something_must_go_and_the_proof_stays() {
    let asked = |draft| Redaction::request(draft, &manager(), birth(Prefix::Redaction));
    assert_eq!(codes(asked(draft(&[]))), ["/fields required"]);
    let long = "x".repeat(POINTER);
    let wrong = RedactionDraft {
        fields: vec!["title".into(), "/a".into(), "/a".into(), format!("/{long}")],
        content: true,
        legal_reason: " ".into(),
        ..draft(&[])
    };
    assert_eq!(
        codes(asked(wrong)),
        [
            "/reason blank",
            "/content not_applicable",
            "/fields/0 malformed",
            "/fields/2 malformed",
            "/fields/3 malformed"
        ]
    );
    let proof = RedactionDraft { target: Target::of(&requested(&["/title"])), ..draft(&["/legal_reason"]) };
    assert_eq!(codes(asked(proof)), ["/record proof"]);
}

#[test]
fn a_tombstone_stands_in_place_of_a_text() {
    let (change, texts) = redact(reported(), &requested(&["/description", "/assets/0"]), at()).unwrap();
    assert_eq!(change.action(), "incident.redacted");
    assert_eq!(texts, ["Files on the design share cannot be opened", "Design share"]);
    let after = change.into_after();
    assert_eq!(after.description, "[redacted: RED-2026-0001]");
    assert_eq!(
        (after.assets[0].as_str(), after.title.as_str()),
        ("[redacted: RED-2026-0001]", "A share was encrypted")
    );
    let said = Remark { text: "Ann did it".into() };
    let comment = Comment::attach(Target::of(&reported()), said, &manager(), birth(Prefix::Comment)).unwrap();
    let comment = redact(comment.into_after(), &requested(&["/body/text"]), at()).unwrap().0.into_after();
    assert_eq!(comment.body.text, "[redacted: RED-2026-0001]");
    let again = redact(after, &requested(&["/description"]), at());
    assert_eq!(codes(again), ["/fields/0 redacted"]);
}

#[test]
fn what_is_no_free_text_stays() {
    let wrong = ["/head/reference", "/nowhere", "/detected_at", "/reporter", "/stage/name", "/assets", "/severity"];
    assert_eq!(
        codes(redact(reported(), &requested(&wrong), at())),
        [
            "/fields/0 protected",
            "/fields/1 unknown_field",
            "/fields/2 not_text",
            "/fields/3 not_text",
            "/fields/4 not_text",
            "/fields/5 not_text",
            "/fields/6 not_text",
        ]
    );
    let hash = Incident { title: "e3".repeat(32), ..reported() };
    assert_eq!(codes(redact(hash, &requested(&["/title"]), at())), ["/fields/0 not_text"]);
    let twice = Incident { title: "Design share".into(), ..reported() };
    let Err(Refusal::Invalid(faults)) = redact(twice, &requested(&["/title"]), at()) else { panic!() };
    assert_eq!(faults[0].detail, "the same text stands at /assets/0: name that, too");
}

#[test]
fn what_earlier_entries_carry_goes_with_it() {
    let fields = ["/description".to_owned()];
    let texts = ["Ann did it".to_owned()];
    let now = serde_json::to_value(reported()).unwrap();
    let with = |member: &str, said: Value| {
        let mut state = now.clone();
        state[member] = said;
        state
    };
    let carried = |detail| carries::<Incident>(&detail, &fields, &texts);
    assert!(carried(json!({ "reason": null, "state": { "description": "Another wording" } })));
    assert!(carried(json!({ "reason": "Ann did it", "state": {} })), "also as a reason");
    let untold = with("description", json!("[redacted: RED-2026-0001]"));
    assert!(!carried(json!({ "state": untold })));
    let mut elsewhere = untold.clone();
    elsewhere["assets"] = json!(["Ann did it"]);
    assert!(carried(json!({ "state": elsewhere })), "wherever it stood then");
    assert!(carried(json!({ "state": with("description", json!("[redacted: by Ann]")) })), "no tombstone");
    assert!(!carried(json!({ "reason": "Patched", "state": { "description": "[redacted: RED-2026-0001]" } })));
    assert!(!carried(json!({ "reason": "Patched", "state": { "title": "A share was encrypted" } })));
}

/// In the same place of a list stood something else then.
#[test]
fn a_place_in_a_list_is_no_identity() {
    let fields = ["/assets/0".to_owned()];
    let then = Incident { assets: vec!["Mail server".into(), "Design share".into()], ..reported() };
    let detail = |incident: &Incident| json!({ "state": serde_json::to_value(incident).unwrap() });
    assert_eq!(texts_at(&detail(&then), &fields).count(), 0);
    let carried = |detail: Value| carries::<Incident>(&detail, &fields, &["Design share".to_owned()]);
    assert!(carried(detail(&then)), "what goes stood in another place");
    assert!(!carried(detail(&Incident { assets: vec!["Mail server".into()], ..reported() })));
}

/// A title may read like a choice: that stays, and the title goes.
#[test]
fn what_reads_like_a_choice_goes() {
    let alike = Incident { title: "reported".into(), ..reported() };
    let before = json!({ "state": serde_json::to_value(&alike).unwrap() });
    let (change, texts) = redact(alike, &requested(&["/title"]), at()).unwrap();
    let after = change.into_after();
    assert_eq!((after.title.as_str(), &after.stage), ("[redacted: RED-2026-0001]", &reported().stage));
    let fields = ["/title".to_owned()];
    assert!(carries::<Incident>(&before, &fields, &texts));
    let untold = json!({ "state": serde_json::to_value(&after).unwrap() });
    assert!(!carries::<Incident>(&untold, &fields, &texts), "its stage reads so, and says nothing of it");
    let begun = Incident { title: "[redacted: so says Ann]".into(), ..reported() };
    assert!(redact(begun, &requested(&["/title"]), at()).is_ok(), "it only begins like a tombstone");
}

#[test]
fn who_does_not_see_the_record_does_not_see_what_is_asked_of_it() {
    let about_report = RedactionDraft {
        target: Target { kind: Prefix::EmployeeReport, ..Target::of(&reported()) },
        ..draft(&["/text"])
    };
    let asked = Redaction::request(about_report, &manager(), birth(Prefix::Redaction)).unwrap().into_after();
    assert!(asked.is_visible(&person(3, &[Role::IsmsManager])) && !asked.is_visible(&management()));
    assert_eq!(asked.work().len(), 1);
    assert_eq!(at_stage(StageName::CarriedOut).erased().len(), 1);
    assert_eq!(requested(&["/title"]).head.created_by, Some(member(1)));
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let stored = serde_json::to_value(at_stage(*stage)).unwrap();
        assert_eq!(serde_json::from_value::<Redaction>(stored).unwrap(), at_stage(*stage));
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[()])
}
