//! What is added to records of any kind: comments, tags, links and evidence. They differ in what they say alone; each
//! is a record of its own, so that it stands in the journal and can be withdrawn, never lost.

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::delegations::is_personal;
use crate::id::{AuditId, MemberId};
use crate::kinds::sees_all;
use crate::reference::{Prefix, Target};
use crate::refusal::{Faults, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What one kind of annotation says.
pub trait Body: Clone + Serialize + DeserializeOwned + Send + 'static {
    /// The prefix of its references.
    const PREFIX: Prefix;
    /// What it takes to attach one.
    const MAKING: Permission;
    /// What can be done to one.
    type Verb: Moves;

    /// Keeps every fault of what it says now.
    fn check(&self, now: DateTime<Utc>, faults: &mut Faults);

    /// Why what it says does not allow a verb that its stage knows.
    ///
    /// # Errors
    /// The reason.
    fn may(&self, _verb: Self::Verb) -> Result<(), Refusal> {
        Ok(())
    }

    /// One line by which people know it, where it has one.
    fn title(&self) -> Option<&str> {
        None
    }

    /// The other record that it is about, where there is one.
    fn leads_to(&self) -> Option<Target> {
        None
    }

    /// What the annotation or its target is to another record, while it holds.
    fn edge(&self, _own: Target, _target: Target) -> Option<TraceEdge> {
        None
    }
}

/// The verbs of one kind of annotation.
pub trait Moves: Copy + strum::VariantArray + Into<&'static str> + Send + 'static {
    /// That by which any of them is withdrawn.
    const WITHDRAW: Self;

    /// The stages to which it leads from a stage; empty where the stage does not know it.
    fn leads_from(self, from: StageName) -> &'static [StageName];
    /// What it takes.
    fn needs(self) -> Permission;
}

/// Something added to a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "B: Body")]
pub struct Annotation<B> {
    /// Identity and version.
    pub head: Head,
    /// The record it is about.
    pub target: Target,
    /// What it says.
    pub body: B,
    /// Where it stands.
    pub stage: Stage,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It holds.
    Attached,
    /// It is kept, and does not hold any more.
    Withdrawn {
        /// Why.
        reason: String,
        /// Who withdrew it; `None` for a machine.
        by: Option<MemberId>,
        /// When.
        at: DateTime<Utc>,
    },
}

/// A stage without its facts: what filters and columns name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AnnotationState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Attached,
    Withdrawn,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Attached => StageName::Attached,
            Self::Withdrawn { .. } => StageName::Withdrawn,
        }
    }
}

/// What can be done to an annotation of any kind.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// Say that it does not hold any more.
    Withdraw,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    match (verb, from) {
        (Verb::Withdraw, StageName::Attached) => &[StageName::Withdrawn],
        (Verb::Withdraw, StageName::Withdrawn) => &[],
    }
}

impl Moves for Verb {
    const WITHDRAW: Self = Self::Withdraw;

    fn leads_from(self, from: StageName) -> &'static [StageName] {
        edge(from, self)
    }

    fn needs(self) -> Permission {
        match self {
            Self::Withdraw => Permission::WithdrawAnnotation,
        }
    }
}

impl<B: Body> Record for Annotation<B> {
    const PREFIX: Prefix = B::PREFIX;
    const MAKING: Permission = B::MAKING;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn title(&self) -> Option<&str> {
        self.body.title()
    }

    /// Who may not see every record of the target's kind sees one's own annotations alone, and those about records that
    /// one sees; an auditor engaged for an audit all that is said about it.
    fn is_readable(&self, by: &Actor) -> bool {
        // What was said of what is another's alone is not lent with it.
        let written = self.is_own(by) && !(by.on_behalf_of().is_some() && is_personal(self.target.kind));
        let audit = AuditId(self.target.id.0);
        let is_engaged = self.target.kind == Prefix::Audit && by.engaged_for().is_some_and(|all| all.contains(&audit));
        let own = (written && by.reaches(self.target.kind)) || is_engaged;
        by.may(Self::READING, own) && (own || sees_all(by, self.target.kind))
    }

    fn concerns(&self) -> Vec<Target> {
        std::iter::once(self.target).chain(self.body.leads_to()).collect()
    }

    fn edges(&self) -> Vec<TraceEdge> {
        match self.stage {
            Stage::Attached => self.body.edge(Target::of(self), self.target).into_iter().collect(),
            Stage::Withdrawn { .. } => Vec::new(),
        }
    }
}

impl<B: Body> Lifecycle for Annotation<B> {
    type Verb = B::Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: B::Verb) -> bool {
        !verb.leads_from(self.stage.name()).is_empty()
    }

    fn may(&self, verb: B::Verb, (): &(), by: &Actor) -> Result<(), Refusal> {
        if !by.may(verb.needs(), self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if self.knows(verb) { self.body.may(verb) } else { Err(Refusal::state("wrong_state", "it is withdrawn")) }
    }
}

