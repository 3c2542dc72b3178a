//! What Harbour Robotics commits to, and who knows of it.

use super::people::{ADEYEMI, INES, JONAS, LENA, MARA, PAVEL, SOFIA, TOMAS, YUKI};
use super::staff::there;
use super::{Story, Who, save};
use ratchet_domain::access::Role;
use ratchet_domain::acknowledgements::{Acknowledgement, Circumstances};
use ratchet_domain::audience::Audience;
use ratchet_domain::change::Record;
use ratchet_domain::members::Member;
use ratchet_domain::policies::{Classification, Control, Disposition, Policy, PolicyDraft};
use ratchet_domain::policy_versions::{Confirmations, PolicyVersion, PolicyVersionDraft, Submit};
use ratchet_domain::reference::Locator;
use ratchet_persistence::policy_versions;

const SECURITY: &str = "Information security policy";
const LAPTOPS: &str = "Use of laptops";
const ACCESS: &str = "Access to systems";
pub(super) const VISITORS: &str = "Visitors";
pub(super) const LOGGING: &str = "What is logged, and who reads it";
const FAXES: &str = "Letters and faxes";
const BACKUPS: &str = "Backups and restores";
const SUPPLIERS: &str = "Security with suppliers";
const DESKS: &str = "Clean desks";

/// A policy as the story knows it.
struct Told {
    title: &'static str,
    purpose: &'static str,
    owner: Who,
    requirements: &'static [&'static str],
    audience: fn() -> Audience,
    /// So many days ago.
    since: i64,
}

fn everybody() -> Audience {
    Audience::All {}
}

fn managers() -> Audience {
    Audience::Roles { roles: vec![Role::IsmsManager, Role::Management] }
}

#[rustfmt::skip]
const TOLD: [Told; 9] = [
    Told { title: SECURITY, purpose: "Customers trust our robots with their factories: what we know of them stays with us, and what we ship cannot be turned against them", owner: INES, requirements: &["5.2", "A.5.1"], audience: everybody, since: 729 },
    Told { title: LAPTOPS, purpose: "A lost laptop is a loss of money alone", owner: SOFIA, requirements: &["A.5.10", "A.8.1"], audience: everybody, since: 71 },
    Told { title: ACCESS, purpose: "Whoever leaves or changes teams has no access left over", owner: MARA, requirements: &["A.5.15", "A.5.18"], audience: everybody, since: 71 },
    Told { title: VISITORS, purpose: "Nobody walks about alone who does not work here", owner: MARA, requirements: &["A.7.2"], audience: everybody, since: 729 },
    Told { title: BACKUPS, purpose: "A restore works before it is needed", owner: PAVEL, requirements: &["A.8.13"], audience: managers, since: 71 },
    Told { title: SUPPLIERS, purpose: "A supplier's weakness is found before it is ours", owner: SOFIA, requirements: &["A.5.19", "A.5.22"], audience: managers, since: 71 },
    Told { title: DESKS, purpose: "Drawings do not lie about overnight", owner: SOFIA, requirements: &["A.7.7"], audience: everybody, since: 71 },
    Told { title: LOGGING, purpose: "What happened can still be seen when somebody asks", owner: SOFIA, requirements: &["A.8.15"], audience: managers, since: 215 },
    Told { title: FAXES, purpose: "Paper is not read by whoever passes by", owner: MARA, requirements: &["A.5.14"], audience: everybody, since: 71 },
];

pub(super) fn add(story: &mut Story) {
    for told in &TOLD {
        establish(story, told);
    }
    in_force(story);
    visitors(story);
    on_the_way(story);
    ended(story);
}

