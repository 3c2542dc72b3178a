//! What was raised by mistake at Harbour Robotics, what repeats something else, and what had to go by law.

use super::cases::{DOWN, WLAN};
use super::people::{ADEYEMI, INES, MARA, PAVEL, SOFIA, YUKI};
use super::treatment::{LABELS, PATCHES};
use super::{Names, Story, Who, save};
use chrono::TimeDelta;
use ratchet_domain::access::Actor;
use ratchet_domain::audience::Audience;
use ratchet_domain::audit_programmes::{AuditProgramme, Content};
use ratchet_domain::change::{Birth, Change, Record};
use ratchet_domain::comments::{Comment, Remark};
use ratchet_domain::id::RecordId;
use ratchet_domain::improvements::{Improvement, ImprovementDraft, Measure};
use ratchet_domain::incidents::{Category, Incident, IncidentDraft, Triage, TriageVerdict};
use ratchet_domain::indicators::{AutoRaise, Indicator, IndicatorDraft, ValueKind};
use ratchet_domain::mistakes::{Duplicable, Voidable};
use ratchet_domain::nonconformities::{Confirm, Grade, Nonconformity, NonconformityDraft, Source};
use ratchet_domain::policies::{Classification, Control, Disposition, Policy, PolicyDraft};
use ratchet_domain::rating::Rating;
use ratchet_domain::redactions::{Redaction, RedactionDraft};
use ratchet_domain::reference::{Locator, Target};
use ratchet_domain::refusal::Refusal;
use ratchet_domain::risks::{Risk, RiskDraft};
use ratchet_domain::weaknesses::{Assess, Weakness, WeaknessDraft};
use ratchet_persistence::duplicates::mark;
use ratchet_persistence::error::Error;
use ratchet_persistence::redactions::carry_out;
use ratchet_persistence::table::Guarded;
use ratchet_persistence::tx::Tx;

const OTHER_SITE: &str = "Drawings of the other company";
const LABELS_AGAIN: &str = "Unmarked drawings";
const DRILL: &str = "Nobody could log in on Tuesday";
const DOWN_AGAIN: &str = "Drawings would not open";
const MISREAD: &str = "The vault's door has no lock";
const WLAN_AGAIN: &str = "Printers show up on guests' telephones";
const SENT_TWICE: &str = "Lamps at the bicycle stand, sent twice";
const LAMPS: &str = "Lamps at the bicycle stand";
const LAMPS_AGAIN: &str = "Light where the bicycles stand";
const TEMPLATE: &str = "A risk out of somebody's template";
const TWICE: &str = "What suppliers may see";
const VISITORS: &str = "Visitors per week";
const WRONG_YEAR: &str = "Audits of the coming year";

pub(super) fn add(story: &mut Story) {
    nonconformities(story);
    incidents(story);
    weaknesses(story);
    improvements(story);
    let text = "Out of a template: we have no such machine".to_owned();
    make(story, (30, 9), MARA, TEMPLATE, |by, birth| {
        let (title, description) = (TEMPLATE.to_owned(), text);
        Risk::register(
            RiskDraft { title, description, external_reference: None, origin: None, controls: Vec::new() },
            by,
            birth,
        )
    });
    void::<Risk>(story, (30, 10), TEMPLATE, "Left over from a template");
    drafts(story);
    redactions(story);
}

/// Made and never put in force.
fn drafts(story: &mut Story) {
    story.step((60, 9), MARA, |tx, names| {
        let draft = PolicyDraft {
            title: TWICE.to_owned(),
            purpose: "That what suppliers may see is agreed".to_owned(),
            scope: "Every supplier".to_owned(),
            classification: Classification::Internal,
            owner: names.member(MARA)?,
            audience: Audience::All {},
            acknowledge_within_days: 14,
            review_months: 12,
            requirements: vec!["A.5.19".to_owned()],
            top_level: false,
            available_to: Vec::new(),
            control: Control { retention_months: Some(36), disposition: Disposition::Archive, external_origin: None },
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(Policy::PREFIX)?);
        names.call(TWICE, save(Policy::establish(draft, &by, birth)?, tx)?);
        Ok(())
    });
    void::<Policy>(story, (60, 10), TWICE, "Established twice: the other one has its first version");
    let (starts_on, ends_on) = (story.day(-58), story.day(306));
    make(story, (58, 9), ADEYEMI, WRONG_YEAR, move |by, birth| {
        let content = Content {
            title: WRONG_YEAR.to_owned(),
            starts_on,
            ends_on,
            objectives: None,
            frequency: None,
            methods: None,
            responsibilities: None,
            planning_requirements: None,
            reporting: None,
            process_importance: None,
            earlier_results: None,
            plan: Vec::new(),
        };
        AuditProgramme::draft(content, by, birth)
    });
    void::<AuditProgramme>(story, (58, 10), WRONG_YEAR, "The year's programme is approved already");
    make(story, (44, 9), MARA, VISITORS, |by, birth| {
        let draft = IndicatorDraft {
            name: VISITORS.to_owned(),
            information_need: None,
            unit: None,
            value_kind: ValueKind::Gauge,
            formula: None,
            goal: None,
            control: None,
            method: None,
            data_source: None,
            retention_days: None,
            frequency: None,
            collector: None,
            analysis_interval: None,
            analyst: None,
            requirements: Vec::new(),
            auto_raise: AutoRaise::None {},
            owner: by.member(),
        };
        Indicator::define(draft, by, birth)
    });
    void::<Indicator>(story, (44, 10), VISITORS, "Nobody decides anything by it");
}

