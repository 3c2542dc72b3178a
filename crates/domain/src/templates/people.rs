//! Courses, role descriptions and what is communicated.

use super::owned;
use crate::access::Role;
use crate::audience::Audience;
use crate::communication_plans::CommunicationPlanDraft;
use crate::competences::CompetenceDraft;
use crate::courses::CourseDraft;
use crate::id::MemberId;
use chrono::{Days, NaiveDate};

/// A course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CourseText {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// Who must take it; everybody where none is named.
    roles: &'static [Role],
    pass_mark: Option<i64>,
    pub(super) clauses: &'static [&'static str],
}

/// All of them.
pub(super) const COURSES: [CourseText; 6] = [
    CourseText {
        id: "course-newcomers",
        title: "Information security in the first week",
        description: "Why we do this, who is who, the policies that concern everybody, how to report what looks wrong, \
                      and setting up the device together.",
        roles: &[],
        pass_mark: None,
        clauses: &["7.3", "A.6.2", "A.6.3", "A.6.8"],
    },
    CourseText {
        id: "course-awareness",
        title: "Phishing, passwords and everyday traps",
        description: "Six messages, of which four are false; the password manager; the second factor; calls from \
                      somebody in a hurry; what to do when one has clicked.",
        roles: &[],
        pass_mark: Some(80),
        clauses: &["7.3", "A.5.17", "A.6.3"],
    },
    CourseText {
        id: "course-personal-data",
        title: "Personal data in our work",
        description: "What it is, for what we may use it, how long we keep it, who asks and gets an answer, and why the \
                      clock runs from the moment something went wrong.",
        roles: &[],
        pass_mark: Some(80),
        clauses: &["A.5.31", "A.5.34", "A.6.3"],
    },
    CourseText {
        id: "course-administrators",
        title: "Working with privileged rights",
        description: "Two accounts, what is logged, changes with a way back, restoring under pressure, and keeping \
                      evidence before mending.",
        roles: &[Role::Admin],
        pass_mark: Some(80),
        clauses: &["A.5.28", "A.8.2", "A.8.13", "A.8.32"],
    },
    CourseText {
        id: "course-auditors",
        title: "Auditing one's own organisation",
        description: "Planning by risk, asking open questions, drawing samples, writing findings that state clause, \
                      evidence and grade, and never auditing what one answers for.",
        roles: &[Role::Auditor],
        pass_mark: None,
        clauses: &["7.2", "9.2.2"],
    },
    CourseText {
        id: "course-management",
        title: "What top management decides",
        description: "The ten inputs of the review, accepting risks with a day on which that ends, giving resources, \
                      and what it means to answer for the system.",
        roles: &[Role::Management],
        pass_mark: None,
        clauses: &["5.1", "7.2", "9.3.1"],
    },
];

impl CourseText {
    /// To be taken within 30 days, again after a year.
    #[must_use]
    pub fn draft(&self, owner: MemberId) -> CourseDraft {
        let roles = self.roles.to_vec();
        CourseDraft {
            title: self.title.to_owned(),
            description: Some(self.description.to_owned()),
            material: None,
            audience: if roles.is_empty() { Audience::All {} } else { Audience::Roles { roles } },
            due_in_days: 30,
            validity_months: Some(12),
            pass_mark: self.pass_mark,
            requirements: owned(self.clauses),
            indicators: Vec::new(),
            owner: Some(owner),
        }
    }
}

/// A role and what it requires of whoever holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleText {
    pub(super) id: &'static str,
    pub(super) role: &'static str,
    pub(super) requirement: &'static str,
    pub(super) clauses: &'static [&'static str],
}

/// All of them.
pub(super) const ROLES: [RoleText; 7] = [
    RoleText {
        id: "role-top-management",
        role: "Top management",
        requirement: "Does: approves policies and objectives, accepts risks, gives resources, chairs the review, answers \
                      for the whole. Needs: to know what the organisation lives on and what could end it, and what the \
                      review has to decide.",
        clauses: &["5.1", "5.3", "7.2"],
    },
    RoleText {
        id: "role-manager",
        role: "Manager of the management system",
        requirement: "Does: keeps policies, risks, audits, actions and the review going, advises everybody, reports to top \
                      management. Needs: a course on ISO/IEC 27001 or two years of doing it, and the ear of top management.",
        clauses: &["5.3", "7.2", "A.5.2"],
    },
    RoleText {
        id: "role-auditor",
        role: "Internal auditor",
        requirement: "Does: plans and conducts internal audits, reports what was found. Needs: a course on auditing, two \
                      audits beside somebody experienced, and not to answer for what is audited, nor to have done so \
                      within a year.",
        clauses: &["7.2", "9.2.2"],
    },
    RoleText {
        id: "role-administrator",
        role: "System administrator",
        requirement: "Does: runs, updates, backs up and watches systems, grants what owners approve. Needs: training or \
                      three years of experience with what we run, and to have restored a system for real.",
        clauses: &["7.2", "A.8.2"],
    },
    RoleText {
        id: "role-incident-lead",
        role: "Incident lead",
        requirement: "Does: decides in an incident who does what, keeps the timeline, tells management, customers and \
                      authorities. Needs: to have led a practice, calm, and a deputy.",
        clauses: &["7.2", "A.5.24"],
    },
    RoleText {
        id: "role-owner",
        role: "Owner of a process, a control or a risk",
        requirement: "Does: knows how it is meant to work and how it does, looks through who has access, treats risks, \
                      closes what audits find. Needs: to be able to decide about it, and an hour with the manager of the \
                      system each year.",
        clauses: &["5.3", "7.2", "A.5.2"],
    },
    RoleText {
        id: "role-developer",
        role: "Developer",
        requirement: "Does: writes and reviews code, mends weaknesses. Needs: a course on writing code that withstands \
                      misuse, every two years, and to have read the policy on changes.",
        clauses: &["7.2", "A.8.28"],
    },
];

