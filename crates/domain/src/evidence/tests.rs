use super::*;
use crate::access::{Actor, Role};
use crate::audits::Party;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, person};
use crate::id::{MemberId, RecordId};
use crate::refusal::Refusal;
use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

pub(crate) fn file_of(name: &str, media_type: &str) -> File {
    File {
        name: name.into(),
        media_type: media_type.into(),
        size: 7,
        sha256: "a".repeat(64),
        title: None,
        erased_by: None,
    }
}

fn file() -> File {
    file_of("mail.pst", "application/octet-stream")
}

fn source() -> Source {
    Source {
        url: "https://tickets.example.org/browse/OPS-7?focus=1#comment-3".into(),
        title: "The change was approved in the ticket".into(),
        seen_at: at(),
        seen_sha256: Some("0123456789abcdef".repeat(4)),
    }
}

fn target() -> Target {
    Target { kind: Prefix::Incident, id: RecordId(Uuid::from_u128(9)) }
}

fn attach(body: Exhibit) -> Result<Evidence, Vec<String>> {
    let attached = Evidence::attach(target(), body, &person(1, &[Role::IsmsManager]), birth(Prefix::Evidence));
    attached.map(Change::into_after).map_err(told)
}

fn told(refusal: Refusal) -> Vec<String> {
    match refusal {
        Refusal::Invalid(faults) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
        Refusal::State(reasons) => reasons.into_iter().map(|reason| reason.code).collect(),
        Refusal::Forbidden => vec!["forbidden".to_owned()],
    }
}

/// What was written down before there was anything but files reads back, and is written down as it was.
#[test]
fn a_file_is_written_down_as_it_always_was() {
    let state = json!({
        "name": "mail.pst", "media_type": "application/octet-stream", "size": 7, "sha256": "a".repeat(64), "title": null,
    });
    let read: Exhibit = serde_json::from_value(state.clone()).unwrap();
    assert_eq!(read, file().into());
    assert_eq!(serde_json::to_value(&read).unwrap(), state);
    let erased = File { erased_by: Some("RED-2026-0001".parse().unwrap()), title: Some("x".into()), ..file() };
    let state = serde_json::to_value(Exhibit::from(erased.clone())).unwrap();
    assert_eq!(state["erased_by"], "RED-2026-0001");
    assert_eq!(serde_json::from_value::<Exhibit>(state).unwrap(), erased.into());
}

#[test]
fn what_lies_elsewhere_reads_back() {
    let piece = attach(source().into()).unwrap();
    let state = serde_json::to_value(&piece).unwrap();
    assert_eq!(serde_json::from_value::<Evidence>(state).unwrap(), piece);
    assert_eq!(piece.body.title(), Some("The change was approved in the ticket"));
    assert!(piece.body.file().is_none());
    assert!(erase_content(piece, "RED-2026-0001".parse().unwrap(), at()).is_none(), "there is no file of it");
}

#[test]
fn an_address_leads_somewhere_and_lets_nobody_in() {
    let long = format!("https://example.org/{}", "x".repeat(ADDRESS));
    for (url, code) in [
        ("https://example.org", None),
        ("http://example.org:8080/a/b?c=d#e", None),
        ("https://[2001:db8::1]:443/", None),
        ("https://192.0.2.1/@someone?to=a@b", None),
        ("https://xn--bcher-kva.example/%C3%BC", None),
        ("", Some("malformed")),
        ("example.org", Some("malformed")),
        ("ftp://example.org", Some("malformed")),
        ("javascript:alert(1)", Some("malformed")),
        ("https://", Some("malformed")),
        ("https:///path", Some("malformed")),
        ("https://:443/", Some("malformed")),
        ("https://example.org:port/", Some("malformed")),
        ("https://example.org:99999/", Some("malformed")),
        ("https://[2001:db8::1/", Some("malformed")),
        ("https://[example]/", Some("malformed")),
        ("https://example.org\\@evil.example/", Some("malformed")),
        ("https://b\u{fc}cher.example/", Some("malformed")),
        ("https://example.org/a b", Some("malformed")),
        ("https://example.org/\n", Some("malformed")),
        ("https://ada:secret@example.org/", Some("credentials")),
        ("https://ada@example.org/", Some("credentials")),
        ("https://@example.org/", Some("credentials")),
        (&long, Some("too_long")),
    ] {
        let faults = attach(Source { url: url.into(), ..source() }.into());
        assert_eq!(faults.err(), code.map(|code| vec![format!("/url {code}")]), "{url:?}");
    }
}

