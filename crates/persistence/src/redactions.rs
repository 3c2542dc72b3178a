//! Redactions in their table, and what they do to the journal, to the search and to files.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::journal::erasing;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::redactions;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::{evidence, idempotency, search};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Head, Lifecycle, Record};
use ratchet_domain::evidence::{Evidence, erase_content as without_content};
use ratchet_domain::id::{EntryId, MemberId};
use ratchet_domain::of_kind;
use ratchet_domain::redactions::{Redaction, StageName, Verb, redact};
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_domain::refusal::Refusal;
use std::collections::HashSet;
use uuid::Uuid;

record_table!(Redaction, redactions { target_kind: String, target_id: KeyValue, stage: String, description: String });

impl Columns {
    fn of(record: &Redaction) -> Result<Self, Error> {
        Ok(Self {
            target_kind: record.target.kind.kind().to_owned(),
            target_id: KeyValue(record.target.id.0),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Redaction, String> {
        with_head(head, &self.description)
    }
}

/// What a list of redactions can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of the record of this id.
    pub target: Option<Uuid>,
    /// Not of records of these kinds, unless this member has asked for it.
    pub hidden: (Vec<Prefix>, Option<MemberId>),
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Redaction, redactions, Filter, narrowed, own, {
    "created_at": instant = redactions::created_at => |redaction| redaction.head.created_at;
    "updated_at": instant = redactions::updated_at => |redaction| redaction.head.updated_at;
    "reference": text = redactions::reference => |redaction| redaction.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, target, hidden: (hidden, me), updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(redactions::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(target) = target {
        query = query.filter(redactions::target_id.eq(KeyValue(*target)));
    }
    if !hidden.is_empty() {
        let me = KeyValue(me.map_or(Uuid::nil(), |member| member.0));
        let shown = redactions::target_kind.ne_all(hidden.iter().map(|kind| kind.kind()));
        query = query.filter(shown.nullable().or(redactions::created_by.eq(me)));
    }
    if let Some(at) = updated_since {
        query = query.filter(redactions::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<redactions::table> {
    Box::new(redactions::created_by.eq(KeyValue(member.0)))
}

impl Guarded for Redaction {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }
}

/// What an approval has done: the redaction that says so, and the file that goes once it is stored.
pub struct Erasure {
    /// To be stored last.
    pub redaction: Change<Redaction>,
    /// SHA-256 of a file that no piece of evidence may show any more.
    pub file: Option<String>,
}

/// Refuses a request for what is not there, or cannot go.
///
/// # Errors
/// The database's, or a fault for each field and each entry.
pub fn check(redaction: &Redaction, tx: &mut Tx<'_>) -> Result<(), Error> {
    check_content(redaction, tx)?;
    of_kind!(redaction.target.kind, T => check_one::<T>(redaction, tx))
}

fn check_one<T: Guarded>(redaction: &Redaction, tx: &mut Tx<'_>) -> Result<(), Error> {
    let record: T = tx.load(Locator::Id(redaction.target.id.0))?;
    redact(record, redaction, tx.now())?;
    check_entries::<T>(redaction, tx)
}

fn check_entries<T: Record>(redaction: &Redaction, tx: &mut Tx<'_>) -> Result<(), Error> {
    if redaction.entries.is_empty() {
        return Ok(());
    }
    let organisation = tx.actor().organisation;
    let there = erasing::with_detail(organisation, &key_of::<T>(redaction), tx.connection())?;
    let missing = redaction.entries.iter().position(|entry| !there.contains(entry));
    match missing {
        None => Ok(()),
        Some(index) => {
            let detail = "must be an entry of the record's history whose detail is there";
            Err(Refusal::invalid(format!("/entries/{index}"), "unknown_entry", detail).into())
        }
    }
}

fn check_content(redaction: &Redaction, tx: &mut Tx<'_>) -> Result<(), Error> {
    if redaction.content {
        let piece: Evidence = tx.load(Locator::Id(redaction.target.id.0))?;
        match piece.body.file() {
            Some(file) if file.erased_by.is_none() => {}
            Some(_) => return Err(Refusal::invalid("/content", "redacted", "is gone already").into()),
            None => {
                let detail = "lies elsewhere: there is no file of it here; name its fields";
                return Err(Refusal::invalid("/content", "not_applicable", detail).into());
            }
        }
    }
    Ok(())
}

fn key_of<T: Record>(redaction: &Redaction) -> (&'static str, Uuid) {
    (T::KIND, redaction.target.id.0)
}

/// Erases what the redaction names, and what of it earlier entries carry, all in this transaction.
///
/// # Errors
/// The guard's refusal; what is named is not there any more; the database's.
pub fn carry_out(redaction: Redaction, by: &Actor, tx: &mut Tx<'_>) -> Result<Erasure, Error> {
    redaction.may(Verb::Approve, &(), by)?;
    let (mut erased, file) = of_kind!(redaction.target.kind, T => erase::<T>(&redaction, by, tx))?;
    erased.sort_unstable();
    let now = tx.now();
    Ok(Erasure { redaction: redaction.approve(erased, by, now)?, file })
}

fn erase<T: Guarded>(
    redaction: &Redaction,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<(Vec<EntryId>, Option<String>), Error> {
    let (organisation, now, id) = (by.organisation, tx.now(), redaction.target.id.0);
    let seen: T = tx.load(Locator::Id(id))?;
    // Read again when nobody else can write it.
    tx.enter(seen.circle())?;
    let record: T = tx.load(Locator::Id(id))?;
    let (change, mut texts) = redact(record, redaction, now).map_err(changed_meanwhile)?;
    // Another redaction may have been carried out since this one was asked for.
    check_entries::<T>(redaction, tx).map_err(gone_meanwhile)?;
    check_content(redaction, tx).map_err(gone_meanwhile)?;
    let object = key_of::<T>(redaction);
    texts.extend(erasing::texts(organisation, &object, &redaction.fields, tx.connection())?);
    let asked: HashSet<EntryId> = redaction.entries.iter().copied().collect();
    let what = erasing::What { entries: &asked, fields: &redaction.fields, texts: &texts };
    let erased = erasing::erase::<T>(organisation, &object, &what, tx.connection())?;
    if !redaction.fields.is_empty() {
        let (record, _) = tx.save_with_new_salt(change)?;
        search::keep_now(&record, tx.connection())?;
    }
    if !(redaction.fields.is_empty() && erased.is_empty()) {
        // Answers that were kept for retries show the record as it was.
        idempotency::forget_about(organisation, id, tx.connection())?;
    }
    let file = if redaction.content { erase_content(redaction, tx)? } else { None };
    Ok((erased, file))
}

/// All pieces of evidence of the same content lose it: a file is one, however often it was sent. What is no file has none.
fn erase_content(redaction: &Redaction, tx: &mut Tx<'_>) -> Result<Option<String>, Error> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    let piece: Evidence = tx.load(Locator::Id(redaction.target.id.0))?;
    let Some(sha256) = piece.body.file().map(|file| file.sha256.clone()) else { return Ok(None) };
    // What is being sent in this moment is there before, and goes with the others, or is sent anew behind.
    evidence::hold_content(organisation.0, &sha256, tx.connection())?;
    for piece in evidence::of_content(organisation, &sha256, tx.connection())? {
        if let Some(erased) = without_content(piece, redaction.head.reference, now) {
            tx.save(erased)?;
        }
    }
    Ok(Some(sha256))
}

fn gone_meanwhile(error: Error) -> Error {
    if let Error::Refused(refusal) = error {
        return changed_meanwhile(refusal).into();
    }
    error
}

/// What was there when it was asked for.
fn changed_meanwhile(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Invalid(faults) => {
            let said: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect();
            let detail = format!("the record has changed since this was asked for: {}", said.join("; "));
            Refusal::state("changed_meanwhile", detail)
        }
        Refusal::Forbidden | Refusal::State(_) => refusal,
    }
}