impl RoleText {
    /// Who holds the role, and whether they have what it takes, is for the organisation to say.
    #[must_use]
    pub fn draft(&self) -> CompetenceDraft {
        CompetenceDraft { role: self.role.to_owned(), requirement: self.requirement.to_owned() }
    }
}

/// Something that is communicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommunicationText {
    pub(super) id: &'static str,
    pub(super) subject: &'static str,
    timing: &'static str,
    audience: &'static str,
    channel: &'static str,
    /// In so many days for the first time; none where it waits for an occasion.
    first_in_days: Option<u64>,
    pub(super) clauses: &'static [&'static str],
}

/// All of them.
pub(super) const COMMUNICATIONS: [CommunicationText; 7] = [
    CommunicationText {
        id: "communication-state",
        subject: "How information security stands",
        timing: "Each quarter",
        audience: "Everybody",
        channel: "Ten minutes at the meeting of all",
        first_in_days: Some(90),
        clauses: &["7.3", "7.4"],
    },
    CommunicationText {
        id: "communication-management",
        subject: "Figures, open cases and what needs a decision",
        timing: "Each month",
        audience: "Top management",
        channel: "One page, and half an hour",
        first_in_days: Some(30),
        clauses: &["5.3", "7.4", "9.1"],
    },
    CommunicationText {
        id: "communication-policies",
        subject: "New and changed policies",
        timing: "On the day they are published",
        audience: "Whom they bind",
        channel: "Message with what is new in three lines; acknowledgement in the system",
        first_in_days: None,
        clauses: &["5.2", "7.4", "A.5.1"],
    },
    CommunicationText {
        id: "communication-customers",
        subject: "Incidents that concern customers",
        timing: "Within 24 hours of knowing",
        audience: "Customers concerned",
        channel: "Call, then in writing, by the owner of the relationship",
        first_in_days: None,
        clauses: &["7.4", "A.5.26"],
    },
    CommunicationText {
        id: "communication-authorities",
        subject: "Breaches of personal data, and incidents that the law names",
        timing: "Within 72 hours of knowing, or as the law says",
        audience: "The supervisory authority, and people concerned",
        channel: "The authority's form, by the incident lead",
        first_in_days: None,
        clauses: &["7.4", "A.5.5", "A.5.34"],
    },
    CommunicationText {
        id: "communication-suppliers",
        subject: "What we expect of suppliers",
        timing: "With each contract, and once a year",
        audience: "Suppliers on whom much depends",
        channel: "One page with the contract; a question once a year",
        first_in_days: Some(180),
        clauses: &["7.4", "A.5.19", "A.5.20"],
    },
    CommunicationText {
        id: "communication-audits",
        subject: "What audits have found",
        timing: "Within two weeks of the audit",
        audience: "Those audited, and top management",
        channel: "The report, and a talk about it",
        first_in_days: None,
        clauses: &["7.4", "9.2.2"],
    },
];

impl CommunicationText {
    /// In force from now on.
    #[must_use]
    pub fn draft(&self, owner: MemberId, today: NaiveDate) -> CommunicationPlanDraft {
        CommunicationPlanDraft {
            subject: self.subject.to_owned(),
            timing: self.timing.to_owned(),
            audience: self.audience.to_owned(),
            channel: self.channel.to_owned(),
            owner,
            next_on: self.first_in_days.and_then(|days| today.checked_add_days(Days::new(days))),
            requirements: owned(self.clauses),
        }
    }

    /// When, with whom and how, in one line.
    pub(super) fn summary(&self) -> String {
        format!("{}, {}: {}", self.timing, lower(self.audience), lower(self.channel))
    }
}

/// As it stands within a sentence.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}