fn establish(story: &mut Story, told: &'static Told) {
    story.step((told.since, 8), MARA, move |tx, names| {
        let Told { title, purpose, owner, requirements, audience, since: _ } = told;
        let draft = PolicyDraft {
            title: (*title).to_owned(),
            purpose: (*purpose).to_owned(),
            scope: "Harbour Robotics, both sites".to_owned(),
            classification: Classification::Internal,
            owner: names.member(owner)?,
            audience: audience(),
            acknowledge_within_days: 21,
            review_months: 12,
            requirements: requirements.iter().map(|number| (*number).to_owned()).collect(),
            top_level: *title == SECURITY,
            available_to: if *title == SECURITY { vec!["Customers".to_owned()] } else { Vec::new() },
            control: Control { retention_months: Some(36), disposition: Disposition::Archive, external_origin: None },
        };
        let (by, birth) = (tx.actor().clone(), tx.birth(Policy::PREFIX)?);
        names.call(title, save(Policy::establish(draft, &by, birth)?, tx)?);
        Ok(())
    });
}

/// The next version of a policy, by somebody; later the story knows it by this name.
pub(super) fn draft(
    story: &mut Story,
    day: i64,
    who: Who,
    (policy, name): (&'static str, &'static str),
    (summary, rules): (&'static str, &'static str),
) {
    story.step((day, 9), who, move |tx, names| {
        let policy: Policy = tx.get(Locator::Id(names.get(policy)?))?;
        let versions = policy_versions::versions(policy.head.organisation, policy.id(), tx.connection())?;
        let body = Some(format!("# {}\n\n{}.\n\n{rules}\n", policy.title, policy.purpose));
        let draft = PolicyVersionDraft { body, change_summary: summary.to_owned() };
        let (by, birth) = (tx.actor().clone(), tx.birth(PolicyVersion::PREFIX)?);
        names.call(name, save(PolicyVersion::draft(draft, (&policy, versions), &by, birth)?, tx)?);
        Ok(())
    });
}

pub(super) fn submit(story: &mut Story, when: (i64, u32), who: Who, name: &'static str) {
    story.change(when, who, name, |version: PolicyVersion, facts, by, at| {
        let confirmations = facts.policy.top_level.then_some(Confirmations {
            fits_purpose: true,
            frames_objectives: true,
            commits_to_requirements: true,
            commits_to_improvement: true,
        });
        version.submit(Submit { confirmations }, facts, by, at)
    });
}

pub(super) fn approve(story: &mut Story, day: i64, name: &'static str) {
    story.change((day, 11), INES, name, |version: PolicyVersion, facts, by, at| version.approve(None, facts, by, at));
}

/// Published on that day, or so many days from today.
pub(super) fn publish(story: &mut Story, day: i64, name: &'static str, ahead: Option<i64>) {
    let effective_on = ahead.map(|ahead| story.day(ahead));
    story.step((day, 12), MARA, move |tx, names| {
        let version: PolicyVersion = tx.get(Locator::Id(names.get(name)?))?;
        let facts = tx.facts(&version)?;
        save(policy_versions::publish(version, effective_on, &facts, tx)?, tx).map(drop)
    });
}

pub(super) fn acknowledge(story: &mut Story, when: (i64, u32), who: Who, name: &'static str) {
    story.step(when, who, move |tx, names| {
        let version: PolicyVersion = tx.get(Locator::Id(names.get(name)?))?;
        let facts = tx.facts(&version)?;
        let (by, birth) = (tx.actor().clone(), tx.birth(Acknowledgement::PREFIX)?);
        let me: Member = tx.load(Locator::Id(names.get(who)?))?;
        let joined_on = me.head.created_at.date_naive();
        let circumstances = Circumstances { joined_on, is_given: false, today: facts.today };
        save(Acknowledgement::give(&version, &facts.policy, circumstances, &by, birth)?, tx).map(drop)
    });
}

/// Everybody who was there all the time, but for some, reads it between two days; of those who have logins to show Jonas and
/// Lena alone.
pub(super) fn all_acknowledge(story: &mut Story, name: &'static str, (from, until): (i64, i64), but: &[Who]) {
    let stayed = there(from).filter(|who| there(until).any(|still| still == *who));
    let readers = stayed.chain([JONAS, LENA]).filter(|who| !but.contains(who));
    for (number, who) in (0..).zip(readers) {
        let hour = 8 + u32::try_from(number % 9).unwrap_or_default();
        acknowledge(story, (from - number % (from - until), hour), who, name);
    }
}

