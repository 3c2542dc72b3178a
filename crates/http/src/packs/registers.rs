//! Registers as members of a pack: the records as the API shows them, line by line, and a table for people.

use super::archive::{Archive, Content, Sink};
use super::columns::{self, Column, Holds};
use super::{Broken, Reader};
use crate::error::ApiError;
use crate::record::Resource;
use crate::v1::records;
use crate::withheld::left_of;
use ratchet_domain::id::MemberId;
use ratchet_domain::of_kind;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::members;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::time::Instant;
use uuid::Uuid;

/// Records that are read at once.
const PAGE: usize = 200;

/// A register in the pack.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Register {
    /// What its records are.
    pub kind: Prefix,
    /// Where they stand, one a line.
    pub path: String,
    /// How many of them.
    pub records: u64,
}

/// A file that a piece of evidence shows.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub id: Uuid,
    pub reference: String,
    pub sha256: String,
    pub size: u64,
}

/// Which records are meant.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// All that the pack takes.
    Selected,
    /// These.
    Ids(&'a [Uuid]),
}

/// A record, and how the caller sees it.
struct Shown<T> {
    record: T,
    view: Value,
    /// Whether nothing was taken out of it.
    is_whole: bool,
}

/// Writes a register: `<stem>.ndjson` and `<stem>.csv`.
pub(super) fn write(
    kind: Prefix,
    which: Which<'_>,
    reader: &mut Reader<'_>,
    archive: &mut Archive,
) -> Result<(), Broken> {
    of_kind!(kind, T => write_one::<T>(which, reader, archive))
}

fn write_one<T: Resource>(which: Which<'_>, reader: &mut Reader<'_>, archive: &mut Archive) -> Result<(), Broken> {
    let path = format!("registers/{}.ndjson", T::PATH);
    let mut records = 0;
    archive.member(path.as_str(), Content::Text, |sink| {
        each_page::<T>(which, reader, |reader, page| {
            for Shown { view, .. } in &page {
                writeln!(sink, "{view}")?;
                records += 1;
                if T::PREFIX == Prefix::Evidence {
                    reader.pieces.extend(piece_of(view));
                }
            }
            Ok(())
        })
    })?;
    reader.registers.push(Register { kind: T::PREFIX, path, records });
    archive.member(format!("registers/{}.csv", T::PATH), Content::Text, |sink| {
        let columns = columns::of(T::PREFIX);
        write_row(sink, heading(columns))?;
        each_page::<T>(which, reader, |reader, page| {
            let names = Names::of(columns, &page, reader)?;
            page.iter().try_for_each(|shown| write_row(sink, row_of(shown, columns, &names)))
        })
    })
}

