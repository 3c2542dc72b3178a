//! Verifies an export of a journal with the verifier key alone: no database, no server.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::checkpoint::{SignedCheckpoint, VerifierKey};
use super::leaf::{Leaf, detail_hash, leaf_hash};
use super::merkle::{Frontier, Hash};

/// What an export's first line says it is.
pub const FORMAT: &str = "ratchet-journal/1";

/// The first thing in an export that is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The position at which it shows, from 0; none for the first line and for what lies outside the export.
    pub position: Option<u64>,
    /// The entry that stands there, where the line can be read.
    pub entry: Option<Uuid>,
    /// What is wrong.
    pub what: String,
}

/// What was looked at, and the first fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries that are in order.
    pub entries: u64,
    /// Details that match their leaves.
    pub details: u64,
    /// Details that are gone by a redaction whose entry names them.
    pub redacted: u64,
    /// Other details that a leaf binds and the export does not hold: left out by whoever handed it on, or gone by a
    /// redaction of which the detail was left out.
    pub withheld: u64,
    /// What ended the verification.
    pub fault: Option<Fault>,
}

impl Report {
    /// Whether every line is as it was signed.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.fault.is_none()
    }
}

#[derive(Deserialize)]
struct Header {
    format: String,
    organisation: Uuid,
    checkpoint: String,
}

#[derive(Deserialize)]
struct Line {
    position: u64,
    leaf: String,
    detail: Option<Value>,
    detail_salt: Option<String>,
}

/// Verifies an export's lines in their order, against the key and, when one was kept, an earlier checkpoint. Trees are
/// those of RFC 6962 section 2.1, checkpoints those of C2SP tlog-checkpoint. The key must come from elsewhere than the
/// export, which anybody can sign with a key of their own.
#[must_use]
pub fn verify_export<'a>(lines: impl IntoIterator<Item = &'a str>, key: &VerifierKey, earlier: Option<&str>) -> Report {
    let mut lines = lines.into_iter();
    let mut report = Report::default();
    match begin(lines.next(), key, earlier) {
        Ok(mut walk) => {
            report.fault = lines.find_map(|line| walk.take(line, &mut report).err()).or_else(|| walk.end().err());
            report.redacted = walk.missing.intersection(&walk.redacted).count() as u64;
            report.withheld = walk.missing.len() as u64 - report.redacted;
        }
        Err(what) => report.fault = Some(Fault { position: None, entry: None, what }),
    }
    report
}

fn begin(first: Option<&str>, key: &VerifierKey, earlier: Option<&str>) -> Result<Walk, String> {
    let header = first.ok_or("there is no first line")?;
    let header: Header = serde_json::from_str(header).map_err(|error| format!("the first line: {error}"))?;
    if header.format != FORMAT {
        return Err(format!("is not {FORMAT}"));
    }
    let (size, root) = trusted(&header.checkpoint, key, "the export's checkpoint")?;
    let mut claimed = BTreeMap::from([(size, vec![(root, "the export's checkpoint")])]);
    if let Some(earlier) = earlier {
        let whose = "the checkpoint kept outside";
        let (kept, root) = trusted(earlier, key, whose)?;
        if kept > size {
            return Err(format!("{whose} has {kept} entries, the export {size}"));
        }
        claimed.entry(kept).or_default().push((root, whose));
    }
    let walk = Walk {
        organisation: header.organisation,
        size,
        claimed,
        frontier: Frontier::default(),
        missing: BTreeSet::new(),
        redacted: BTreeSet::new(),
    };
    walk.roots().map_err(|whose| format!("the empty tree is not the one of {whose}"))?;
    Ok(walk)
}

/// Size and root of a note that the key has signed for its own log.
fn trusted(note: &str, key: &VerifierKey, whose: &str) -> Result<(u64, Hash), String> {
    let signed = SignedCheckpoint::parse(note).map_err(|error| format!("{whose}: {error}"))?;
    signed.verify_with(key).map_err(|error| format!("{whose}: {error}"))?;
    if signed.checkpoint.origin != key.name {
        return Err(format!("{whose} is another log's"));
    }
    Ok((signed.checkpoint.size, signed.checkpoint.root))
}

