//! Applying templates: each record is made by its own command and stored as any other, all of them in one transaction.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::journal::Receipt;
use crate::schema::{
    applicabilities, audit_programmes, change_templates, communication_plans, competences, context_entries as entries,
    courses, indicators, management_reviews, objectives, policies, processes, risks, template_uses,
};
use crate::table::Guarded;
use crate::tx::Tx;
use crate::{context_entries, management_reviews as reviews, members, settings};
use chrono::NaiveDate;
use diesel::prelude::*;
use ratchet_domain::access::Role;
use ratchet_domain::applicabilities::Applicability;
use ratchet_domain::audit_programmes::AuditProgramme;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::change_templates::ChangeTemplate;
use ratchet_domain::comments::{Comment, Remark};
use ratchet_domain::communication_plans::CommunicationPlan;
use ratchet_domain::competences::Competence;
use ratchet_domain::context_entries::ContextEntry;
use ratchet_domain::courses::Course;
use ratchet_domain::id::{IndicatorId, MemberId, OrganisationId, PolicyId, ProcessId, RecordId};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::management_reviews::{ManagementReview, StageName as ReviewStage};
use ratchet_domain::objectives::Objective;
use ratchet_domain::policies::Policy;
use ratchet_domain::policy_versions::{PolicyVersion, Versions};
use ratchet_domain::processes::Process;
use ratchet_domain::reference::Target;
use ratchet_domain::risks::Risk;
use ratchet_domain::templates::{self, Area, Content, ObjectiveText, Owners, PolicyText, Skipped, Template};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A record that was made of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The template.
    pub template: String,
    /// The record.
    pub record: Target,
}

/// A template that made nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The template.
    pub template: String,
    /// Why.
    pub reason: Skipped,
    /// The record that is there already.
    pub record: Option<Target>,
    /// The templates that it needs and that were neither applied nor chosen.
    pub needs: Vec<&'static str>,
}

/// What came of applying templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// In the order in which it was made.
    pub made: Vec<Made>,
    /// What was left out, and why.
    pub skipped: Vec<Left>,
    /// The journal's last entry of it.
    pub last: Option<Receipt>,
}

/// The records that were made of templates, by template.
///
/// # Errors
/// The database's.
pub fn uses(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<BTreeMap<String, Uuid>, Error> {
    let found: Vec<(String, KeyValue)> = template_uses::table
        .filter(template_uses::organisation_id.eq(KeyValue(organisation.0)))
        .select((template_uses::template, template_uses::record_id))
        .load(connection)?;
    Ok(found.into_iter().map(|(template, record)| (template, record.0)).collect())
}

/// Applies templates in the order given. What was applied before, or is there by another way, is left out, so that two who
/// apply the same set at once make it once.
///
/// # Errors
/// The database's, or a command's refusal.
pub fn apply(chosen: &[Template], owners: &Owners, tx: &mut Tx<'_>) -> Result<Applied, Error> {
    let organisation = tx.actor().organisation;
    tx.enter(organisation.0)?;
    let today = settings::rules(organisation, tx.connection())?.today(tx.now());
    let records = uses(organisation, tx.connection())?;
    let mut run = Run { owners, today, records, applied: Applied::default() };
    for template in chosen {
        run.apply(template, tx)?;
    }
    Ok(run.applied)
}

/// Templates being applied.
struct Run<'a> {
    owners: &'a Owners,
    /// The organisation's day.
    today: NaiveDate,
    /// The record that stands for each template: made of it, or found in its place.
    records: BTreeMap<String, Uuid>,
    applied: Applied,
}