/// Reads the records page by page, each as the caller may see it.
fn each_page<T: Resource>(
    which: Which<'_>,
    reader: &mut Reader<'_>,
    mut take: impl FnMut(&mut Reader<'_>, Vec<Shown<T>>) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let organisation = reader.by.organisation;
    match which {
        Which::Selected => {
            let (mut after, limit) = (None, i64::try_from(PAGE).unwrap_or(i64::MAX));
            loop {
                reader.check_time()?;
                let page = T::walk(organisation, after, limit, reader.connection)?;
                let is_last = page.len() < PAGE;
                after = page.last().map(|(record, _)| record.head().id);
                let mut records = Vec::with_capacity(page.len());
                for (record, _) in page {
                    if record.is_visible(&reader.by) && reader.selection.takes(&record) {
                        records.push(record);
                    }
                }
                let shown = shown(records, reader)?;
                take(reader, shown)?;
                if is_last {
                    return Ok(());
                }
            }
        }
        Which::Ids(ids) => {
            // In one order over all pages, and each once.
            let ids: Vec<Uuid> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            for ids in ids.chunks(PAGE) {
                reader.check_time()?;
                let mut records = T::many(organisation, ids, reader.connection)?;
                records.retain(|record| record.is_visible(&reader.by));
                records.sort_by_key(|record| record.head().id);
                let shown = shown(records, reader)?;
                take(reader, shown)?;
            }
            Ok(())
        }
    }
}

fn shown<T: Resource>(records: Vec<T>, reader: &mut Reader<'_>) -> Result<Vec<Shown<T>>, ApiError> {
    let mut views: Vec<T::View> = records.iter().map(|record| record.view(None)).collect();
    T::fill(&mut views, &reader.by, reader.connection)?;
    let mut shown = Vec::with_capacity(records.len());
    for (record, view) in records.into_iter().zip(views) {
        let view = serde_json::to_value(view).map_err(|error| ApiError::Internal(error.to_string()))?;
        shown.extend(reader.left_of(view).map(|(view, is_whole)| Shown { record, view, is_whole }));
    }
    Ok(shown)
}

/// The file of a piece of evidence, as long as its content is there.
fn piece_of(view: &Value) -> Option<Piece> {
    if !view["erased_by"].is_null() {
        return None;
    }
    Some(Piece {
        id: view["id"].as_str()?.parse().ok()?,
        reference: view["reference"].as_str()?.to_owned(),
        sha256: view["sha256"].as_str()?.to_owned(),
        size: view["size"].as_u64()?,
    })
}

/// Whether what is left of a record says this, in a text or at the beginning of one.
fn says(view: &Value, title: &str) -> bool {
    match view {
        Value::String(text) => text.trim_start().starts_with(title),
        Value::Array(items) => items.iter().any(|item| says(item, title)),
        Value::Object(members) => members.values().any(|member| says(member, title)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn heading(columns: &[Column]) -> Vec<String> {
    let own = columns.iter().map(|column| column.heading());
    let all = ["reference", "title", "state"].into_iter().chain(own);
    all.chain(["version", "created_at", "updated_at"]).map(str::to_owned).collect()
}

fn row_of<T: Resource>(shown: &Shown<T>, columns: &[Column], names: &Names) -> Vec<String> {
    let Shown { record, view, is_whole } = shown;
    let head = record.head();
    // Some are called as another record is, which may be kept from the caller.
    let is_seen = |title: &&str| *is_whole || says(view, title);
    let title = record.title().filter(is_seen).unwrap_or_default().to_owned();
    let mut row = vec![head.reference.to_string(), columns::harmless(title), record.stage_name().to_owned()];
    row.extend(columns.iter().map(|column| names.cell(*column, view)));
    row.extend(["version", "created_at", "updated_at"].map(|member| columns::cell(&view[member])));
    row
}

/// One line of a table (RFC 4180).
pub(super) fn write_row(sink: &mut Sink<'_>, cells: Vec<String>) -> Result<(), Broken> {
    let mut line = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    line.write_record(cells).map_err(std::io::Error::other)?;
    let line = line.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(sink.write_all(&line)?)
}

/// What the ids of a page stand for.
#[derive(Default)]
struct Names {
    members: HashMap<Uuid, String>,
    records: HashMap<Uuid, String>,
}

impl Names {
    /// Looked up for a page at once: a statement for members, and one for each kind of record.
    fn of<T: Resource>(columns: &[Column], page: &[Shown<T>], reader: &mut Reader<'_>) -> Result<Self, ApiError> {
        let (mut people, mut named) = (BTreeSet::new(), BTreeSet::new());
        for (column, value) in
            page.iter().flat_map(|shown| columns.iter().map(move |column| (column, &shown.view[column.member])))
        {
            match column.holds {
                Holds::Value => {}
                Holds::Member => people.extend(id_of(value)),
                Holds::Record(kind) => named.extend(id_of(value).map(|id| (kind, id))),
                Holds::Target => {
                    let kind = value["kind"].as_str().and_then(Prefix::of_kind);
                    named.extend(kind.zip(id_of(&value["id"])));
                }
            }
        }
        if people.is_empty() && named.is_empty() {
            return Ok(Self::default());
        }
        let people: Vec<MemberId> = people.into_iter().map(MemberId).collect();
        let members = members::names(reader.by.organisation, &people, reader.connection)?;
        let named: Vec<(Prefix, Uuid)> = named.into_iter().collect();
        let records = records::seen_of(&named, &reader.by, reader.connection)?;
        Ok(Self {
            members: members.into_iter().map(|(id, _, name)| (id.0, name)).collect(),
            records: records.into_iter().map(|view| (view.id, view.reference)).collect(),
        })
    }

    fn cell(&self, column: Column, view: &Value) -> String {
        let value = &view[column.member];
        let named = |names: &HashMap<Uuid, String>, value: &Value| {
            columns::cell(&json!(id_of(value).and_then(|id| names.get(&id))))
        };
        match column.holds {
            Holds::Value => columns::cell(value),
            Holds::Member => named(&self.members, value),
            Holds::Record(_) => named(&self.records, value),
            Holds::Target => named(&self.records, &value["id"]),
        }
    }
}

fn id_of(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

impl Reader<'_> {
    /// What is left of a record for the caller, and whether that is all of it; `None` where nothing is.
    pub(super) fn left_of(&self, view: Value) -> Option<(Value, bool)> {
        match self.by.withheld() {
            Some(withheld) => left_of(view, withheld),
            None => Some((view, true)),
        }
    }

    pub(super) fn check_time(&self) -> Result<(), Broken> {
        if Instant::now() > self.until { Err(Broken::Slow) } else { Ok(()) }
    }
}