struct Walk {
    organisation: Uuid,
    size: u64,
    claimed: BTreeMap<u64, Vec<(Hash, &'static str)>>,
    frontier: Frontier,
    /// Entries without the detail that their leaf binds.
    missing: BTreeSet<Uuid>,
    /// Entries whose detail a redaction has erased.
    redacted: BTreeSet<Uuid>,
}

impl Walk {
    fn take(&mut self, text: &str, report: &mut Report) -> Result<(), Fault> {
        let position = self.frontier.size();
        let fault = |entry: Option<Uuid>, what: String| Fault { position: Some(position), entry, what };
        let line: Line = serde_json::from_str(text).map_err(|error| fault(None, error.to_string()))?;
        let leaf = Leaf::parse(line.leaf.as_bytes()).map_err(|error| fault(None, error.to_string()))?;
        let here = |what: String| fault(Some(leaf.entry), what);
        if line.position != position {
            return Err(here(format!("the line says position {}", line.position)));
        }
        if leaf.org != self.organisation {
            return Err(here("belongs to another organisation".to_owned()));
        }
        let matched = detail_is_bound(&line, &leaf).map_err(here)?;
        self.frontier.append(leaf_hash(line.leaf.as_bytes()));
        let led = self.roots();
        led.map_err(|whose| here(format!("the entries up to here do not lead to the root of {whose}")))?;
        report.entries += 1;
        report.details += u64::from(matched);
        if !matched && leaf.detail.is_some() {
            self.missing.insert(leaf.entry);
        }
        if matched {
            self.redacted.extend(line.detail.iter().flat_map(|detail| redacted_by(&leaf.action, detail)));
        }
        Ok(())
    }

    /// Whether the tree so far is the one that every checkpoint of this size claims; else whose it is not.
    fn roots(&self) -> Result<(), &'static str> {
        let claims = self.claimed.get(&self.frontier.size()).into_iter().flatten();
        claims.copied().find(|(root, _)| *root != self.frontier.root()).map_or(Ok(()), |(_, whose)| Err(whose))
    }

    fn end(&self) -> Result<(), Fault> {
        let there = self.frontier.size();
        if there == self.size {
            return Ok(());
        }
        let what = format!("{there} entries are there, {} were signed", self.size);
        Err(Fault { position: Some(there.min(self.size)), entry: None, what })
    }
}

/// The entries whose details went with an approved redaction, as its own detail names them: their absence is lawful.
pub fn redacted_by<'a>(action: &str, detail: &'a Value) -> impl Iterator<Item = Uuid> + use<'a> {
    let erased = if action == "redaction.approved" { detail["state"]["stage"]["erased"].as_array() } else { None };
    erased.into_iter().flatten().filter_map(|entry| Uuid::try_parse(entry.as_str()?).ok())
}