#[test]
fn what_was_seen_was_seen() {
    let later = Source { seen_at: at() + TimeDelta::seconds(1), title: " ".into(), ..source() };
    assert_eq!(attach(later.into()).unwrap_err(), ["/title blank", "/seen_at out_of_range"]);
    for hash in ["", "abc", &"A".repeat(64), &"g".repeat(64)] {
        let wrong = Source { seen_sha256: Some(hash.into()), ..source() };
        assert_eq!(attach(wrong.into()).unwrap_err(), ["/seen_sha256 malformed"], "{hash:?}");
    }
    assert!(attach(Source { seen_sha256: None, ..source() }.into()).is_ok());
}

fn member(n: u128) -> Party {
    Party::Member { id: MemberId(Uuid::from_u128(n)) }
}

fn outsider(name: &str) -> Party {
    Party::Outside { name: name.into(), firm: Some("Northlight Forensics".into()) }
}

fn now() -> DateTime<Utc> {
    at() + TimeDelta::hours(1)
}

/// By a member.
pub(crate) fn collection(by: u128) -> Collection {
    Collection { at: at(), by: member(by), how: "Imaged with a write blocker".into() }
}

/// From member to member.
pub(crate) fn transfer(from: u128, to: u128) -> Transfer {
    Transfer { at: at(), from: member(from), to: member(to), why: "To be examined".into() }
}

fn collected(collection: Collection) -> Result<Evidence, Vec<String>> {
    let by = person(1, &[Role::IsmsManager]);
    attach(file().into()).unwrap().record_collection(collection, &by, now()).map(Change::into_after).map_err(told)
}

fn transferred(piece: Evidence, transfer: Transfer) -> Result<Evidence, Vec<String>> {
    let by = person(1, &[Role::IsmsManager]);
    piece.record_transfer(transfer, &by, now()).map(Change::into_after).map_err(told)
}

/// As many entries as there can be.
fn full() -> Evidence {
    let one = collected(collection(4)).unwrap();
    (1..custody::ENTRIES as u128).fold(one, |piece, n| transferred(piece, transfer(3 + n, 4 + n)).unwrap())
}

/// Why evidence is refused.
pub(crate) fn refusals() -> Refusals {
    let by = person(1, &[Role::IsmsManager]);
    let attached = attach(file().into()).unwrap();
    let withdrawn = attached.clone().withdraw("A slip".into(), &by, at()).unwrap().into_after();
    Refusals::of([attached, withdrawn, collected(collection(4)).unwrap(), full()], &[()])
}

#[test]
fn it_goes_from_hand_to_hand() {
    let later = |minutes| at() + TimeDelta::minutes(minutes);
    let by_an_outsider = Collection { by: outsider("Nadia Berg"), ..collection(4) };
    let piece = collected(by_an_outsider).unwrap();
    let piece = transferred(piece, Transfer { from: outsider("Nadia Berg"), ..transfer(4, 4) }).unwrap();
    let piece = transferred(piece, Transfer { at: later(30), ..transfer(4, 5) }).unwrap();
    let back = Transfer { at: later(60), to: outsider("Nadia Berg"), ..transfer(5, 4) };
    let piece = transferred(piece, back).unwrap();
    let times: Vec<_> = piece.body.custody.iter().map(|entry| entry.at).collect();
    assert_eq!(times, [at(), at(), later(30), later(60)]);
    let recorded = &piece.body.custody[0];
    assert_eq!((recorded.recorded_by, recorded.recorded_at), (Some(MemberId(Uuid::from_u128(1))), now()));
    let state = serde_json::to_value(&piece).unwrap();
    assert_eq!(serde_json::from_value::<Evidence>(state).unwrap(), piece);
    let on = Transfer { at: later(60), from: outsider("Nadia Berg"), ..transfer(4, 4) };
    let change = piece.record_transfer(on, &person(1, &[Role::Auditor]), now()).unwrap();
    assert_eq!(change.verb(), "transfer_recorded");
    let elsewhere = attach(source().into()).unwrap();
    let change = elsewhere.record_collection(collection(4), &person(1, &[Role::Auditor]), now()).unwrap();
    assert_eq!(change.verb(), "collection_recorded");
}

