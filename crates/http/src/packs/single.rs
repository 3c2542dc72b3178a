//! The pack of one management review, and that of one audit.

use super::archive::{Archive, Content};
use super::registers::{self, Which, write_row};
use super::{Broken, Reader, columns};
use crate::error::ApiError;
use crate::record::Resource;
use ratchet_domain::actions::Action;
use ratchet_domain::audits::Audit;
use ratchet_domain::management_reviews::ManagementReview;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::table::{Listed, Order, Scope};
use ratchet_persistence::{actions, evidence, findings, management_reviews};
use serde_json::Value;
use std::io::Write;
use uuid::Uuid;

/// Ids that are read at once.
const PAGE: i64 = 200;

/// The review with its minutes and addenda, its inputs as they were frozen, its decisions, the actions that came of them,
/// and its evidence.
pub(super) fn write_review(
    review: &ManagementReview,
    reader: &mut Reader<'_>,
    archive: &mut Archive,
) -> Result<(), Broken> {
    let view = write_record(review, "review.json", reader, archive)?;
    for seal in &review.snapshots {
        let text = management_reviews::snapshot(reader.by.organisation, review.id(), seal.number, reader.connection)?;
        let text = text.ok_or_else(|| ApiError::Internal(format!("{}: a snapshot is gone", review.head.reference)))?;
        let path = format!("inputs/{}.json", seal.number);
        let text = concealed(text, &path, reader)?;
        archive.text(path, &text)?;
    }
    let decisions = &view["meeting"]["decisions"];
    write_table("decisions.csv", &["number", "kind", "text", "due_on"], decisions, archive)?;
    let serving = Scope::whole(
        reader.by.organisation,
        actions::Filter { parent: Some(review.head.id), ..actions::Filter::default() },
    );
    let mut about = ids_of::<Action>(&serving, reader)?;
    registers::write(Prefix::Action, Which::Ids(&about), reader, archive)?;
    about.push(review.head.id);
    write_evidence(&about, reader, archive)
}

/// The audit with its report and its checklist, what it has found, what was raised of that, and its evidence.
pub(super) fn write_audit(audit: &Audit, reader: &mut Reader<'_>, archive: &mut Archive) -> Result<(), Broken> {
    let view = write_record(audit, "audit.json", reader, archive)?;
    let columns = ["number", "requirement", "question", "how", "result", "evidence", "reason", "notes", "checked_at"];
    write_table("checklist.csv", &columns, &view["items"], archive)?;
    let found = findings::of_audits(reader.by.organisation, &[audit.id()], reader.connection)?;
    let ids: Vec<Uuid> = found.iter().map(|finding| finding.head.id).collect();
    registers::write(Prefix::Finding, Which::Ids(&ids), reader, archive)?;
    let raised = |kind: Prefix| -> Vec<Uuid> {
        found
            .iter()
            .filter_map(|finding| finding.case())
            .filter(|case| case.kind == kind)
            .map(|case| case.id.0)
            .collect()
    };
    for kind in [Prefix::Nonconformity, Prefix::Improvement] {
        registers::write(kind, Which::Ids(&raised(kind)), reader, archive)?;
    }
    let about: Vec<Uuid> = ids.into_iter().chain([audit.head.id]).collect();
    write_evidence(&about, reader, archive)
}

fn write_evidence(about: &[Uuid], reader: &mut Reader<'_>, archive: &mut Archive) -> Result<(), Broken> {
    let pieces = evidence::about(reader.by.organisation, about, reader.connection)?;
    registers::write(Prefix::Evidence, Which::Ids(&pieces), reader, archive)
}

/// The ids of what a list holds.
fn ids_of<T: Listed>(scope: &Scope<T::Filter>, reader: &mut Reader<'_>) -> Result<Vec<Uuid>, Broken> {
    let (mut ids, mut order) = (Vec::new(), Order::default());
    loop {
        reader.check_time()?;
        let page = T::page(scope, &order, PAGE, reader.connection)?;
        ids.extend(page.iter().map(|record| record.head().id));
        match page.last() {
            Some(last) if i64::try_from(page.len()) == Ok(PAGE) => order.after = Some((Vec::new(), last.head().id)),
            Some(_) | None => return Ok(ids),
        }
    }
}

/// The record as the API shows it, which is answered, too.
fn write_record<T: Resource>(
    record: &T,
    path: &str,
    reader: &mut Reader<'_>,
    archive: &mut Archive,
) -> Result<Value, Broken> {
    let mut view = record.view(None);
    T::fill(std::slice::from_mut(&mut view), &reader.by, reader.connection)?;
    let view = serde_json::to_value(view).map_err(|error| ApiError::Internal(error.to_string()))?;
    let (view, _) = reader.left_of(view).ok_or(ApiError::NotFound)?;
    archive.member(path, Content::Text, |sink| Ok(writeln!(sink, "{view:#}")?))?;
    Ok(view)
}

/// Frozen inputs byte for byte, unless something in them is kept from the caller.
fn concealed(text: String, path: &str, reader: &mut Reader<'_>) -> Result<String, Broken> {
    if reader.by.withheld().is_none() {
        return Ok(text);
    }
    let value: Value = serde_json::from_str(&text).map_err(|error| ApiError::Internal(error.to_string()))?;
    match reader.left_of(value) {
        Some((_, true)) => Ok(text),
        Some((left, false)) => {
            reader.concealed.push(path.to_owned());
            Ok(left.to_string())
        }
        None => Err(ApiError::NotFound.into()),
    }
}

/// A record's parts as a table.
fn write_table(path: &str, members: &[&str], rows: &Value, archive: &mut Archive) -> Result<(), Broken> {
    archive.member(path, Content::Text, |sink| {
        write_row(sink, members.iter().map(|member| (*member).to_owned()).collect())?;
        let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
        rows.iter()
            .try_for_each(|row| write_row(sink, members.iter().map(|member| columns::cell(&row[*member])).collect()))
    })
}