/// Somebody raises something.
fn make<T: Guarded>(
    story: &mut Story,
    when: (i64, u32),
    who: Who,
    name: &'static str,
    draft: impl FnOnce(&Actor, Birth) -> Result<Change<T>, Refusal> + Send + 'static,
) {
    story.step(when, who, move |tx, names| {
        let (by, birth) = (tx.actor().clone(), tx.birth(T::PREFIX)?);
        names.call(name, save(draft(&by, birth)?, tx)?);
        Ok(())
    });
}

fn void<T: Guarded + Voidable>(story: &mut Story, when: (i64, u32), name: &'static str, reason: &'static str) {
    story.change(when, MARA, name, move |record: T, facts, by, at| record.void(reason.to_owned(), facts, by, at));
}

/// It is marked, and the other takes over what it has.
fn repeat<T: Guarded + Duplicable>(
    name: &'static str,
    of: &'static str,
    tx: &mut Tx<'_>,
    names: &Names,
) -> Result<(), Error> {
    let record: T = tx.get(Locator::Id(names.get(name)?))?;
    let other: T = tx.get(Locator::Id(names.get(of)?))?;
    let facts = tx.facts(&record)?;
    save(mark(record, &other, &facts, tx)?, tx).map(drop)
}

fn nonconformities(story: &mut Story) {
    let raise = |story: &mut Story, when, who, name: &'static str, evidence: &'static str| {
        make(story, when, who, name, move |by, birth| {
            let draft = NonconformityDraft {
                title: name.to_owned(),
                statement: "Drawings carry their classification".to_owned(),
                objective_evidence: evidence.to_owned(),
                source: Source::Employee,
                origin: None,
                requirement: Some("A.5.12".to_owned()),
                indicators: Vec::new(),
                due_on: None,
            };
            Nonconformity::raise(draft, by, birth)
        });
    };
    raise(story, (11, 9), PAVEL, OTHER_SITE, "Four drawings in the shared folder");
    story.step((11, 10), MARA, |tx, names| {
        let case: Nonconformity = tx.get(Locator::Id(names.get(OTHER_SITE)?))?;
        let (facts, by, at) = (tx.facts(&case)?, tx.actor().clone(), tx.now());
        let input = Confirm { grade: Grade::Minor, owner: names.member(PAVEL)? };
        save(case.confirm(input, &facts, &by, at)?, tx).map(drop)
    });
    void::<Nonconformity>(story, (10, 9), OTHER_SITE, "The folder is a customer's: the drawings are not ours");
    raise(story, (5, 9), YUKI, LABELS_AGAIN, "I have seen three without one");
    story.step((5, 10), MARA, |tx, names| repeat::<Nonconformity>(LABELS_AGAIN, LABELS, tx, names).map(drop));
}

fn incidents(story: &mut Story) {
    let report = |story: &mut Story, when, who, name: &'static str| {
        make(story, when, who, name, move |by, birth| {
            let draft = IncidentDraft {
                title: name.to_owned(),
                description: "Since this morning, for all of us".to_owned(),
                detected_at: birth.at - TimeDelta::minutes(20),
                occurred_at: None,
                origin: None,
                reporter: by.member(),
                assets: Vec::new(),
                controls: Vec::new(),
                category: None,
            };
            Incident::report(draft, by, birth)
        });
    };
    report(story, (13, 9), YUKI, DRILL);
    story.step((13, 10), MARA, |tx, names| {
        let incident: Incident = tx.get(Locator::Id(names.get(DRILL)?))?;
        let (facts, by, at) = (tx.facts(&incident)?, tx.actor().clone(), tx.now());
        let verdict = TriageVerdict::Incident { category: Category::Outage, severity: 2, owner: names.member(PAVEL)? };
        let input = Triage { criteria: "Nobody can work".to_owned(), verdict };
        save(incident.triage(input, &facts, &by, at)?, tx).map(drop)
    });
    void::<Incident>(story, (13, 11), DRILL, "It was the drill that IT had announced for Tuesday");
    report(story, (14, 11), YUKI, DOWN_AGAIN);
    story.step((13, 12), MARA, |tx, names| repeat::<Incident>(DOWN_AGAIN, DOWN, tx, names).map(drop));
}

