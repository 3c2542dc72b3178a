//! Everybody else at Harbour Robotics: who came when, who has left, and whose account outlived that.

use super::people::{FOUNDED, TOMAS};
use super::{Names, Story, Who, save};
use crate::settings::Fault;
use chrono::Datelike;
use ratchet_domain::access::Role;
use ratchet_domain::audits::rank;
use ratchet_domain::change::Record;
use ratchet_domain::id::AccountId;
use ratchet_domain::members::{Member, MemberDraft};
use ratchet_domain::reference::{Locator, Reference};
use ratchet_persistence::accounts;
use ratchet_persistence::error::Error;
use ratchet_persistence::tx::Tx;

pub(super) const HANNA: Who = "Hanna Brandt";
pub(super) const OMAR: Who = "Omar Haddad";
pub(super) const CLARA: Who = "Clara Jensen";
pub(super) const PIOTR: Who = "Piotr Zielinski";
pub(super) const LEILA: Who = "Leila Amiri";

/// What decides which leavers the auditor will look at: agreed on before anybody had left.
pub(super) const SEED: &str = "Berg 4711";
/// How many of them.
pub(super) const DRAWN: usize = 8;
/// Which of those in the drawing had an account for how many days too long.
const TOO_LONG: [(usize, i64); 2] = [(1, 9), (5, 12)];

/// A colleague: name, unit, and how many days ago they came and went.
pub(super) struct Colleague {
    pub name: Who,
    pub unit: &'static str,
    pub joined: i64,
    pub left: Option<i64>,
}

const fn stays(name: Who, unit: &'static str, joined: i64) -> Colleague {
    Colleague { name, unit, joined, left: None }
}

const fn left(name: Who, unit: &'static str, left: i64) -> Colleague {
    Colleague { name, unit, joined: FOUNDED, left: Some(left) }
}

/// With the nine that have logins of their own to show they are 42.
pub(super) const STAYED: [Colleague; 33] = [
    stays(HANNA, "People", FOUNDED),
    stays(OMAR, "Shipyard", FOUNDED),
    stays(CLARA, "Assembly", FOUNDED),
    stays(PIOTR, "Field service", FOUNDED),
    stays(LEILA, "IT", FOUNDED),
    stays("Anton Keller", "Engineering", FOUNDED),
    stays("Beatrix Lund", "Engineering", FOUNDED),
    stays("Cem Yildiz", "Shipyard", FOUNDED),
    stays("Dagmar Voss", "Finance", FOUNDED),
    stays("Emil Hansen", "Sales", FOUNDED),
    stays("Farida Nasser", "Engineering", FOUNDED),
    stays("Gustav Engel", "Assembly", 690),
    stays("Helene Roux", "Sales", 655),
    stays("Ivan Petrov", "Engineering", 640),
    stays("Judith Maes", "Assembly", 611),
    stays("Karim Daoud", "Field service", 590),
    stays("Lotte Visser", "Engineering", 562),
    stays("Marco Bianchi", "Shipyard", 540),
    stays("Nora Lie", "People", 512),
    stays("Oskar Blom", "Assembly", 480),
    stays("Petra Kovac", "Engineering", 455),
    stays("Quentin Marchal", "Field service", 430),
    stays("Rasmus Dahl", "Shipyard", 401),
    stays("Selma Aydin", "Finance", 372),
    stays("Tariq Aziz", "Engineering", 344),
    stays("Ulrike Sommer", "Assembly", 310),
    stays("Viktor Ahlgren", "Engineering", 281),
    stays("Wanda Nowak", "Field service", 250),
    stays("Xenia Markou", "Sales", 221),
    stays("Yannick Morel", "Shipyard", 190),
    stays("Zofia Wrona", "Engineering", 162),
    stays("Aron Berg", "Assembly", 131),
    stays("Bella Fontana", "IT", 104),
];

