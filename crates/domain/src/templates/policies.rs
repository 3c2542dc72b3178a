//! The information security policy and ten topic policies. What each says stands beside this file, in Markdown.

use super::owned;
use crate::audience::Audience;
use crate::id::MemberId;
use crate::policies::{Classification, Control, Disposition, PolicyDraft};
use crate::policy_versions::PolicyVersionDraft;

/// A policy and its first version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyText {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) purpose: &'static str,
    scope: &'static str,
    pub(super) clauses: &'static [&'static str],
    /// What it says, in Markdown.
    pub(super) body: &'static str,
}

/// The id of the information security policy itself: objectives serve it.
pub(super) const TOP_LEVEL: &str = "policy-information-security";
const EVERYBODY: &str = "Everybody who works for the organisation, and everything it works with";

/// All of them; the information security policy comes first.
pub(super) const POLICIES: [PolicyText; 11] = [
    PolicyText {
        id: TOP_LEVEL,
        title: "Information security policy",
        purpose: "Says what the organisation commits to, and who answers for it",
        scope: EVERYBODY,
        clauses: &["5.1", "5.2", "5.3", "A.5.1", "A.5.2", "A.5.4", "A.5.36"],
        body: include_str!("policies/information_security.md"),
    },
    PolicyText {
        id: "policy-access",
        title: "Access",
        purpose: "Everybody has the access that the work needs, no more, and no longer",
        scope: "Every account and every right, of people and of programs",
        clauses: &["A.5.3", "A.5.15", "A.5.16", "A.5.17", "A.5.18", "A.8.2", "A.8.3", "A.8.5"],
        body: include_str!("policies/access.md"),
    },
    PolicyText {
        id: "policy-devices",
        title: "Devices and working away",
        purpose: "A lost laptop is a loss of money alone",
        scope: "Laptops, phones and servers, wherever they are",
        clauses: &["A.5.10", "A.5.11", "A.6.7", "A.7.7", "A.7.9", "A.7.14", "A.8.1", "A.8.7", "A.8.19", "A.8.24"],
        body: include_str!("policies/devices.md"),
    },
    PolicyText {
        id: "policy-information",
        title: "Handling information",
        purpose: "Who knows how much harm something could do handles it with the care that it needs",
        scope: "Information in any form: files, paper, what is said",
        clauses: &[
            "A.5.9", "A.5.12", "A.5.13", "A.5.14", "A.5.32", "A.5.33", "A.5.34", "A.7.10", "A.8.10", "A.8.11", "A.8.33",
        ],
        body: include_str!("policies/information.md"),
    },
    PolicyText {
        id: "policy-suppliers",
        title: "Suppliers and cloud services",
        purpose: "What others do for us is as well protected as what we do ourselves",
        scope: "Suppliers who see our information, or whose failure would stop us",
        clauses: &["A.5.19", "A.5.20", "A.5.21", "A.5.22", "A.5.23"],
        body: include_str!("policies/suppliers.md"),
    },
    PolicyText {
        id: "policy-incidents",
        title: "Incidents",
        purpose: "We notice early, act calmly, and know more afterwards than before",
        scope: EVERYBODY,
        clauses: &["A.5.5", "A.5.24", "A.5.25", "A.5.26", "A.5.27", "A.5.28", "A.6.8"],
        body: include_str!("policies/incidents.md"),
    },
    PolicyText {
        id: "policy-backups",
        title: "Backups and carrying on",
        purpose: "What we need is there again before it is missed too much",
        scope: "Every store of information and every service that customers use",
        clauses: &["A.5.29", "A.5.30", "A.8.13", "A.8.14"],
        body: include_str!("policies/backups.md"),
    },
    PolicyText {
        id: "policy-updates",
        title: "Updates, weaknesses and logs",
        purpose: "Known holes are closed before somebody walks through them, and we see when somebody tries",
        scope: "Everything that runs software",
        clauses: &["A.5.6", "A.5.7", "A.8.8", "A.8.9", "A.8.15", "A.8.16", "A.8.17"],
        body: include_str!("policies/updates.md"),
    },
    PolicyText {
        id: "policy-changes",
        title: "Changes and development",
        purpose: "Nothing changes by surprise, and what we build is safe when it leaves us",
        scope: "Systems, premises, software of our own, and this management system",
        clauses: &["6.3", "8.1", "A.5.8", "A.8.4", "A.8.25", "A.8.28", "A.8.29", "A.8.30", "A.8.31", "A.8.32"],
        body: include_str!("policies/changes.md"),
    },
    PolicyText {
        id: "policy-people",
        title: "People",
        purpose: "People know what is expected of them, from the first interview to the day after the last",
        scope: "Employees, and whoever works like one",
        clauses: &["7.2", "7.3", "A.6.1", "A.6.2", "A.6.3", "A.6.4", "A.6.5", "A.6.6"],
        body: include_str!("policies/people.md"),
    },
    PolicyText {
        id: "policy-correction",
        title: "Learning from what goes wrong",
        purpose: "What went wrong once does not go wrong again for the same reason; with forms to find causes",
        scope: EVERYBODY,
        clauses: &["10.1", "10.2", "A.5.27"],
        body: include_str!("policies/correction.md"),
    },
];

impl PolicyText {
    /// Internal, for everybody, reviewed each year.
    #[must_use]
    pub fn draft(&self, owner: MemberId) -> PolicyDraft {
        let top_level = self.id == TOP_LEVEL;
        PolicyDraft {
            title: self.title.to_owned(),
            purpose: self.purpose.to_owned(),
            scope: self.scope.to_owned(),
            classification: if top_level { Classification::Public } else { Classification::Internal },
            owner,
            audience: Audience::All {},
            acknowledge_within_days: 14,
            review_months: 12,
            requirements: owned(self.clauses),
            top_level,
            available_to: if top_level { owned(&["Customers", "Suppliers"]) } else { Vec::new() },
            control: Control { retention_months: Some(36), disposition: Disposition::Archive, external_origin: None },
        }
    }

    /// What it says.
    #[must_use]
    pub fn version(&self) -> PolicyVersionDraft {
        PolicyVersionDraft {
            body: Some(self.body.to_owned()),
            change_summary: "The first version, from the starting set".to_owned(),
        }
    }
}