impl Run<'_> {
    fn apply(&mut self, template: &Template, tx: &mut Tx<'_>) -> Result<(), Error> {
        let kind = template.content.area().kind();
        let target = |id: Uuid| Some(Target { kind, id: RecordId(id) });
        if let Some(id) = self.records.get(&template.id).copied() {
            self.skip(template, Skipped::Applied, target(id), Vec::new());
            return Ok(());
        }
        if let Some(id) = standing(template, tx)? {
            self.records.insert(template.id.clone(), id);
            self.skip(template, Skipped::Exists, target(id), Vec::new());
            return Ok(());
        }
        let needs: Vec<&str> = template.needs.iter().copied().filter(|id| !self.records.contains_key(*id)).collect();
        if !needs.is_empty() {
            self.skip(template, Skipped::Needs, None, needs);
            return Ok(());
        }
        match self.make(template, tx)? {
            Some(id) => self.note(template, id, tx),
            None => {
                self.skip(template, Skipped::NoTopManagement, None, Vec::new());
                Ok(())
            }
        }
    }

    fn skip(&mut self, template: &Template, reason: Skipped, record: Option<Target>, needs: Vec<&'static str>) {
        self.applied.skipped.push(Left { template: template.id.clone(), reason, record, needs });
    }

    /// So that it is not applied again.
    fn note(&mut self, template: &Template, record: Uuid, tx: &mut Tx<'_>) -> Result<(), Error> {
        let organisation = tx.actor().organisation;
        diesel::insert_into(template_uses::table)
            .values((
                template_uses::organisation_id.eq(KeyValue(organisation.0)),
                template_uses::template.eq(&template.id),
                template_uses::record_id.eq(KeyValue(record)),
            ))
            .execute(tx.connection())?;
        self.records.insert(template.id.clone(), record);
        Ok(())
    }

    /// Stores what was made.
    fn keep<T: Guarded>(&mut self, template: &Template, change: Change<T>, tx: &mut Tx<'_>) -> Result<T, Error> {
        let (record, receipt) = tx.save(change)?;
        self.applied.made.push(Made { template: template.id.clone(), record: Target::of(&record) });
        self.applied.last = Some(receipt);
        Ok(record)
    }

    /// The record's id; none where nobody can chair the review.
    fn make(&mut self, template: &Template, tx: &mut Tx<'_>) -> Result<Option<Uuid>, Error> {
        let (by, owner, today) = (tx.actor().clone(), self.owners.of(template.content.area()), self.today);
        macro_rules! made {
            ($record:ident, |$birth:ident| $change:expr) => {{
                let $birth = tx.birth($record::PREFIX)?;
                self.keep(template, $change?, tx)?.head.id
            }};
        }
        Ok(Some(match &template.content {
            Content::Context(text) => {
                let facts = context_entries::facts(by.organisation, tx.now(), tx.connection())?;
                made!(ContextEntry, |birth| ContextEntry::record(text.draft(owner, today), &facts, &by, birth))
            }
            Content::Process(text) => made!(Process, |birth| Process::define(text.draft(owner), &by, birth)),
            Content::Risk(text) => made!(Risk, |birth| Risk::register(text.draft(), &by, birth)),
            Content::Policy(text) => self.make_policy(template, text, tx)?,
            Content::Indicator(text) => {
                made!(Indicator, |birth| Indicator::define(text.draft(Some(owner)), &by, birth))
            }
            Content::Objective(text) => return self.make_objective(template, text, tx),
            Content::Control(text) => {
                made!(Applicability, |birth| Applicability::declare(text.draft(owner), &by, birth))
            }
            Content::AuditProgramme => {
                let content = templates::audit_programme(self.processes(), today);
                made!(AuditProgramme, |birth| AuditProgramme::draft(content, &by, birth))
            }
            Content::Change(text) => made!(ChangeTemplate, |birth| ChangeTemplate::define(text.draft(), &by, birth)),
            Content::Course(text) => made!(Course, |birth| Course::define(text.draft(owner), &by, birth)),
            Content::Role(text) => made!(Competence, |birth| Competence::define(text.draft(), &by, birth)),
            Content::Communication(text) => {
                made!(CommunicationPlan, |birth| CommunicationPlan::plan(text.draft(owner, today), today, &by, birth))
            }
            Content::ManagementReview { agenda } => return self.make_review(template, agenda, tx),
        }))
    }

    fn make_policy(&mut self, template: &Template, text: &PolicyText, tx: &mut Tx<'_>) -> Result<Uuid, Error> {
        let (by, owner) = (tx.actor().clone(), self.owners.of(Area::Policies));
        let birth = tx.birth(Policy::PREFIX)?;
        let policy = self.keep(template, Policy::establish(text.draft(owner), &by, birth)?, tx)?;
        let birth = tx.birth(PolicyVersion::PREFIX)?;
        let version = PolicyVersion::draft(text.version(), (&policy, Versions::default()), &by, birth)?;
        self.keep(template, version, tx)?;
        Ok(policy.head.id)
    }

    /// What it needs is there: else it was skipped.
    fn make_objective(
        &mut self,
        template: &Template,
        text: &ObjectiveText,
        tx: &mut Tx<'_>,
    ) -> Result<Option<Uuid>, Error> {
        let record = |id: &str| self.records.get(id).copied().ok_or(Error::NotFound);
        let serves = (PolicyId(record(ObjectiveText::POLICY)?), IndicatorId(record(text.indicator())?));
        let (by, owner) = (tx.actor().clone(), self.owners.of(Area::Objectives));
        let draft = text.draft(serves, owner, self.today);
        let birth = tx.birth(Objective::PREFIX)?;
        Ok(Some(self.keep(template, Objective::set(draft, self.today, &by, birth)?, tx)?.head.id))
    }

    /// The review, and its agenda as a comment.
    fn make_review(&mut self, template: &Template, agenda: &str, tx: &mut Tx<'_>) -> Result<Option<Uuid>, Error> {
        let by = tx.actor().clone();
        let chair = match self.owners.chair {
            Some(chair) => Some(chair),
            None => first_of_management(by.organisation, self.today, tx.connection())?,
        };
        let Some(chair) = chair else { return Ok(None) };
        let attendee = Some(self.owners.of(Area::ManagementReviews));
        let facts = reviews::facts(by.organisation, None, tx.now(), tx.connection())?;
        let draft = templates::management_review(chair, attendee, self.today);
        let birth = tx.birth(ManagementReview::PREFIX)?;
        let review = self.keep(template, ManagementReview::schedule(draft, &facts, &by, birth)?, tx)?;
        let (birth, remark) = (tx.birth(Comment::PREFIX)?, Remark { text: agenda.to_owned() });
        self.keep(template, Comment::attach(Target::of(&review), remark, &by, birth)?, tx)?;
        Ok(Some(review.head.id))
    }

    /// Those of the set.
    fn processes(&self) -> Vec<ProcessId> {
        let all = templates::starter().into_iter().filter(|template| template.content.area() == Area::Processes);
        all.filter_map(|template| self.records.get(&template.id).map(|id| ProcessId(*id))).collect()
    }
}

