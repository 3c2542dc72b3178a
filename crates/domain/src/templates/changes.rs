//! Changes that are made often and are well understood, to be approved once.

use super::owned;
use crate::change_templates::Procedure;
use crate::changes::{Assessment, Impact, Level};

/// A change template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeText {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) purpose: &'static str,
    description: &'static str,
    pub(super) clauses: &'static [&'static str],
    /// On confidentiality, integrity and availability.
    impact: [Level; 3],
    consequences: &'static str,
    integrity: &'static str,
    resources: &'static str,
    responsibilities: &'static str,
    risks: &'static str,
    measures: &'static str,
    rollback: &'static str,
    tests: &'static str,
}

/// All of them.
pub(super) const CHANGES: [ChangeText; 5] = [
    ChangeText {
        id: "change-updates",
        title: "Monthly updates of servers and laptops",
        purpose: "Known holes are closed before they are used",
        description: "Three devices first; after two days without complaints all others within a week, servers at night. \
                      Whoever is missing after a week is called.",
        clauses: &["8.1", "A.8.8", "A.8.32"],
        impact: [Level::None, Level::Low, Level::Low],
        consequences: "Devices restart once; services are away for some minutes at night",
        integrity: "Monitoring goes on; the list of what is not updated is kept",
        resources: "Half a day of the administrator each month",
        responsibilities: "The administrator updates; owners of services say whether they work",
        risks: "An update breaks a program that somebody needs",
        measures: "Updates come from the makers, signed",
        rollback: "The former version is kept for 14 days, or the copy of the night before is restored",
        tests: "Three devices for two days: sign in, open the five most used programs, print",
    },
    ChangeText {
        id: "change-access",
        title: "New account or new right for somebody",
        purpose: "People can work, and have no more than that takes",
        description: "The manager asks, the owner of the system approves, the administrator grants, and the request stays on \
                      record. Privileged rights do not go by this template.",
        clauses: &["A.5.15", "A.5.16", "A.5.18", "A.8.32"],
        impact: [Level::Low, Level::Low, Level::None],
        consequences: "One person more can see or change something",
        integrity: "The next review of access looks at it",
        resources: "A quarter of an hour",
        responsibilities: "The owner of the system answers for who gets in",
        risks: "The right is too wide, or stays longer than it is needed",
        measures: "Rights by role, second factor, a day on which a temporary right ends",
        rollback: "The right is taken away again",
        tests: "The person can do what was asked for, and not what the role excludes",
    },
    ChangeText {
        id: "change-firewall",
        title: "One more connection through the firewall",
        purpose: "Services reach each other, and nothing else does",
        description: "From where, to where, which port, why, and until when. Nothing is opened from the whole internet to an \
                      administration page, and nothing without a day on which it is looked at again.",
        clauses: &["A.8.20", "A.8.22", "A.8.32"],
        impact: [Level::Medium, Level::Low, Level::Low],
        consequences: "Somebody can reach what could not be reached before",
        integrity: "The list of rules is looked through every three months",
        resources: "An hour",
        responsibilities: "Who asks says why; the administrator opens and notes it",
        risks: "The rule is wider than meant, or is forgotten",
        measures: "As narrow as it can be, logged, with a name and a date",
        rollback: "The rule is removed; the configuration before is kept",
        tests: "The connection works, and one beside it does not",
    },
    ChangeText {
        id: "change-device",
        title: "Replacing a laptop or a phone",
        purpose: "People have devices that are looked after until their end",
        description: "A new device from the described configuration, data over by the shared folders, the old one erased with \
                      proof within 14 days; the inventory says so.",
        clauses: &["A.5.9", "A.5.11", "A.7.14", "A.8.1", "A.8.32"],
        impact: [Level::Low, Level::None, Level::Low],
        consequences: "Somebody cannot work for two hours",
        integrity: "The inventory is right on the same day",
        resources: "Two hours of the administrator",
        responsibilities: "The administrator; the user says what is missing",
        risks: "Data stays on the old device, or was only there",
        measures: "Encrypted from the first start, managed, old storage erased",
        rollback: "The old device is kept switched off for 14 days",
        tests: "It reports to the console, encrypted and up to date; the user works a day with it",
    },
    ChangeText {
        id: "change-certificate",
        title: "Renewing a certificate or changing a key",
        purpose: "Keys are changed before they end or are known",
        description: "A new key is made where it is used, the certificate is ordered, put in place, checked from outside, and \
                      the former one is revoked where it may be known to others.",
        clauses: &["A.8.24", "A.8.32"],
        impact: [Level::Low, Level::Low, Level::Medium],
        consequences: "Connections are made anew; whoever has pinned the former key is told beforehand",
        integrity: "The list of keys with their ends is kept",
        resources: "An hour",
        responsibilities: "The owner of the service; a second person checks",
        risks: "A client does not trust the new certificate; the private key is copied around",
        measures: "Keys are made in place and never mailed; rights on the file are checked",
        rollback: "The former certificate is put back while it holds",
        tests: "A check from outside: chain, names, day on which it ends; one real request",
    },
];

impl ChangeText {
    /// What every change made by it follows.
    #[must_use]
    pub fn draft(&self) -> Procedure {
        let [confidentiality, integrity, availability] = self.impact;
        Procedure {
            title: self.title.to_owned(),
            purpose: self.purpose.to_owned(),
            description: self.description.to_owned(),
            requirements: owned(self.clauses),
            indicators: Vec::new(),
            assessment: Assessment {
                consequences: self.consequences.to_owned(),
                impact: Impact { confidentiality, integrity, availability },
                isms_integrity: self.integrity.to_owned(),
                resources: self.resources.to_owned(),
                responsibilities: self.responsibilities.to_owned(),
                risks: self.risks.to_owned(),
                security_measures: self.measures.to_owned(),
                rollback_plan: self.rollback.to_owned(),
                tests: self.tests.to_owned(),
                baseline_days: 28,
                monitoring_days: 14,
            },
        }
    }
}