fn weaknesses(story: &mut Story) {
    let say = |story: &mut Story, when, who, name: &'static str, place: &'static str| {
        make(story, when, who, name, move |by, birth| {
            let (title, description, found_in) = (name.to_owned(), "Anybody can see it".to_owned(), place.to_owned());
            Weakness::report(
                WeaknessDraft { title, description, found_in, origin: None, reporter: by.member() },
                by,
                birth,
            )
        });
    };
    say(story, (22, 9), YUKI, MISREAD, "Vault");
    story.step((22, 10), MARA, |tx, names| {
        let weakness: Weakness = tx.get(Locator::Id(names.get(MISREAD)?))?;
        let (facts, by, at) = (tx.facts(&weakness)?, tx.actor().clone(), tx.now());
        let (rating, rationale) = (Rating { likelihood: 4, impact: 5 }, "As it was told".to_owned());
        let input = Assess { rating, rationale, owner: names.member(PAVEL)? };
        save(weakness.assess(input, &facts, &by, at)?, tx).map(drop)
    });
    void::<Weakness>(story, (21, 9), MISREAD, "Another building's vault was meant");
    say(story, (2, 9), PAVEL, WLAN_AGAIN, "Guest network");
    story.step((2, 10), MARA, |tx, names| repeat::<Weakness>(WLAN_AGAIN, WLAN, tx, names).map(drop));
}

fn improvements(story: &mut Story) {
    let propose = |story: &mut Story, when, who, name: &'static str| {
        make(story, when, who, name, move |by, birth| {
            let draft = ImprovementDraft {
                title: name.to_owned(),
                description: "Nobody sees who stands there at six in the morning".to_owned(),
                source: Source::Employee,
                origin: None,
                proposer: by.member(),
                expected_benefit: None,
                measure: Some(Measure::Criterion { criterion: "One reads a badge there at night".to_owned() }),
                effort: None,
                value: None,
            };
            Improvement::propose(draft, by, birth)
        });
    };
    propose(story, (12, 9), YUKI, LAMPS);
    propose(story, (12, 10), YUKI, SENT_TWICE);
    story.change((12, 11), YUKI, SENT_TWICE, |improvement: Improvement, facts, by, at| {
        improvement.void("Sent twice".to_owned(), facts, by, at)
    });
    propose(story, (9, 12), PAVEL, LAMPS_AGAIN);
    story.step((9, 14), MARA, |tx, names| repeat::<Improvement>(LAMPS_AGAIN, LAMPS, tx, names));
}

/// Asked for by one, decided by another.
fn redactions(story: &mut Story) {
    const REMARK: &str = "remark about a colleague";
    const ERASURE: &str = "erasure of that remark";
    const KEPT: &str = "erasure that is refused";
    const OPEN: &str = "erasure that waits";
    story.step((33, 10), SOFIA, |tx, names| {
        let target = Target::of(&tx.get::<Nonconformity>(Locator::Id(names.get(PATCHES)?))?);
        let (by, birth) = (tx.actor().clone(), tx.birth(Comment::PREFIX)?);
        let text = "Nobody rolled it out: the colleague who does is on sick leave with his back again.".to_owned();
        names.call(REMARK, save(Comment::attach(target, Remark { text }, &by, birth)?, tx)?);
        Ok(())
    });
    let ask =
        |story: &mut Story, when, name: &'static str, of: &'static str, field: &'static str, why: &'static str| {
            story.step(when, MARA, move |tx, names| {
                let kind = if of == REMARK { Comment::PREFIX } else { Nonconformity::PREFIX };
                let draft = RedactionDraft {
                    target: Target { kind, id: RecordId(names.get(of)?) },
                    fields: vec![field.to_owned()],
                    entries: Vec::new(),
                    content: false,
                    legal_reason: why.to_owned(),
                };
                let (by, birth) = (tx.actor().clone(), tx.birth(Redaction::PREFIX)?);
                names.call(name, save(Redaction::request(draft, &by, birth)?, tx)?);
                Ok(())
            });
        };
    ask(story, (33, 15), ERASURE, REMARK, "/body/text", "Data about health: GDPR, articles 9 and 17");
    story.step((32, 9), INES, |tx, names| {
        let redaction: Redaction = tx.get(Locator::Id(names.get(ERASURE)?))?;
        let by = tx.actor().clone();
        save(carry_out(redaction, &by, tx)?.redaction, tx).map(drop)
    });
    ask(story, (8, 15), KEPT, OTHER_SITE, "/objective_evidence", "A customer asks for it");
    story.change((7, 15), INES, KEPT, |redaction: Redaction, (), by, at| {
        redaction.reject("No law asks for it, and it names nobody".to_owned(), by, at)
    });
    ask(story, (1, 15), OPEN, LABELS_AGAIN, "/objective_evidence", "Erasure was asked for: GDPR, article 17");
}