/// Most of them went with the rental fleet.
pub(super) const LEFT: [Colleague; 37] = [
    left("Adam Reuter", "Rental fleet", 702),
    left("Brigitte Caron", "Assembly", 684),
    left("Carlos Mendes", "Shipyard", 671),
    left("Diana Popescu", "Sales", 650),
    left("Erik Solberg", "Assembly", 633),
    left("Fiona Walsh", "Rental fleet", 618),
    left("Georg Huber", "Rental fleet", 604),
    left("Hugo Lambert", "Assembly", 588),
    left("Irina Volkova", "Engineering", 573),
    left("Jakob Thiel", "Field service", 561),
    left("Katja Ziegler", "Rental fleet", 547),
    left("Lars Nyberg", "Shipyard", 530),
    left("Milena Horvat", "Assembly", 515),
    left("Nils Ekström", "Rental fleet", 498),
    left("Olga Sidorova", "Finance", 484),
    left("Paul Berger", "Field service", 466),
    left("Renate Fuchs", "Rental fleet", 447),
    left("Stefan Maurer", "Assembly", 431),
    left("Tessa de Vries", "Sales", 415),
    left("Urs Zimmermann", "Engineering", 398),
    left("Vera Lang", "Rental fleet", 380),
    left("Walter Stein", "Shipyard", 362),
    left("Yusuf Demir", "Assembly", 343),
    left("Zelda Krause", "Rental fleet", 327),
    left("Alma Nilsen", "Field service", 309),
    left("Bruno Costa", "Rental fleet", 290),
    left("Celine Dupont", "Sales", 272),
    left("David Kern", "Assembly", 254),
    left("Elsa Winter", "Rental fleet", 237),
    left("Felix Brandl", "Engineering", 219),
    left("Gerda Olsen", "Rental fleet", 203),
    left("Henry Clarke", "Shipyard", 185),
    left("Ida Jonsson", "Assembly", 168),
    left("Jan Kowalczyk", "Rental fleet", 150),
    left("Klara Weiss", "Field service", 133),
    left("Leon Fischer", "Rental fleet", 115),
    left("Mina Sato", "Assembly", 98),
];

/// Somebody who had left, and whose account was still open.
pub(super) struct Late {
    /// The member.
    pub reference: Reference,
    /// The last day at work, so many days ago.
    pub left: i64,
    /// How many days the account was open after that.
    pub days: i64,
}

/// Those whose accounts stayed open: two of those whom the seed will draw.
pub(super) fn late(leavers: &[(Who, Reference)]) -> Result<Vec<(Who, Late)>, Fault> {
    let mut drawn: Vec<&(Who, Reference)> = leavers.iter().collect();
    drawn.sort_by_cached_key(|(_, reference)| rank(SEED, *reference));
    drawn.truncate(DRAWN);
    let one = |(place, days): (usize, i64)| {
        let (name, reference) = drawn.get(place).ok_or("fewer have left than are drawn")?;
        let colleague = LEFT.iter().find(|colleague| colleague.name == *name);
        let left = colleague.and_then(|colleague| colleague.left).ok_or("who has not left is drawn")?;
        Ok((*name, Late { reference: *reference, left, days }))
    };
    TOO_LONG.into_iter().map(one).collect()
}

/// Who works here on that day, so many days ago, but for those that [`super::people::PEOPLE`] names.
pub(super) fn there(days_ago: i64) -> impl Iterator<Item = Who> {
    let is_there =
        move |colleague: &&Colleague| colleague.joined > days_ago && colleague.left.is_none_or(|left| left < days_ago);
    STAYED.iter().chain(&LEFT).filter(is_there).map(|colleague| colleague.name)
}

/// `hanna.brandt@harbour.example`
pub(super) fn email(name: Who) -> String {
    let login = name.to_lowercase().replace(' ', ".").replace('ö', "o");
    format!("{login}@harbour.example")
}

/// Makes a member with a login.
pub(super) fn enrol(
    (name, email, unit): (Who, &str, &str),
    roles: &[Role],
    hash: &str,
    tx: &mut Tx<'_>,
    names: &mut Names,
) -> Result<Reference, Error> {
    let (by, now, account) = (tx.actor().clone(), tx.now(), AccountId(tx.next_id()));
    accounts::insert(account, by.organisation, (email, hash), now, tx.connection())?;
    let birth = tx.birth(Member::PREFIX)?;
    let reference = birth.reference;
    let draft = MemberDraft { account, name: name.to_owned(), unit: Some(unit.to_owned()), roles: roles.to_vec() };
    names.call(name, save(Member::enrol(draft, &by, birth)?, tx)?);
    Ok(reference)
}

/// Who came later, and who went.
pub(super) fn add(story: &mut Story, hash: &str, late: &[(Who, Late)]) {
    for colleague in STAYED.iter().filter(|colleague| colleague.joined < FOUNDED) {
        let hash = hash.to_owned();
        story.step((colleague.joined, 8), TOMAS, move |tx, names| {
            let told = (colleague.name, email(colleague.name), colleague.unit);
            enrol((told.0, &told.1, told.2), &[Role::Member], &hash, tx, names).map(drop)
        });
    }
    for Colleague { name, left, .. } in &LEFT {
        let Some(left) = *left else { continue };
        let too_long = late.iter().find(|(late, _)| late == name).map_or(0, |(_, late)| late.days);
        let last = story.day(-left);
        story.step((left - too_long, 17), TOMAS, move |tx, names| {
            let member: Member = tx.get(Locator::Id(names.get(name)?))?;
            let (facts, by, at) = (tx.facts(&member)?, tx.actor().clone(), tx.now());
            let reason = format!("Contract ended on {} {}", last.format("%-d %B"), last.year());
            save(member.deactivate(reason, &facts, &by, at)?, tx).map(drop)
        });
    }
}
