//! What most organisations start from [4.1, 4.2]: issues and interested parties. The decision about climate change is not
//! among them: it is to be taken, and a text cannot take it.

use crate::context_entries::{ContextDraft, Kind, Need};
use crate::id::MemberId;
use chrono::{Days, NaiveDate};

/// In so many days an entry is reviewed again.
const REVIEWED_IN_DAYS: u64 = 365;

/// An issue, or an interested party with what it requires and how that is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextText {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    kind: Kind,
    requirements: &'static [(&'static str, &'static str)],
    pub(super) clauses: &'static [&'static str],
}

const fn issue(kind: Kind, words: [&'static str; 3]) -> ContextText {
    let [id, title, description] = words;
    ContextText { id, title, description, kind, requirements: &[], clauses: &["4.1"] }
}

const fn party(words: [&'static str; 3], requirements: &'static [(&'static str, &'static str)]) -> ContextText {
    let [id, title, description] = words;
    ContextText { id, title, description, kind: Kind::InterestedParty, requirements, clauses: &["4.2"] }
}

/// All of them.
pub(super) const CONTEXT: [ContextText; 12] = [
    issue(
        Kind::ExternalIssue,
        [
            "context-attacks",
            "Attacks are a business",
            "Blackmailers and fraudsters buy access and tools by the month. Whoever is reachable from the internet is \
             tried every day, whatever its size; what counts is how soon we notice and how fast we are back.",
        ],
    ),
    issue(
        Kind::ExternalIssue,
        [
            "context-law",
            "Law asks for more, and for proof",
            "Rules on personal data, on the resilience of services and on products set deadlines for reporting and ask \
             management to answer for it. They change from year to year, and differ where our customers are.",
        ],
    ),
    issue(
        Kind::ExternalIssue,
        [
            "context-suppliers",
            "Much of what we do runs at others",
            "Cloud services and software suppliers hold our data and carry our services. Their outages, their \
             incidents and their changes of terms are ours, too, and we see little of what they do.",
        ],
    ),
    issue(
        Kind::InternalIssue,
        [
            "context-people",
            "Few people know much",
            "Some systems are known to one or two people. When they are away, changes wait, and when they leave, \
             knowledge leaves with them.",
        ],
    ),
    issue(
        Kind::InternalIssue,
        [
            "context-work-anywhere",
            "Work happens anywhere",
            "People work from home and on the way, on devices that we do not see for weeks. What a locked door used to \
             do must be done by the device, the account and the habit.",
        ],
    ),
    issue(
        Kind::InternalIssue,
        [
            "context-grown-systems",
            "Systems have grown",
            "Old and new systems run side by side; some are there because nobody dares to switch them off. What nobody \
             keeps up to date is where others get in.",
        ],
    ),
    party(
        [
            "context-customers",
            "Customers",
            "They entrust us with their information and rely on our services; more and more of them ask before they sign.",
        ],
        &[
            (
                "Their information stays confidential, whole and available as agreed",
                "The policies, and what is measured of them",
            ),
            ("They are told in time when something happens that concerns them", "The communication plan for incidents"),
            (
                "They can see that the management system works",
                "Certificate, audit summaries, answers to their questions",
            ),
        ],
    ),
    party(
        ["context-employees", "Employees", "They work with information every day, and their own data is among it."],
        &[
            ("They know what is expected of them, and have what they need for it", "Courses, policies in plain words"),
            ("They can report what they see without harm to themselves", "Reports, also without a name"),
            ("Their own data is handled with care", "Rules for personal data and access"),
        ],
    ),
    party(
        ["context-owners", "Owners and top management", "They answer for the organisation and decide what is spent."],
        &[
            ("Risks are known, and none is taken without a decision", "Risk register, acceptance by management"),
            ("What is spent shows an effect", "Objectives, indicators and the management review"),
        ],
    ),
    party(
        [
            "context-authorities",
            "Supervisory authorities",
            "They enforce the law on personal data and, where it applies, on the resilience of our services.",
        ],
        &[
            ("Breaches are notified within the time that the law sets", "The clock of incidents with personal data"),
            ("We can show what we do and why", "Records with a journal that proves them"),
        ],
    ),
    party(
        [
            "context-suppliers-party",
            "Suppliers and partners",
            "They work for us or with us, and reach some of our systems and information.",
        ],
        &[("They know what we expect, in writing", "Requirements in contracts, a question once a year")],
    ),
    party(
        [
            "context-insurers",
            "Insurers",
            "They cover part of what an incident costs, on conditions that they set and check after it.",
        ],
        &[("What was declared when the contract was made is so, and stays so", "Controls with owners, audited yearly")],
    ),
];

impl ContextText {
    /// Reviewed again in a year.
    #[must_use]
    pub fn draft(&self, owner: MemberId, today: NaiveDate) -> ContextDraft {
        let need = |(text, addressed_by): &(&str, &str)| Need {
            text: (*text).to_owned(),
            addressed_by: Some((*addressed_by).to_owned()),
        };
        let requirements = match self.kind {
            Kind::InterestedParty => Some(self.requirements.iter().map(need).collect()),
            Kind::ExternalIssue | Kind::InternalIssue | Kind::ClimateChange => None,
        };
        ContextDraft {
            kind: self.kind,
            title: self.title.to_owned(),
            description: self.description.to_owned(),
            requirements,
            relevant: None,
            owner: Some(owner),
            review_due_on: today.checked_add_days(Days::new(REVIEWED_IN_DAYS)),
        }
    }
}
