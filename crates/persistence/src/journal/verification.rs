//! `journal verify`: everything that the journal claims, recomputed from the rows.

mod edge;
mod figures;
mod frozen;
mod rows;

use super::sequencer::{find_tile, instance_tree};
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::files::Files;
use crate::schema::{
    journal_checkpoints, journal_entries, journal_heads, journal_instances, journal_tiles, organisations,
};
use diesel::prelude::*;
use ed25519_dalek::VerifyingKey;
use edge::Edge;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::journal::checkpoint::SignedCheckpoint;
use ratchet_domain::journal::export::redacted_by;
use ratchet_domain::journal::leaf::{self, Leaf, leaf_hash};
use ratchet_domain::journal::merkle::{Frontier, Hash};
use ratchet_domain::journal::tiles::Tile;
use ratchet_domain::of_kind;
use ratchet_domain::reference::Prefix;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use strum::VariantArray;
use uuid::Uuid;

/// Entries read at once.
const PAGE: i64 = 1000;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose journal; none for the instance.
    pub organisation: Option<OrganisationId>,
    /// The table.
    pub table: &'static str,
    /// The row's id or size.
    pub row: String,
    /// The position in the journal, where there is one.
    pub position: Option<u64>,
    /// What is wrong.
    pub fault: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(organisation) = self.organisation {
            write!(f, "{organisation} ")?;
        }
        write!(f, "{} {}", self.table, self.row)?;
        if let Some(position) = self.position {
            write!(f, " at position {position}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries read.
    pub entries: u64,
    /// Checkpoints checked.
    pub checkpoints: u64,
    /// Records whose state was recomputed.
    pub records: u64,
    /// In the order in which they were found; the first is the earliest.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether all is as it was written.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What is to be verified.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// One organisation; all without.
    pub organisation: Option<OrganisationId>,
    /// The rows of records, too.
    pub state: bool,
    /// The files of evidence, too.
    pub evidence: Option<Files>,
    /// A checkpoint that was kept outside: the journal must still contain what it says.
    pub against: Option<String>,
    /// Keys that have signed before the one of now: good for what lies before its first signature.
    pub earlier_keys: Vec<VerifyingKey>,
}

/// Whose signatures count.
#[derive(Clone, Copy)]
struct Trust<'a> {
    key: &'a VerifyingKey,
    earlier: &'a [VerifyingKey],
}