/// Whether the line holds its detail, which must then be the one that the leaf binds.
fn detail_is_bound(line: &Line, leaf: &Leaf) -> Result<bool, String> {
    let (detail, salt) = match (&line.detail, &line.detail_salt) {
        (Some(detail), Some(salt)) => (detail, salt),
        (None, None) => return Ok(false),
        (Some(_), None) | (None, Some(_)) => return Err("a detail and its salt come together".to_owned()),
    };
    let salt = hex::decode(salt).ok().and_then(|salt| <[u8; 16]>::try_from(salt).ok());
    let hash = salt.and_then(|salt| detail_hash(&salt, detail).ok());
    if hash.is_some() && hash == leaf.detail {
        return Ok(true);
    }
    Err("the detail does not match its leaf".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::Checkpoint;
    use super::super::leaf::tests::sample;
    use super::*;
    use ed25519_dalek::SigningKey;
    use serde_json::json;

    const SALT: [u8; 16] = [5; 16];

    fn signing() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    fn key() -> VerifierKey {
        VerifierKey { name: "isms.example/1".into(), key: signing().verifying_key() }
    }

    fn note(size: u64, root: Hash) -> String {
        Checkpoint { origin: key().name, size, root }.sign(&signing()).unwrap()
    }

    /// An export of `size` entries, and the checkpoint of each size on the way.
    fn export(size: u64) -> (Vec<String>, Vec<String>) {
        let (mut frontier, mut lines) = (Frontier::default(), Vec::new());
        let mut notes = vec![note(0, frontier.root())];
        for position in 0..size {
            let detail = json!({ "reason": null, "state": { "n": position } });
            let leaf = Leaf { detail: Some(detail_hash(&SALT, &detail).unwrap()), ..sample(position.into()) };
            let leaf = leaf.canonical_bytes().unwrap();
            frontier.append(leaf_hash(&leaf));
            notes.push(note(position + 1, frontier.root()));
            let (leaf, salt) = (String::from_utf8(leaf).unwrap(), hex::encode(SALT));
            let line = json!({ "position": position, "leaf": leaf, "detail": detail, "detail_salt": salt });
            lines.push(line.to_string());
        }
        let checkpoint = notes.last();
        let header = json!({ "format": FORMAT, "organisation": sample(0).org, "checkpoint": checkpoint });
        lines.insert(0, header.to_string());
        (lines, notes)
    }

    fn verify(lines: &[String], earlier: Option<&str>) -> Report {
        verify_export(lines.iter().map(String::as_str), &key(), earlier)
    }

    #[test]
    fn what_was_signed_is_clean_against_every_earlier_checkpoint() {
        let (lines, notes) = export(9);
        assert_eq!(verify(&lines, None), Report { entries: 9, details: 9, redacted: 0, withheld: 0, fault: None });
        for note in &notes {
            assert!(verify(&lines, Some(note)).is_clean(), "{note}");
        }
        assert!(verify(&export(0).0, None).is_clean());
    }

    #[test]
    fn the_first_fault_is_named_with_its_position_and_entry() {
        let (lines, _) = export(9);
        let at = |change: &dyn Fn(&mut Vec<String>)| {
            let mut lines = lines.clone();
            change(&mut lines);
            let fault = verify(&lines, None).fault.unwrap();
            (fault.position, fault.entry, fault.what)
        };
        let entry = |n: u128| Some(Uuid::from_u128(1000 + n));
        let told = "the detail does not match its leaf";
        let (position, named, what) = at(&|lines| lines[5] = lines[5].replace("\"n\":4", "\"n\":44"));
        assert_eq!((position, named, what.as_str()), (Some(4), entry(4), told));
        let (position, named, what) = at(&|lines| lines.swap(3, 4));
        assert_eq!((position, named, what.as_str()), (Some(2), entry(3), "the line says position 3"));
        let (position, named, _) = at(&|lines| lines[2] = lines[2].replace("action.closed", "action.opened"));
        assert_eq!((position, named), (Some(8), entry(8)), "where the root is compared");
        let (position, _, what) = at(&|lines| drop(lines.pop()));
        assert_eq!((position, what.as_str()), (Some(8), "8 entries are there, 9 were signed"));
        let (position, _, _) = at(&|lines| lines[1] = "{".to_owned());
        assert_eq!(position, Some(0));
        let (position, _, _) = at(&|lines| lines[0] = lines[0].replace("journal/1", "journal/2"));
        assert_eq!(position, None);
    }

    #[test]
    fn an_earlier_checkpoint_finds_what_was_signed_anew() {
        let (lines, notes) = export(6);
        let fork = note(4, Hash([1; 32]));
        let fault = verify(&lines, Some(&fork)).fault.unwrap();
        assert_eq!((fault.position, fault.entry), (Some(3), Some(Uuid::from_u128(1003))));
        assert!(verify(&lines, Some(&note(7, Hash([1; 32])))).fault.unwrap().what.contains("7 entries"));
        assert!(!verify(&lines, Some(&note(0, Hash([1; 32])))).is_clean());
        let forged = notes[4].replace("isms", "ibms");
        assert!(!verify(&lines, Some(&forged)).is_clean());
        let stranger = VerifierKey { key: SigningKey::from_bytes(&[4; 32]).verifying_key(), ..key() };
        assert!(!verify_export(lines.iter().map(String::as_str), &stranger, None).is_clean());
    }

    #[test]
    fn a_withheld_detail_is_counted_and_half_of_one_refused() {
        let (mut lines, _) = export(3);
        let mut line: Value = serde_json::from_str(&lines[2]).unwrap();
        line["detail"] = Value::Null;
        lines[2] = line.to_string();
        assert_eq!(verify(&lines, None).fault.unwrap().position, Some(1), "a salt alone");
        line["detail_salt"] = Value::Null;
        lines[2] = line.to_string();
        assert_eq!(verify(&lines, None), Report { entries: 3, details: 2, redacted: 0, withheld: 1, fault: None });
    }

    #[test]
    fn only_an_approved_redaction_says_what_has_gone() {
        let erased = json!([Uuid::from_u128(7), Uuid::from_u128(8)]);
        let detail = json!({ "reason": "a law", "state": { "stage": { "name": "carried_out", "erased": erased } } });
        let named = |action: &str, detail: &Value| redacted_by(action, detail).collect::<Vec<_>>();
        assert_eq!(named("redaction.approved", &detail), [Uuid::from_u128(7), Uuid::from_u128(8)]);
        assert!(named("redaction.requested", &detail).is_empty() && named("comment.attached", &detail).is_empty());
        assert!(named("redaction.approved", &json!({ "state": { "stage": { "erased": "all" } } })).is_empty());
    }
}
