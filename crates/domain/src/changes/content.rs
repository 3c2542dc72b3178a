//! What a change says: requested, amended and revised in the same way; what approvals bind to.

use super::{Assessed, Assessment, Kind, PlannedChange, REQUIREMENTS, Stage, TemplateUse};
use crate::access::Actor;
use crate::analysis::effect::note_indicators;
use crate::approval::Content;
use crate::change::{Birth, Change, Head, Record};
use crate::change_templates::{ChangeTemplate, Procedure};
use crate::id::{ChangeTemplateId, IndicatorId, MemberId};
use crate::reference::Target;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use std::collections::BTreeSet;

/// At most so many records are named as affected.
const AFFECTED: usize = 50;

/// A change in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Why.
    pub purpose: String,
    /// What is to change.
    pub description: String,
    /// The clauses and controls it concerns.
    pub requirements: Vec<String>,
    /// The indicators that show its effect; that they exist is the caller's to check.
    pub indicators: Vec<IndicatorId>,
}

/// How a change is described, and with it how it comes to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// By a template that is approved.
    Standard(Box<ChangeTemplate>),
    /// In its own words.
    Normal(Description),
    /// In its own words, and at once.
    Emergency(Description),
}

/// What it takes to request a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeDraft {
    /// One line.
    pub title: String,
    /// What is to change, and how that comes to be allowed.
    pub what: What,
    /// What is particular about this one.
    pub particulars: Option<String>,
    /// Who makes it; that the member exists is the caller's to check.
    pub owner: MemberId,
    /// The records it alters; that they exist is the caller's to check.
    pub affected: Vec<Target>,
    /// The record that it is born of.
    pub origin: Option<Target>,
}

/// Plain fields to change; the outer option is "leave as it is", an inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `PlannedChange` say it")]
pub struct ChangeAmendment {
    pub title: Option<String>,
    pub purpose: Option<String>,
    pub description: Option<String>,
    pub particulars: Option<Option<String>>,
    pub owner: Option<MemberId>,
    pub requirements: Option<Vec<String>>,
    pub indicators: Option<Vec<IndicatorId>>,
    pub affected: Option<Vec<Target>>,
}

/// Takes over what was given.
fn take<T>(given: Option<T>, into: &mut T) {
    if let Some(given) = given {
        *into = given;
    }
}

impl ChangeAmendment {
    /// Writes what is given into the change; every fault of what it says then, below `pointer`, and each field that its
    /// template has fixed.
    pub(super) fn apply(self, pointer: &str, to: &mut PlannedChange) -> Faults {
        let Self { title, purpose, description, particulars, owner, requirements, indicators, affected } = self;
        let given = [
            ("purpose", purpose.is_some()),
            ("description", description.is_some()),
            ("requirements", requirements.is_some()),
            ("indicators", indicators.is_some()),
        ];
        take(title, &mut to.title);
        take(purpose, &mut to.purpose);
        take(description, &mut to.description);
        take(particulars, &mut to.particulars);
        take(owner, &mut to.owner);
        take(requirements, &mut to.requirements);
        take(indicators, &mut to.indicators);
        take(affected, &mut to.affected);
        let mut faults = to.faults(pointer);
        for (name, _) in given.iter().filter(|(_, given)| *given && to.kind == Kind::Standard) {
            let detail = "is what the template says: request a normal change instead";
            faults.push(Fault::new(format!("{pointer}/{name}"), "fixed", detail));
        }
        faults
    }
}

impl PlannedChange {
    /// Requests a change. Who requests it does not approve it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn request(draft: ChangeDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let ChangeDraft { title, what, particulars, owner, affected, origin } = draft;
        let at = birth.at;
        let (kind, words, template, assessed) = match what {
            What::Normal(words) => (Kind::Normal, words, None, None),
            What::Emergency(words) => (Kind::Emergency, words, None, None),
            What::Standard(template) => {
                let Some((used, words, assessment)) = by_template(&template) else {
                    let detail = "must be a template that is approved";
                    return Err(Refusal::invalid("/template", "not_approved", detail));
                };
                (Kind::Standard, words, Some(used), Some(Assessed { assessment, revision: 1, at, by: by.member() }))
            }
        };
        let Description { purpose, description, requirements, indicators } = words;
        let change = Self {
            head: Head::born(by, birth),
            title,
            purpose,
            description,
            particulars,
            kind,
            template,
            owner,
            requirements,
            indicators,
            affected,
            origin,
            revision: 1,
            revisions: Vec::new(),
            assessed,
            approval: None,
            approval_note: None,
            approve_by: None,
            missed: None,
            exceptions: Vec::new(),
            stage: Stage::Draft,
        };
        change.faults("").refuse()?;
        Ok(Change::born(change, "requested"))
    }

    /// Every fault of what people write, below `pointer`.
    fn faults(&self, pointer: &str) -> Faults {
        let at = |name: &str| format!("{pointer}/{name}");
        let mut faults = Faults::default();
        faults.keep(text::title(&at("title"), &self.title));
        faults.keep(text::narrative(&at("purpose"), &self.purpose));
        faults.keep(text::narrative(&at("description"), &self.description));
        if let Some(particulars) = &self.particulars {
            faults.keep(text::narrative(&at("particulars"), particulars));
        }
        text::requirements(&at("requirements"), &self.requirements, REQUIREMENTS, &mut faults);
        note_indicators(&at("indicators"), &self.indicators, false, &mut faults);
        self.note_affected(&at("affected"), &mut faults);
        faults
    }

    fn note_affected(&self, pointer: &str, faults: &mut Faults) {
        if self.affected.len() > AFFECTED {
            faults.push(Fault::new(pointer, "length", format!("must name at most {AFFECTED} records")));
        }
        let mut named = BTreeSet::new();
        for (index, target) in self.affected.iter().enumerate() {
            let place = format!("{pointer}/{index}");
            if target.id.0 == self.head.id {
                faults.push(Fault::new(place, "itself", "must be another record"));
            } else if !named.insert(target) {
                faults.push(Fault::new(place, "duplicate", "must name each record once"));
            }
        }
    }

    /// What an approval binds to: content and assessment as they stand; `None` until it is assessed.
    pub(super) fn approvable(&self) -> Option<Content> {
        let Assessed { assessment, .. } = self.assessed.as_ref()?;
        let content = Content::default()
            .with("kind", self.kind.into())
            .with("title", &self.title)
            .with("purpose", &self.purpose)
            .with("description", &self.description)
            .with_each("particulars", &self.particulars)
            .with("owner", &self.owner.to_string())
            .with_each("requirement", &self.requirements)
            .with_each("indicator", self.indicators.iter().map(ToString::to_string))
            .with_each("affected", self.affected.iter().map(|target| format!("{} {}", target.kind.kind(), target.id)));
        Some(assessment.add_to(content))
    }
}

/// What a template says of the change, when it is approved.
fn by_template(template: &ChangeTemplate) -> Option<(TemplateUse, Description, Assessment)> {
    let digest = template.approval()?.digest.clone();
    let used = TemplateUse { id: ChangeTemplateId(template.head.id), reference: template.head.reference, digest };
    let Procedure { title: _, purpose, description, requirements, indicators, assessment } = template.procedure.clone();
    Some((used, Description { purpose, description, requirements, indicators }, assessment))
}