/// From draft to publication in three days.
fn carried(story: &mut Story, day: i64, who: Who, names: (&'static str, &'static str), rules: &'static str) {
    carried_as(story, day, who, names, ("The first version", rules));
}

fn carried_as(
    story: &mut Story,
    day: i64,
    who: Who,
    (policy, name): (&'static str, &'static str),
    said: (&'static str, &'static str),
) {
    draft(story, day, who, (policy, name), said);
    submit(story, (day, 10), who, name);
    approve(story, day - 1, name);
    publish(story, day - 2, name, None);
}

/// What holds, and who has read it.
fn in_force(story: &mut Story) {
    const FIRST: &str = "security policy, first";
    const SECOND: &str = "security policy, second";
    const LAPTOPS_FIRST: &str = "laptops, first";
    const ACCESS_FIRST: &str = "access, first";
    carried(
        story,
        728,
        MARA,
        (SECURITY, FIRST),
        "We keep to the law, to our contracts and to ISO/IEC 27001, set ourselves objectives each year, and get better.",
    );
    for (hour, who) in (8..).zip([MARA, TOMAS, INES, ADEYEMI, YUKI, PAVEL, SOFIA]) {
        acknowledge(story, (718, hour), who, FIRST);
    }
    all_acknowledge(story, FIRST, (725, 712), &[]);
    story.change((362, 10), INES, SECURITY, |policy: Policy, facts, by, at| {
        policy.reaffirm("Read line by line with the auditors: it says what we do".into(), facts, by, at)
    });
    let more = "We tell our customers within a day when something of theirs is concerned. What we promise, we measure.";
    draft(story, 24, MARA, (SECURITY, SECOND), ("Customers are told within a day", more));
    submit(story, (24, 10), MARA, SECOND);
    approve(story, 23, SECOND);
    publish(story, 22, SECOND, None);
    for (day, who) in [(21, INES), (20, MARA), (20, SOFIA), (18, ADEYEMI), (3, TOMAS)] {
        acknowledge(story, (day, 14), who, SECOND);
    }
    all_acknowledge(story, SECOND, (21, 4), &["Emil Hansen", "Rasmus Dahl"]);
    carried(story, 66, SOFIA, (LAPTOPS, LAPTOPS_FIRST), "Every laptop is encrypted and reports its patches.");
    for (day, who) in [(60, YUKI), (59, MARA), (58, INES), (58, SOFIA), (50, TOMAS), (47, ADEYEMI)] {
        acknowledge(story, (day, 15), who, LAPTOPS_FIRST);
    }
    all_acknowledge(story, LAPTOPS_FIRST, (62, 46), &[]);
    carried(story, 62, MARA, (ACCESS, ACCESS_FIRST), "Accounts are closed on the last day of a contract.");
    for (day, who) in [(58, MARA), (57, SOFIA), (57, TOMAS), (56, INES), (55, YUKI), (55, PAVEL), (54, ADEYEMI)] {
        acknowledge(story, (day, 16), who, ACCESS_FIRST);
    }
    all_acknowledge(story, ACCESS_FIRST, (59, 42), &["Cem Yildiz"]);
    story.change((30, 10), INES, ACCESS, |policy: Policy, facts, by, at| {
        policy.reaffirm(
            "Read after the two accounts of leavers: the rule was right, its keeping was not".into(),
            facts,
            by,
            at,
        )
    });
}