/// Of those who hold the role `management` whoever joined first.
fn first_of_management(
    organisation: OrganisationId,
    today: NaiveDate,
    connection: &mut AnyConnection,
) -> Result<Option<MemberId>, Error> {
    let holders = members::with_roles(organisation, today, connection)?;
    Ok(holders.into_iter().find(|(_, roles)| roles.contains(&Role::Management)).map(|(member, _)| member))
}

/// The record that is there in the place of the one that the template would make.
fn standing(template: &Template, tx: &mut Tx<'_>) -> Result<Option<Uuid>, Error> {
    let organisation = KeyValue(tx.actor().organisation.0);
    let connection = tx.connection();
    /// The oldest of a table for which the conditions hold.
    macro_rules! oldest {
        ($table:ident, $condition:expr) => {
            $table::table
                .filter($table::organisation_id.eq(organisation))
                .filter($condition)
                .order($table::id)
                .select($table::id)
                .first(connection)
                .optional()?
        };
    }
    let title = &template.title;
    let found: Option<KeyValue> = match &template.content {
        Content::Context(_) => oldest!(entries, entries::title.eq(title)),
        Content::Process(_) => oldest!(processes, processes::name.eq(title)),
        Content::Risk(_) => oldest!(risks, risks::title.eq(title)),
        Content::Policy(_) => oldest!(policies, policies::title.eq(title)),
        Content::Indicator(_) => oldest!(indicators, indicators::name.eq(title)),
        Content::Objective(_) => oldest!(objectives, objectives::title.eq(title)),
        Content::Control(text) => oldest!(applicabilities, applicabilities::control.eq(text.number())),
        Content::AuditProgramme => oldest!(audit_programmes, audit_programmes::title.eq(title)),
        Content::Change(_) => oldest!(change_templates, change_templates::title.eq(title)),
        Content::Course(_) => oldest!(courses, courses::title.eq(title)),
        Content::Role(_) => oldest!(competences, competences::role.eq(title)),
        Content::Communication(_) => oldest!(communication_plans, communication_plans::subject.eq(title)),
        Content::ManagementReview { .. } => {
            let upcoming = [ReviewStage::Scheduled, ReviewStage::Prepared].map(<&str>::from);
            oldest!(management_reviews, management_reviews::stage.eq_any(upcoming))
        }
    };
    Ok(found.map(|id| id.0))
}
