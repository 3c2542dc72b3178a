//! Templates: a starting set for an organisation that begins today, in words of our own and ready to be edited. Applying one
//! makes a record as anybody would make it, where it begins: nothing that comes from a template is approved by that.

mod audits;
mod changes;
mod context;
mod controls;
mod indicators;
mod objectives;
mod people;
mod policies;
mod processes;
mod reviews;
mod risks;
#[cfg(test)]
mod tests;

pub use audits::draft as audit_programme;
pub use changes::ChangeText;
pub use context::ContextText;
pub use controls::ControlText;
pub use objectives::ObjectiveText;
pub use people::{CommunicationText, CourseText, RoleText};
pub use policies::PolicyText;
pub use processes::ProcessText;
pub use reviews::draft as management_review;
pub use risks::RiskText;

use crate::access::Actor;
use crate::change::Record;
use crate::id::MemberId;
use crate::indicators::IndicatorText;
use crate::of_kind;
use crate::reference::Prefix;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What a part of the set is about, named as the records are that it makes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TemplateArea))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Area {
    /// What the management system starts from: issues and interested parties.
    ContextEntries,
    /// What the organisation does.
    Processes,
    /// What could happen.
    Risks,
    /// The information security policy and those for single topics.
    Policies,
    /// What is measured.
    Indicators,
    /// What is to be reached.
    Objectives,
    /// Controls that the policies and risks of the set need.
    Applicabilities,
    /// The first year's internal audits.
    AuditProgrammes,
    /// Changes that are made often.
    ChangeTemplates,
    /// What people learn.
    Courses,
    /// Roles, and what they require.
    Competences,
    /// Who is told what, when and how.
    CommunicationPlans,
    /// The first management review, with its agenda.
    ManagementReviews,
}

impl Area {
    /// The kind of record that it makes.
    #[must_use]
    pub fn kind(self) -> Prefix {
        match self {
            Self::ContextEntries => Prefix::ContextEntry,
            Self::Processes => Prefix::Process,
            Self::Risks => Prefix::Risk,
            Self::Policies => Prefix::Policy,
            Self::Indicators => Prefix::Indicator,
            Self::Objectives => Prefix::Objective,
            Self::Applicabilities => Prefix::Applicability,
            Self::AuditProgrammes => Prefix::AuditProgramme,
            Self::ChangeTemplates => Prefix::ChangeTemplate,
            Self::Courses => Prefix::Course,
            Self::Competences => Prefix::Competence,
            Self::CommunicationPlans => Prefix::CommunicationPlan,
            Self::ManagementReviews => Prefix::ManagementReview,
        }
    }
}

/// The language of a template's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TemplateLanguage))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Language {
    /// English.
    En,
}

/// What a template makes a record of.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// An issue or an interested party.
    Context(ContextText),
    /// A process.
    Process(ProcessText),
    /// A risk.
    Risk(RiskText),
    /// A policy and its first version.
    Policy(PolicyText),
    /// An indicator.
    Indicator(IndicatorText),
    /// An objective.
    Objective(ObjectiveText),
    /// What is said of a control.
    Control(ControlText),
    /// The audit programme: [`audit_programme`].
    AuditProgramme,
    /// A change template.
    Change(ChangeText),
    /// A course.
    Course(CourseText),
    /// A role and what it requires.
    Role(RoleText),
    /// A communication plan.
    Communication(CommunicationText),
    /// The first management review: [`management_review`], with its agenda as a comment.
    ManagementReview {
        /// What is talked about.
        agenda: &'static str,
    },
}

/// One template of the set.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// By what it is known: it stays the same.
    pub id: String,
    /// What its record is called.
    pub title: String,
    /// What it is about.
    pub summary: String,
    /// The clauses and controls it serves.
    pub clauses: Vec<&'static str>,
    /// Templates whose records its own refers to.
    pub needs: Vec<&'static str>,
    /// What its record is made of.
    pub content: Content,
}

impl Content {
    /// Where it belongs.
    #[must_use]
    pub fn area(&self) -> Area {
        match self {
            Self::Context(_) => Area::ContextEntries,
            Self::Process(_) => Area::Processes,
            Self::Risk(_) => Area::Risks,
            Self::Policy(_) => Area::Policies,
            Self::Indicator(_) => Area::Indicators,
            Self::Objective(_) => Area::Objectives,
            Self::Control(_) => Area::Applicabilities,
            Self::AuditProgramme => Area::AuditProgrammes,
            Self::Change(_) => Area::ChangeTemplates,
            Self::Course(_) => Area::Courses,
            Self::Role(_) => Area::Competences,
            Self::Communication(_) => Area::CommunicationPlans,
            Self::ManagementReview { .. } => Area::ManagementReviews,
        }
    }