/// Two years of the rules for visitors, of which the third version is told with the gate; and the rules for logs.
fn visitors(story: &mut Story) {
    const FIRST: &str = "visitors, first";
    const SECOND: &str = "visitors, second";
    const LOGS_FIRST: &str = "logging, first";
    carried(story, 700, MARA, (VISITORS, FIRST), "Visitors wear a badge and hand it back.");
    for (hour, who) in (8..).zip([MARA, TOMAS, INES, ADEYEMI, YUKI, PAVEL, SOFIA]) {
        acknowledge(story, (694, hour), who, FIRST);
    }
    all_acknowledge(story, FIRST, (697, 685), &[]);
    let rules = "Visitors wear a badge and hand it back. In the shipyard somebody of ours is with them all the time.";
    carried_as(story, 331, MARA, (VISITORS, SECOND), ("Nobody walks about the shipyard alone", rules));
    for (hour, who) in (8..).zip([MARA, TOMAS, INES, ADEYEMI, YUKI, PAVEL, SOFIA]) {
        acknowledge(story, (320, hour), who, SECOND);
    }
    all_acknowledge(story, SECOND, (326, 312), &[]);
    let rules = "Each system logs who did what and when. Logs are kept for three months and read each week.";
    carried(story, 210, LENA, (LOGGING, LOGS_FIRST), rules);
    for (hour, who) in (8..).zip([MARA, INES, SOFIA, JONAS, LENA]) {
        acknowledge(story, (200, hour), who, LOGS_FIRST);
    }
}

/// Versions on their way, each in another stage.
fn on_the_way(story: &mut Story) {
    const LAPTOPS_SECOND: &str = "laptops, second";
    const ACCESS_SECOND: &str = "access, second";
    const BACKUPS_FIRST: &str = "backups, first";
    const SUPPLIERS_FIRST: &str = "suppliers, first";
    let rules = "Every laptop is encrypted, reports its patches, and carries the update agent in its image.";
    draft(story, 12, SOFIA, (LAPTOPS, LAPTOPS_SECOND), ("Names the update agent", rules));
    submit(story, (12, 10), SOFIA, LAPTOPS_SECOND);
    story.change((11, 9), INES, LAPTOPS_SECOND, |version: PolicyVersion, facts, by, at| {
        version.reject("Who pays for the agent on the shipyard's laptops?".into(), facts, by, at)
    });
    submit(story, (4, 10), SOFIA, LAPTOPS_SECOND);
    let rules =
        "Accounts are closed by the payroll system on the last day of a contract. Roles are reviewed each quarter.";
    draft(story, 9, MARA, (ACCESS, ACCESS_SECOND), ("The payroll system closes accounts", rules));
    submit(story, (9, 10), MARA, ACCESS_SECOND);
    approve(story, 8, ACCESS_SECOND);
    publish(story, 7, ACCESS_SECOND, Some(9));
    draft(
        story,
        6,
        PAVEL,
        (BACKUPS, BACKUPS_FIRST),
        ("The first version", "A restore is tried each week, from both copies."),
    );
    submit(story, (6, 10), PAVEL, BACKUPS_FIRST);
    approve(story, 1, BACKUPS_FIRST);
    draft(
        story,
        3,
        SOFIA,
        (SUPPLIERS, SUPPLIERS_FIRST),
        ("The first version", "Suppliers are reviewed within a year."),
    );
}

/// What has ended, or never began.
fn ended(story: &mut Story) {
    const FAXES_FIRST: &str = "letters and faxes, first";
    const DESKS_FIRST: &str = "desks, first";
    carried(story, 64, MARA, (FAXES, FAXES_FIRST), "What comes out of the machine is taken away at once.");
    story.step((14, 11), MARA, move |tx, names| {
        let version: PolicyVersion = tx.get(Locator::Id(names.get(FAXES_FIRST)?))?;
        let facts = tx.facts(&version)?;
        let reason = "The fax was given away; what is left stands in the site rules".to_owned();
        save(policy_versions::retire(version, reason, &facts, tx)?, tx).map(drop)
    });
    draft(story, 45, SOFIA, (DESKS, DESKS_FIRST), ("The first version", "Desks are empty at night."));
    story.change((44, 9), MARA, DESKS_FIRST, |version: PolicyVersion, facts, by, at| {
        version.withdraw("The site rules say it already".into(), facts, by, at)
    });
}