impl Trust<'_> {
    /// The note, when one of them has signed it, and whether that was the key of now.
    fn signed(self, note: &str) -> Result<(SignedCheckpoint, bool), String> {
        let signed = SignedCheckpoint::parse(note).map_err(|error| error.to_string())?;
        match signed.verify(self.key) {
            Ok(()) => Ok((signed, true)),
            Err(_) if self.earlier.iter().any(|key| signed.verify(key).is_ok()) => Ok((signed, false)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Verifies.
///
/// # Errors
/// The database's; what is wrong with the journal is in the report.
pub fn verify(scope: &Scope, key: &VerifyingKey, connection: &mut AnyConnection) -> Result<Report, Error> {
    connection.enter_snapshot()?;
    let report = verify_snapshot(scope, key, connection);
    connection.leave_snapshot()?;
    report
}

fn verify_snapshot(scope: &Scope, key: &VerifyingKey, connection: &mut AnyConnection) -> Result<Report, Error> {
    let mut report = Report::default();
    let all: Vec<KeyValue> =
        organisations::table.select(organisations::id).order(organisations::id).load(connection)?;
    let chosen = all.into_iter().map(|id| OrganisationId(id.0));
    let chosen: Vec<_> = chosen.filter(|id| scope.organisation.is_none_or(|only| only == *id)).collect();
    if let (Some(asked), []) = (scope.organisation, chosen.as_slice()) {
        // Nothing was looked at: that is not to pass for a journal in which nothing is wrong.
        let (table, row, fault) = ("organisations", asked.to_string(), "is not here".to_owned());
        report.findings.push(Finding { organisation: None, table, row, position: None, fault });
    }
    let trust = Trust { key, earlier: &scope.earlier_keys };
    let against = kept_outside(scope.against.as_deref(), trust, &chosen, &mut report);
    for organisation in chosen {
        let (missing, redacted) = (BTreeMap::new(), HashSet::new());
        let verification =
            Verification { organisation, trust, against: against.as_ref(), report: &mut report, missing, redacted };
        verification.run(scope, connection)?;
    }
    if scope.organisation.is_none() {
        verify_instance(trust, &mut report, connection)?;
    }
    Ok(report)
}

/// The checkpoint kept outside, when it is good for anything: a note about a journal that is not among those looked
/// at would otherwise pass for a check that was made.
fn kept_outside(
    note: Option<&str>,
    trust: Trust<'_>,
    chosen: &[OrganisationId],
    report: &mut Report,
) -> Option<SignedCheckpoint> {
    let checked = trust.signed(note?).and_then(|(signed, _)| {
        let known = chosen.iter().any(|organisation| is_about(&signed, *organisation));
        known.then_some(signed).ok_or_else(|| "speaks of a journal that is not here".to_owned())
    });
    checked
        .map_err(|fault| {
            let (table, row) = ("the checkpoint kept outside", String::new());
            report.findings.push(Finding { organisation: None, table, row, position: None, fault });
        })
        .ok()
}

/// Whether the origin, `<instance>/<organisation>`, is this organisation's. The instance's own name may change.
fn is_about(signed: &SignedCheckpoint, organisation: OrganisationId) -> bool {
    signed.checkpoint.origin.ends_with(&format!("/{organisation}"))
}

fn verify_instance(trust: Trust<'_>, report: &mut Report, connection: &mut AnyConnection) -> Result<(), Error> {
    let (size, root) = instance_tree(connection)?;
    let note: Option<String> =
        journal_instances::table.select(journal_instances::note).get_result(connection).optional()?;
    let fault = match note.as_deref().map(|note| trust.signed(note)) {
        None if size == 0 => None,
        None => Some("no signed tree over all organisations".to_owned()),
        Some(Err(fault)) => Some(fault),
        Some(Ok((_, false))) => Some("is signed by an earlier key alone".to_owned()),
        Some(Ok((signed, true))) if !signed.checkpoint.origin.ends_with("/instance") => {
            Some("is another note".to_owned())
        }
        Some(Ok((signed, true))) if (signed.checkpoint.size, signed.checkpoint.root) != (size, root) => {
            Some(format!("says {} organisations, there are {size}, or one has another head", signed.checkpoint.size))
        }
        Some(Ok((_, true))) => None,
    };
    if let Some(fault) = fault {
        let finding =
            Finding { organisation: None, table: "journal_instances", row: "1".to_owned(), position: None, fault };
        report.findings.push(finding);
    }
    Ok(())
}

/// The newest state of each record that the journal knows, by kind and id.
type States = BTreeMap<(String, Uuid), (u64, Option<Hash>)>;

struct Verification<'a> {
    organisation: OrganisationId,
    trust: Trust<'a>,
    against: Option<&'a SignedCheckpoint>,
    report: &'a mut Report,
    /// Entries without the detail that their leaf binds, and their positions.
    missing: BTreeMap<Uuid, Option<u64>>,
    /// Entries whose detail a redaction has erased: each says so in its own entry.
    redacted: HashSet<Uuid>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = journal_entries)]
struct Row {
    id: KeyValue,
    position: Option<i64>,
    recorded_at: InstantValue,
    actor_kind: String,
    actor_id: Option<KeyValue>,
    action: String,
    object_kind: String,
    object_id: KeyValue,
    object_version: i64,
    leaf: Vec<u8>,
    leaf_hash: Vec<u8>,
    detail: Option<String>,
    detail_salt: Option<Vec<u8>>,
}

impl Verification<'_> {
    fn found(&mut self, table: &'static str, row: impl ToString, position: Option<u64>, fault: impl Into<String>) {
        let (organisation, row, fault) = (Some(self.organisation), row.to_string(), fault.into());
        self.report.findings.push(Finding { organisation, table, row, position, fault });
    }

    fn run(mut self, scope: &Scope, connection: &mut AnyConnection) -> Result<(), Error> {
        let mut states = States::new();
        let notes = self.checkpoints(connection)?;
        let frontier = self.entries(&notes, &mut states, connection)?;
        self.head(&frontier, &notes, connection)?;
        self.unsequenced(&mut states, connection)?;
        self.erased();
        self.queue(connection)?;
        if let Some(files) = &scope.evidence {
            self.evidence(files, connection)?;
        }
        if scope.state {
            for kind in Prefix::VARIANTS {
                of_kind!(kind, T => self.records::<T>(&mut states, connection)?);
            }
            self.figures(connection)?;
            self.frozen(connection)?;
            for ((kind, id), (version, _)) in states.into_iter().filter(|(_, (_, state))| state.is_some()) {
                self.found("journal_entries", id, None, format!("the {kind} of version {version} has no row"));
            }
        }
        Ok(())
    }

    /// What is missing and no redaction names was removed by hand.
    fn erased(&mut self) {
        for (entry, position) in std::mem::take(&mut self.missing) {
            if !self.redacted.contains(&entry) {
                self.found("journal_entries", entry, position, "the detail was removed without an entry that says so");
            }
        }
    }

    /// Signatures of all checkpoints, and the outside one beside them; sizes with the roots they claim.
    fn checkpoints(&mut self, connection: &mut AnyConnection) -> Result<HashMap<u64, Vec<Hash>>, Error> {
        let stored: Vec<(i64, String)> = journal_checkpoints::table
            .filter(journal_checkpoints::organisation_id.eq(KeyValue(self.organisation.0)))
            .order(journal_checkpoints::size)
            .select((journal_checkpoints::size, journal_checkpoints::note))
            .load(connection)?;
        let mut claimed: HashMap<u64, Vec<Hash>> = HashMap::new();
        let mut has_new_key = false;
        for (size, note) in stored {
            self.report.checkpoints += 1;
            let checked = self.trust.signed(&note);
            has_new_key |= matches!(checked, Ok((_, true)));
            match checked {
                Ok((_, false)) if has_new_key => {
                    let fault = "is signed by an earlier key alone, behind one that the new key has signed";
                    self.found("journal_checkpoints", size, None, fault);
                }
                Ok((signed, _)) if !is_about(&signed, self.organisation) => {
                    self.found("journal_checkpoints", size, None, "is the checkpoint of another journal");
                }
                Ok((signed, _)) if signed.checkpoint.size.cast_signed() == size => {
                    claimed.entry(signed.checkpoint.size).or_default().push(signed.checkpoint.root);
                }
                Ok((signed, _)) => {
                    self.found("journal_checkpoints", size, None, format!("says size {}", signed.checkpoint.size));
                }
                Err(fault) => self.found("journal_checkpoints", size, None, fault),
            }
        }
        if let Some(kept) = self.against.filter(|kept| is_about(kept, self.organisation)) {
            claimed.entry(kept.checkpoint.size).or_default().push(kept.checkpoint.root);
        }
        Ok(claimed)
    }

    /// Walks the tree from its first leaf; at each size that a checkpoint claims the roots must agree.
    fn entries(
        &mut self,
        claimed: &HashMap<u64, Vec<Hash>>,
        states: &mut States,
        connection: &mut AnyConnection,
    ) -> Result<Frontier, Error> {
        let mut frontier = Frontier::default();
        let mut edge = Edge::default();
        loop {
            let rows = self.page(frontier.size(), connection)?;
            let last = rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            for row in rows {
                let position = frontier.size();
                if row.position != Some(position.cast_signed()) {
                    let fault = format!("position {position} is missing: the next is {:?}", row.position);
                    self.found("journal_entries", row.id.0, Some(position), fault);
                    return Ok(frontier);
                }
                let hash = leaf_hash(&row.leaf);
                self.entry(&row, hash, states);
                frontier.append(hash);
                for tile in edge.push(hash) {
                    self.tile(&tile, connection)?;
                }
                for root in claimed.get(&frontier.size()).into_iter().flatten() {
                    if *root != frontier.root() {
                        let fault = "the entries before do not lead to the root that was signed";
                        self.found("journal_checkpoints", frontier.size(), Some(position), fault);
                    }
                }
            }
            if last {
                break;
            }
        }
        let (open, count) = edge.finish();
        for tile in open {
            self.tile(&tile, connection)?;
        }
        let stored: i64 = journal_tiles::table
            .filter(journal_tiles::organisation_id.eq(KeyValue(self.organisation.0)))
            .count()
            .get_result(connection)?;
        if stored.cast_unsigned() > count {
            self.found("journal_tiles", "", None, format!("{stored} are there, {count} belong to entries"));
        }
        Ok(frontier)
    }

    fn page(&self, from: u64, connection: &mut AnyConnection) -> Result<Vec<Row>, Error> {
        Ok(journal_entries::table
            .filter(journal_entries::organisation_id.eq(KeyValue(self.organisation.0)))
            .filter(journal_entries::position.ge(from.cast_signed()))
            .order(journal_entries::position)
            .limit(PAGE)
            .select(Row::as_select())
            .load(connection)?)
    }

    fn tile(&mut self, tile: &Tile, connection: &mut AnyConnection) -> Result<(), Error> {
        let Tile { level, index, hashes } = tile;
        if find_tile(KeyValue(self.organisation.0), *level, *index, connection)?.as_ref() != Some(hashes) {
            let row = format!("level {level} number {index}");
            self.found("journal_tiles", row, None, "does not hold the hashes that follow from the leaves");
        }
        Ok(())
    }

    /// One row: its leaf, the columns that repeat it, its detail.
    fn entry(&mut self, row: &Row, hash: Hash, states: &mut States) {
        self.report.entries += 1;
        let position = row.position.map(i64::cast_unsigned);
        if row.leaf_hash != hash.0 {
            self.found("journal_entries", row.id.0, position, "the stored hash is not the leaf's");
        }
        let leaf = match Leaf::parse(&row.leaf) {
            Ok(leaf) => leaf,
            Err(error) => return self.found("journal_entries", row.id.0, position, error.to_string()),
        };
        let same = leaf.entry == row.id.0
            && leaf.org == self.organisation.0
            && leaf.at == row.recorded_at.0
            && leaf.actor.kind == row.actor_kind
            && leaf.actor.id == row.actor_id.map(|id| id.0)
            && leaf.action == row.action
            && leaf.object.kind == row.object_kind
            && leaf.object.id == row.object_id.0
            && leaf.object.version.cast_signed() == row.object_version;
        if !same {
            self.found("journal_entries", row.id.0, position, "its columns do not say what its leaf says");
        }
        match detail_of(row, &leaf) {
            Ok(Some(detail)) => self.redacted.extend(redacted_by(&leaf.action, &detail)),
            Ok(None) if leaf.detail.is_some() => drop(self.missing.insert(row.id.0, position)),
            Ok(None) => {}
            Err(fault) => self.found("journal_entries", row.id.0, position, fault),
        }
        let key = (leaf.object.kind.clone(), leaf.object.id);
        let newest = states.entry(key).or_insert((0, None));
        if leaf.object.version > newest.0 {
            *newest = (leaf.object.version, leaf.after);
        }
    }

    fn head(
        &mut self,
        frontier: &Frontier,
        claimed: &HashMap<u64, Vec<Hash>>,
        connection: &mut AnyConnection,
    ) -> Result<(), Error> {
        let head: Option<(i64, Vec<u8>, Vec<u8>)> = journal_heads::table
            .filter(journal_heads::organisation_id.eq(KeyValue(self.organisation.0)))
            .select((journal_heads::size, journal_heads::root, journal_heads::frontier))
            .get_result(connection)
            .optional()?;
        let empty = Frontier::default();
        let (size, root, edge) = head.unwrap_or_else(|| (0, empty.root().0.to_vec(), empty.to_bytes()));
        if size != frontier.size().cast_signed() || root != frontier.root().0 {
            let fault = format!("says {size} entries, {} are there, or the root differs", frontier.size());
            self.found("journal_heads", self.organisation, None, fault);
        }
        if edge != frontier.to_bytes() {
            let fault = "the tree's right edge, on which the next entries would grow, is another's";
            self.found("journal_heads", self.organisation, None, fault);
        }
        let mut beyond: Vec<&u64> = claimed.keys().filter(|size| **size > frontier.size()).collect();
        beyond.sort_unstable();
        if let Some(size) = beyond.first() {
            let fault = format!("{size} entries were signed, {} are there: the tail is missing", frontier.size());
            self.found("journal_checkpoints", size, None, fault);
        }
        if frontier.size() > 0 && !claimed.contains_key(&frontier.size()) {
            self.found("journal_checkpoints", frontier.size(), None, "the newest size was never signed");
        }
        Ok(())
    }
}

/// The detail that the leaf binds; none where it is gone with its salt.
fn detail_of(row: &Row, leaf: &Leaf) -> Result<Option<Value>, &'static str> {
    const OTHER: &str = "the detail does not match its leaf";
    let (text, salt) = match (&row.detail, &row.detail_salt) {
        (Some(text), Some(salt)) => (text, salt),
        (None, None) => return Ok(None),
        (Some(_), None) | (None, Some(_)) => return Err("a detail and its salt come together"),
    };
    let value: Value = serde_json::from_str(text).map_err(|_| OTHER)?;
    let salt = <[u8; 16]>::try_from(salt.as_slice()).map_err(|_| OTHER)?;
    let hash = leaf::detail_hash(&salt, &value).ok();
    if hash.is_some() && hash == leaf.detail { Ok(Some(value)) } else { Err(OTHER) }
}