impl<B: Body> Annotation<B> {
    /// Attaches it to a record that the actor has seen.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of what it says.
    pub fn attach(target: Target, body: B, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let mut faults = Faults::default();
        body.check(birth.at, &mut faults);
        faults.refuse()?;
        Ok(Change::born(Self { head: Head::born(by, birth), target, body, stage: Stage::Attached }, "attached"))
    }

    /// Withdraws it; it is kept.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn withdraw(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(B::Verb::WITHDRAW, &(), by)?;
        text::reason(&reason)?;
        let stage = Stage::Withdrawn { reason: reason.clone(), by: by.member(), at };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "withdrawn", at).because(reason))
    }

    /// What it is about was found to repeat another record: it is about that one from now on.
    #[must_use]
    pub fn moved(self, to: Target, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { target: to, ..self.clone() };
        Change::of(self, after, "moved", at)
    }

    /// The same about another record, or with another body.
    pub(crate) fn reworded(self, verb: &'static str, (target, body): (Target, B), at: DateTime<Utc>) -> Change<Self> {
        let after = Self { target, body, ..self.clone() };
        Change::of(self, after, verb, at)
    }

    /// The other record says as much already: it is withdrawn, not moved.
    #[must_use]
    pub fn superfluous(self, by: &Actor, at: DateTime<Utc>) -> Change<Self> {
        let reason = "the record that this one repeats says so already".to_owned();
        let stage = Stage::Withdrawn { reason: reason.clone(), by: by.member(), at };
        let after = Self { stage, ..self.clone() };
        Change::of(self, after, "withdrawn", at).because(reason)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::access::Role;
    use crate::comments::{Comment, Remark};
    use crate::evidence::tests::{collection, file_of, transfer};
    use crate::evidence::{self, Evidence, Exhibit, File};
    use crate::fixtures::refusals::Refusals;
    use crate::fixtures::{at, birth, person};
    use crate::id::RecordId;
    use crate::links::{Edge, Relation};
    use crate::tags::Label;
    use strum::VariantArray;

    fn target() -> Target {
        Target { kind: Prefix::Nonconformity, id: RecordId(uuid::Uuid::from_u128(9)) }
    }

    fn comment(by: &Actor) -> Comment {
        let remark = Remark { text: "Seen in week 12, too".into() };
        Comment::attach(target(), remark, by, birth(Prefix::Comment)).unwrap().into_after()
    }

    #[test]
    fn who_may_withdraw() {
        let author = person(1, &[Role::Member]);
        for (by, allowed) in [
            (&author, true),
            (&person(2, &[Role::Member]), false),
            (&person(2, &[Role::IsmsManager]), true),
            (&person(2, &[Role::Auditor]), false),
            (&person(1, &[Role::ExternalAuditor]), false),
            (&person(1, &[Role::Admin]), false),
        ] {
            assert_eq!(comment(&author).withdraw("A slip".into(), by, at()).is_ok(), allowed, "{by:?}");
        }
        let withdrawn = comment(&author).withdraw("A slip".into(), &author, at()).unwrap().into_after();
        assert!(matches!(withdrawn.clone().withdraw("Again".into(), &author, at()), Err(Refusal::State(_))));
        assert!(matches!(comment(&author).withdraw(" ".into(), &author, at()), Err(Refusal::Invalid(_))));
    }

    #[test]
    fn what_is_said_about_a_report_is_for_who_sees_reports() {
        let report = Target { kind: Prefix::EmployeeReport, id: RecordId(uuid::Uuid::from_u128(8)) };
        let handler = person(1, &[Role::IsmsManager]);
        let remark = || Remark { text: "It was the cleaner".into() };
        let said = Comment::attach(report, remark(), &handler, birth(Prefix::Comment)).unwrap().into_after();
        for (role, sees) in [(Role::IsmsManager, true), (Role::Admin, false), (Role::Auditor, false)] {
            assert_eq!(said.is_visible(&person(2, &[role])), sees, "{role:?}");
            assert!(comment(&handler).is_visible(&person(2, &[role])), "{role:?}");
        }
        let auditor = person(3, &[Role::Auditor]);
        let own = Comment::attach(report, remark(), &auditor, birth(Prefix::Comment)).unwrap().into_after();
        assert!(own.is_visible(&auditor));
    }

    fn faults(body: &impl Body) -> Vec<String> {
        let mut faults = Faults::default();
        body.check(at(), &mut faults);
        match faults.refuse() {
            Err(Refusal::Invalid(faults)) => {
                faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
            }
            Ok(()) | Err(_) => Vec::new(),
        }
    }

    #[test]
    fn each_says_something() {
        assert_eq!(faults(&Remark { text: "\n ".into() }), ["/text blank"]);
        for (label, fault) in [("", true), ("a,b", true), ("A", true), ("a b", true), ("iso-27001", false)] {
            assert_eq!(!faults(&Label { label: label.into() }).is_empty(), fault, "{label:?}");
        }
        let edge = Edge { relation: Relation::CausedBy, to: target(), note: Some(" ".into()) };
        assert_eq!(faults(&edge), ["/note blank"]);
        let file = File {
            name: "a/../b".into(),
            media_type: "text/plain".into(),
            size: 1,
            sha256: "0".repeat(64),
            title: None,
            erased_by: None,
        };
        let faults_of = |file: File| faults(&Exhibit::from(file));
        assert!(faults_of(file.clone()).is_empty(), "a name is a label, never a path");
        for name in ["", "a\nb", "a\u{202e}gpj.exe", "..", "a\0"] {
            assert_eq!(faults_of(File { name: name.into(), ..file.clone() }).len(), 1, "{name:?}");
        }
        for media_type in ["text", "text/html; x=\r\n", "a/b/c", "é/x"] {
            assert_eq!(faults_of(File { media_type: media_type.into(), ..file.clone() }).len(), 1, "{media_type:?}");
        }
    }

    #[test]
    fn a_record_is_not_linked_to_itself() {
        let by = person(1, &[Role::IsmsManager]);
        let edge = Edge { relation: Relation::RelatesTo, to: target(), note: None };
        let refusal = crate::links::link(target(), edge, &by, birth(Prefix::Link)).unwrap_err();
        assert!(matches!(refusal, Refusal::Invalid(faults) if faults[0].pointer == "/to"));
    }

    /// One of a kind, in a stage.
    fn at_stage<B: Body>(stage: StageName, body: B) -> Annotation<B> {
        let author = person(1, &[Role::IsmsManager]);
        let attached = Annotation::attach(target(), body, &author, birth(B::PREFIX)).unwrap().into_after();
        match stage {
            StageName::Attached => attached,
            StageName::Withdrawn => withdrawn(attached).unwrap(),
        }
    }

    fn withdrawn<B: Body>(annotation: Annotation<B>) -> Result<Annotation<B>, Refusal> {
        annotation.withdraw("A slip".into(), &person(1, &[Role::IsmsManager]), at()).map(Change::into_after)
    }

    fn apply<B: Body>(annotation: Annotation<B>, verb: Verb) -> Result<Annotation<B>, Refusal> {
        match verb {
            Verb::Withdraw => withdrawn(annotation),
        }
    }

    fn apply_to_evidence(piece: Evidence, verb: evidence::Verb) -> Result<Evidence, Refusal> {
        match verb {
            evidence::Verb::Withdraw => withdrawn(piece),
            evidence::Verb::RecordCollection => collected(piece),
            evidence::Verb::RecordTransfer => {
                let by = person(1, &[Role::IsmsManager]);
                collected(piece)?.record_transfer(transfer(4, 5), &by, at()).map(Change::into_after)
            }
        }
    }

    fn collected(piece: Evidence) -> Result<Evidence, Refusal> {
        piece.record_collection(collection(4), &person(1, &[Role::IsmsManager]), at()).map(Change::into_after)
    }

    fn remark() -> Remark {
        Remark { text: "Seen in week 12, too".into() }
    }

    fn label() -> Label {
        Label { label: "iso-27001".into() }
    }

    fn relation() -> Edge {
        let other = Target { kind: Prefix::Nonconformity, id: RecordId(uuid::Uuid::from_u128(10)) };
        Edge { relation: Relation::RelatesTo, to: other, note: None }
    }

    fn file() -> Exhibit {
        file_of("list.csv", "text/csv").into()
    }

    /// Every stage x every verb of each kind: a command succeeds exactly where the table has an edge, and ends where it says.
    #[test]
    fn stage_by_verb() {
        type Apply<B> = fn(Annotation<B>, <B as Body>::Verb) -> Result<Annotation<B>, Refusal>;
        fn table<B: Body<Verb: std::fmt::Debug>>(body: &B, apply: Apply<B>) -> String {
            let mut table = String::new();
            for stage in StageName::VARIANTS {
                for verb in B::Verb::VARIANTS {
                    let kind = B::PREFIX.kind();
                    let ends: Vec<_> =
                        apply(at_stage(*stage, body.clone()), *verb).iter().map(|a| a.stage.name()).collect();
                    assert_eq!(ends, verb.leads_from(*stage), "{kind} {stage:?} {verb:?}");
                    table.push_str(&format!("{kind}: {stage:?} {verb:?} -> {ends:?}\n"));
                }
            }
            table
        }
        let of_evidence = table(&file(), apply_to_evidence);
        insta::assert_snapshot!(
            [table(&remark(), apply), table(&label(), apply), table(&relation(), apply), of_evidence].concat()
        );
    }

    fn refused<B: Body>(body: &B) -> Refusals {
        Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage, body.clone())), &[()])
    }

    /// Why each kind is refused.
    pub(crate) fn refusals() -> [(&'static str, Refusals); 4] {
        [
            ("comments", refused(&remark())),
            ("tags", refused(&label())),
            ("links", refused(&relation())),
            ("evidence", evidence::tests::refusals()),
        ]
    }
}