#[test]
fn no_link_of_the_chain_is_missing() {
    let one = || collected(Collection { at: at() + TimeDelta::minutes(5), ..collection(4) }).unwrap();
    let after = |minutes, transfer| Transfer { at: at() + TimeDelta::minutes(minutes), ..transfer };
    for (piece, next, told) in [
        (attach(file().into()).unwrap(), transfer(4, 5), "not_collected"),
        (one(), after(6, transfer(5, 6)), "/from not_the_holder"),
        (transferred(one(), after(6, transfer(4, 5))).unwrap(), after(7, transfer(4, 6)), "/from not_the_holder"),
        (one(), after(4, transfer(4, 5)), "/at out_of_range"),
        (one(), after(61, transfer(4, 5)), "/at out_of_range"),
        (one(), after(6, transfer(4, 4)), "/to itself"),
        (one(), Transfer { to: outsider(" "), ..after(6, transfer(4, 5)) }, "/to/name blank"),
        (one(), Transfer { why: " ".into(), ..after(6, transfer(4, 5)) }, "/why blank"),
        (full(), transfer(4, 5), "custody_is_full"),
    ] {
        assert_eq!(transferred(piece, next.clone()).unwrap_err(), [told], "{next:?}");
    }
    for (wrong, told) in [
        (Collection { at: now() + TimeDelta::seconds(1), ..collection(4) }, "/at out_of_range"),
        (Collection { by: outsider(""), ..collection(4) }, "/by/name blank"),
        (Collection { how: "\n".into(), ..collection(4) }, "/how blank"),
    ] {
        assert_eq!(collected(wrong.clone()).unwrap_err(), [told], "{wrong:?}");
    }
    let again = one().record_collection(collection(5), &person(1, &[Role::IsmsManager]), now());
    assert_eq!(told(again.unwrap_err()), ["already_collected"]);
    assert_eq!(full().body.custody.len(), custody::ENTRIES);
}

#[test]
fn who_records_custody_and_of_what() {
    let recorded = |piece: &Evidence, by: &Actor| {
        piece.clone().record_collection(collection(4), by, now()).map(|change| change.verb()).map_err(told)
    };
    let piece = attach(file().into()).unwrap();
    for (by, allowed) in [
        (person(2, &[Role::IsmsManager]), true),
        (person(2, &[Role::Auditor]), true),
        (person(2, &[Role::Management]), true),
        (person(1, &[Role::Member]), true),
        (person(2, &[Role::Member]), false),
        (person(2, &[Role::Admin]), false),
        (person(1, &[Role::ExternalAuditor]), false),
        (machine(&[Permission::ReadRecords]), false),
    ] {
        let expected = if allowed { Ok("collection_recorded") } else { Err(vec!["forbidden".to_owned()]) };
        assert_eq!(recorded(&piece, &by), expected, "{by:?}");
    }
    let by = person(1, &[Role::IsmsManager]);
    let withdrawn = piece.withdraw("Of another matter".into(), &by, at()).unwrap().into_after();
    assert!(!withdrawn.knows(Verb::RecordCollection));
    assert_eq!(recorded(&withdrawn, &by), Err(vec!["wrong_state".to_owned()]));
}
