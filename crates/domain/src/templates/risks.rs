//! Risks that most organisations have, to be assessed, and the controls that keep each down.

use super::owned;
use crate::risks::RiskDraft;

/// A risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiskText {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) controls: &'static [&'static str],
}

const fn risk(
    id: &'static str,
    title: &'static str,
    description: &'static str,
    controls: &'static [&'static str],
) -> RiskText {
    RiskText { id, title, description, controls }
}

/// All of them.
pub(super) const RISKS: [RiskText; 12] = [
    risk(
        "risk-ransomware",
        "Somebody encrypts what we work with",
        "A malicious attachment or an open remote access lets blackmailers in; files and backups within reach are \
         encrypted, and we stand still for days.",
        &["A.5.7", "A.8.7", "A.8.8", "A.8.13", "A.8.22"],
    ),
    risk(
        "risk-stolen-password",
        "Somebody signs in with a stolen password",
        "A message that looks like one of ours asks for a password, or one leaks elsewhere; a stranger reads mail and \
         changes account numbers on invoices.",
        &["A.5.17", "A.6.3", "A.8.5", "A.8.16"],
    ),
    risk(
        "risk-leavers",
        "Somebody who has left can still get in",
        "An account, a key or a shared password is forgotten when somebody leaves, and is used in anger or by whoever \
         finds it.",
        &["A.5.11", "A.5.18", "A.6.5", "A.8.2"],
    ),
    risk(
        "risk-lost-device",
        "A laptop or a phone is lost or stolen",
        "On a train or out of a car; whoever has it reads customers' data, or gets into our network with it.",
        &["A.6.7", "A.7.9", "A.8.1", "A.8.24"],
    ),
    risk(
        "risk-wrong-recipient",
        "Confidential information goes to the wrong people",
        "A name in the address line, a shared folder that is open to everybody with the link, a printout left behind.",
        &["A.5.12", "A.5.14", "A.7.7", "A.8.12"],
    ),
    risk(
        "risk-known-hole",
        "A known hole is used before it is closed",
        "Something that faces the internet is not updated for weeks; scanners find it within hours.",
        &["A.5.7", "A.8.8", "A.8.9", "A.8.20"],
    ),
    risk(
        "risk-no-restore",
        "What was backed up cannot be restored",
        "Backups have failed for months, or nobody has the key, and it is noticed on the day they are needed.",
        &["A.5.30", "A.8.13", "A.8.24"],
    ),
    risk(
        "risk-supplier",
        "A supplier fails, or loses what is ours",
        "A cloud service stands still, ends, or is broken into; our customers hold us responsible.",
        &["A.5.19", "A.5.20", "A.5.22", "A.5.23", "A.5.29"],
    ),
    risk(
        "risk-change",
        "A change breaks something, or opens it",
        "A setting, a rule of the firewall or a release goes out without a second look and without a way back.",
        &["A.8.9", "A.8.29", "A.8.31", "A.8.32"],
    ),
    risk(
        "risk-secrets-in-code",
        "Keys stand in code or in scripts",
        "They are copied with the code to where more people can read it, and nobody can change them quickly.",
        &["A.5.17", "A.8.4", "A.8.24", "A.8.28"],
    ),
    risk(
        "risk-one-person",
        "Only one person knows how it works",
        "That person is ill or leaves, and nobody can mend, restore or even get into an important system.",
        &["A.5.2", "A.5.29", "A.5.37"],
    ),
    risk(
        "risk-premises",
        "Fire, water or strangers in the building",
        "Equipment is destroyed or carried away, and work has to go on elsewhere.",
        &["A.5.29", "A.7.1", "A.7.2", "A.7.5", "A.7.11"],
    ),
];

impl RiskText {
    /// Named; how grave it is is for those who know the organisation.
    #[must_use]
    pub fn draft(&self) -> RiskDraft {
        RiskDraft {
            title: self.title.to_owned(),
            description: self.description.to_owned(),
            external_reference: None,
            origin: None,
            controls: owned(self.controls),
        }
    }
}