    /// Its longer text, in Markdown, where it has one.
    #[must_use]
    pub fn text(&self) -> Option<&'static str> {
        match self {
            Self::Policy(policy) => Some(policy.body),
            Self::ManagementReview { agenda } => Some(agenda),
            Self::Context(_)
            | Self::Process(_)
            | Self::Risk(_)
            | Self::Indicator(_)
            | Self::Objective(_)
            | Self::Control(_)
            | Self::AuditProgramme
            | Self::Change(_)
            | Self::Course(_)
            | Self::Role(_)
            | Self::Communication(_) => None,
        }
    }
}

/// A template whose record refers to no other's.
fn template(words: [&str; 3], clauses: &[&'static str], content: Content) -> Template {
    let [id, title, summary] = words.map(str::to_owned);
    Template { id, title, summary, clauses: clauses.to_vec(), needs: Vec::new(), content }
}

/// The whole set, in the order in which it is applied: what others need comes first.
#[must_use]
pub fn starter() -> Vec<Template> {
    let mut all = what_there_is();
    all.extend(what_is_aimed_at());
    all.extend(what_is_done());
    all
}

fn what_there_is() -> Vec<Template> {
    let context = context::CONTEXT
        .iter()
        .map(|text| template([text.id, text.title, text.description], text.clauses, Content::Context(*text)));
    let processes = processes::PROCESSES
        .iter()
        .map(|text| template([text.id, text.name, text.purpose], text.clauses, Content::Process(*text)));
    let risks = risks::RISKS
        .iter()
        .map(|text| template([text.id, text.title, text.description], text.controls, Content::Risk(*text)));
    let policies = policies::POLICIES
        .iter()
        .map(|text| template([text.id, text.title, text.purpose], text.clauses, Content::Policy(*text)));
    context.chain(processes).chain(risks).chain(policies).collect()
}

fn what_is_aimed_at() -> Vec<Template> {
    let indicators = indicators::INDICATORS
        .iter()
        .map(|text| template([text.id, text.name, text.need], text.clauses, Content::Indicator(*text)));
    let objectives = objectives::OBJECTIVES.iter().map(|text| Template {
        needs: vec![policies::TOP_LEVEL, text.indicator],
        ..template([text.id, text.title, text.statement], text.clauses, Content::Objective(*text))
    });
    let controls = controls::controls().into_iter().map(|text| {
        let (id, why) = (text.id(), text.justification());
        template([&id, text.control.label, &why], &[text.control.number], Content::Control(text))
    });
    indicators.chain(objectives).chain(controls).collect()
}

fn what_is_done() -> Vec<Template> {
    let programme = [audits::PROGRAMME, audits::TITLE, audits::OBJECTIVES];
    let programme = template(programme, &["9.2.1", "9.2.2"], Content::AuditProgramme);
    let changes = changes::CHANGES
        .iter()
        .map(|text| template([text.id, text.title, text.purpose], text.clauses, Content::Change(*text)));
    let courses = people::COURSES
        .iter()
        .map(|text| template([text.id, text.title, text.description], text.clauses, Content::Course(*text)));
    let roles = people::ROLES
        .iter()
        .map(|text| template([text.id, text.role, text.requirement], text.clauses, Content::Role(*text)));
    let communications = people::COMMUNICATIONS
        .iter()
        .map(|text| template([text.id, text.subject, &text.summary()], text.clauses, Content::Communication(*text)));
    let review = [reviews::REVIEW, reviews::TITLE, reviews::SUMMARY];
    let agenda = Content::ManagementReview { agenda: reviews::AGENDA };
    let review = template(review, &["9.3.1", "9.3.2", "9.3.3"], agenda);
    [programme].into_iter().chain(changes).chain(courses).chain(roles).chain(communications).chain([review]).collect()
}

/// Who answers for what is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owners {
    /// For everything of which nothing else is said; that members exist is the caller's to check, here and below.
    pub everything: MemberId,
    /// For what is made of one area.
    pub of_area: BTreeMap<Area, MemberId>,
    /// Who chairs the management review; where nobody is named, whoever joined first of those who hold
    /// the role `management`.
    pub chair: Option<MemberId>,
}

impl Owners {
    /// Who answers for what is made of an area.
    #[must_use]
    pub fn of(&self, area: Area) -> MemberId {
        self.of_area.get(&area).copied().unwrap_or(self.everything)
    }
}

/// Why a template made nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TemplateSkipped))]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// It was applied before, whatever its record is called now.
    Applied,
    /// There is a record that would be the same: of this title, of this control, or another review that is scheduled.
    Exists,
    /// A template that it needs was neither applied nor chosen.
    Needs,
    /// Nobody holds the role `management`, so that nobody can chair the review.
    NoTopManagement,
}

/// Refuses who may not make every kind of record that is in the set.
///
/// # Errors
/// [`Refusal::Forbidden`].
pub fn may_apply(by: &Actor) -> Result<(), Refusal> {
    // A policy comes with what it says, and a review with its agenda.
    let beside = [Prefix::PolicyVersion, Prefix::Comment];
    for kind in Area::VARIANTS.iter().map(|area| area.kind()).chain(beside) {
        of_kind!(kind, T => T::may_make(by))?;
    }
    Ok(())
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
