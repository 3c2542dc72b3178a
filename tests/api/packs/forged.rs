//! Whatever is changed in a pack, its verifier says where.

use super::{key, parsed, records};
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::Command;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

type Members = Vec<(String, Vec<u8>)>;

/// What the offline verifier says of a pack, and whether it is clean.
pub fn verified(pack: &[u8], key: Option<&str>) -> (bool, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pack.zip");
    std::fs::write(&file, pack).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/verify_pack.py");
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script).arg(&file);
    if let Some(key) = key {
        command.arg("--key").arg(key);
    }
    let output = command.output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.success(), !told.contains("NOT CLEAN"), "{told}");
    (output.status.success(), told)
}

fn unpacked(pack: &[u8]) -> Members {
    let mut archive = ZipArchive::new(Cursor::new(pack)).unwrap();
    let count = archive.len();
    let mut members = Vec::new();
    for index in 0..count {
        let mut file = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        members.push((file.name().unwrap().into_owned(), content));
    }
    members
}

/// As packs are: written as they are sent.
fn packed(members: &Members) -> Vec<u8> {
    let mut archive = ZipWriter::new_stream(Vec::new());
    for (path, content) in members {
        archive.start_file(path.as_str(), SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The pack under a manifest that says something else.
fn told_otherwise(pack: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    remade(pack, false, |members| {
        let content = content(members, "manifest.json");
        let mut manifest = parsed(content);
        change(&mut manifest);
        *content = manifest.to_string().into_bytes();
    })
}

/// The pack with other members; with `restated`, under a manifest that says so.
pub fn remade(pack: &[u8], restated: bool, change: impl FnOnce(&mut Members)) -> Vec<u8> {
    let mut members = unpacked(pack);
    change(&mut members);
    if restated {
        let (name, content) = members.pop().unwrap();
        let mut manifest = parsed(&content);
        let told = members.iter().map(|(path, content)| {
            json!({ "path": path, "bytes": content.len(), "sha256": hex::encode(Sha256::digest(content)) })
        });
        manifest["members"] = told.collect();
        for register in manifest["registers"].as_array_mut().unwrap() {
            let path = register["path"].as_str().unwrap();
            let content = members.iter().find(|(of, _)| of == path).map_or(&[][..], |(_, content)| content);
            register["records"] = json!(content.iter().filter(|byte| **byte == b'\n').count());
        }
        members.push((name, manifest.to_string().into_bytes()));
    }
    packed(&members)
}

fn content<'a>(members: &'a mut Members, path: &str) -> &'a mut Vec<u8> {
    &mut members.iter_mut().find(|(of, _)| of == path).unwrap().1
}

fn replace(members: &mut Members, path: &str, from: &str, to: &str) {
    let content = content(members, path);
    let text = String::from_utf8(content.clone()).unwrap();
    assert!(text.contains(from), "{path} does not hold {from}");
    *content = text.replacen(from, to, 1).into_bytes();
}

/// Where the content of each member begins in the archive, and how long it is there.
fn places(pack: &[u8]) -> Vec<(String, usize, usize)> {
    let mut archive = ZipArchive::new(Cursor::new(pack)).unwrap();
    let count = archive.len();
    let mut places = Vec::new();
    for index in 0..count {
        let file = archive.by_index_raw(index).unwrap();
        let (start, length) = (file.data_start().unwrap(), file.compressed_size());
        places.push((file.name().unwrap().into_owned(), start as usize, length as usize));
    }
    places
}

#[tokio::test]
async fn a_flipped_byte_is_named_wherever_it_is() {
    for database in each() {
        let api = Api::start(database).await;
        records(&api).await;
        let pack = api.by(Role::ExternalAuditor).await.get("/v1/packs/audit").await.expect(200).bytes;
        let (is_clean, told) = verified(&pack, Some(&key(&api)));
        assert!(is_clean && told.starts_with("clean: ") && told.contains(" 2 files of evidence\n"), "{told}");
        for (n, (path, start, length)) in places(&pack).into_iter().enumerate() {
            // Behind the end of what is packed there are bits that say nothing: of nothing at all, most of them.
            if length < 16 {
                continue;
            }
            let at = start + [0, length / 3, length / 2][n % 3];
            let mut flipped = pack.clone();
            flipped[at] ^= 1 << (n % 8);
            let (is_clean, told) = verified(&flipped, Some(&key(&api)));
            assert!(!is_clean && told.contains(&format!("NOT CLEAN: {path}: ")), "{path} at {at}: {told}");
        }
        // Nor is there room beside what the members hold: headers, what stands behind them, the directory's end.
        let first = places(&pack)[0].1;
        for at in [0, 4, 10, 12, first - 1, pack.len() - 5, pack.len() - 20] {
            let mut flipped = pack.clone();
            flipped[at] ^= 1;
            assert!(!verified(&flipped, Some(&key(&api))).0, "at {at}");
        }
        for cut in [pack.len() - 1, pack.len() / 2, 0] {
            assert!(!verified(&pack[..cut], Some(&key(&api))).0, "{cut}");
        }
        assert!(!verified(&[&pack[..], b"x"].concat(), Some(&key(&api))).0);
        assert!(!verified(&[b"x", &pack[..]].concat(), Some(&key(&api))).0);
    }
}

#[tokio::test]
async fn what_a_forger_restates_the_journal_contradicts() {
    for database in each() {
        let api = Api::start(database).await;
        let case = records(&api).await;
        let pack = api.by(Role::ExternalAuditor).await.get("/v1/packs/audit").await.expect(200).bytes;
        let (is_clean, told) = verified(&remade(&pack, true, |_| {}), Some(&key(&api)));
        assert!(is_clean, "put together again it is the same: {told}");
        let cases = "registers/nonconformities.ndjson";
        let first = |members: &mut Members, path: &str| -> Value {
            let text = String::from_utf8(content(members, path).clone()).unwrap();
            serde_json::from_str(text.lines().next().unwrap()).unwrap()
        };
        let told_of = |restated: bool, change: &dyn Fn(&mut Members)| {
            let (is_clean, told) = verified(&remade(&pack, restated, |members| change(members)), Some(&key(&api)));
            assert!(!is_clean, "{told}");
            told
        };

        let told = told_of(false, &|members| replace(members, cases, "79 % in week 12", "97 % in week 12"));
        assert!(told.contains(&format!("{cases}: is not what the manifest says")), "{told}");
        let told = told_of(true, &|members| replace(members, cases, "79 % in week 12", "97 % in week 12"));
        assert!(
            told.contains(&format!("{cases}, {case}: `objective_evidence` is not what the journal says")),
            "{told}"
        );
        let told = told_of(true, &|members| replace(members, cases, "\"version\":2", "\"version\":3"));
        assert!(told.contains("says it is version 3"), "{told}");

        let told = told_of(true, &|members| {
            let content = content(members, "journal.ndjson");
            let at = String::from_utf8(content.clone()).unwrap().rfind("79 % in week 12").unwrap();
            content[at] ^= 1;
        });
        assert!(told.contains("NOT CLEAN: journal.ndjson: position ") && told.contains(", entry "), "{told}");

        let told = told_of(false, &|members| members.retain(|(path, _)| path != cases));
        assert!(told.contains(&format!("NOT CLEAN: {cases}: is missing")), "{told}");
        let told = told_of(true, &|members| {
            for path in [cases, "registers/nonconformities.csv"] {
                let text = String::from_utf8(content(members, path).clone()).unwrap();
                let kept = text
                    .split_inclusive('\n')
                    .filter(|line| !line.contains(&format!("{case}\"")) && !line.starts_with(&case));
                *content(members, path) = kept.collect::<String>().into_bytes();
            }
        });
        assert!(told.contains(&format!("NOT CLEAN: {case}: is in no register")), "{told}");
        let told = told_of(true, &|members| {
            let record = first(members, "registers/evidence.ndjson");
            let file = format!("evidence/{}", record["sha256"].as_str().unwrap());
            members.retain(|(path, _)| *path != file);
        });
        assert!(told.contains(": the file of EVD-2026-0001 is not there: it was taken out"), "{told}");
        let told = told_of(true, &|members| members.retain(|(path, _)| path != "journal.ndjson"));
        assert!(told.contains("NOT CLEAN: journal.ndjson: is missing"), "{told}");

        let told = told_of(false, &|members| members.insert(0, ("registers/more.ndjson".into(), b"{}\n".to_vec())));
        assert!(told.contains("NOT CLEAN: registers/more.ndjson: is in no manifest"), "{told}");
        let shown = format!("evidence/{}", hex::encode(Sha256::digest("x")));
        let told = told_of(true, &|members| members.insert(0, (shown.clone(), b"x".to_vec())));
        assert!(told.contains(&format!("NOT CLEAN: {shown}: no piece of evidence shows it")), "{told}");
        for path in ["../evil", "/etc/passwd", "a/../b", "a\\b", "C:x"] {
            let told = told_of(true, &|members| members.insert(0, (path.into(), b"x".to_vec())));
            assert!(told.contains("is no safe path"), "{path}: {told}");
        }
        let told = told_of(true, &|members| {
            let record = first(members, cases).to_string().replace(&case, "NC-2026-0999");
            let mut record: Value = serde_json::from_str(&record).unwrap();
            record["id"] = json!("0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d");
            content(members, cases).extend(format!("{record}\n").bytes());
            content(members, "registers/nonconformities.csv").extend(b"NC-2026-0999,x\r\n");
        });
        assert!(told.contains("NC-2026-0999: the journal in here knows nothing of it"), "{told}");

        let (is_clean, told) = verified(&pack, None);
        assert!(!is_clean && told.contains("cannot be verified without --key"), "{told}");
        let stranger = ratchet_domain::journal::checkpoint::VerifierKey {
            name: format!("ratchet.example/{}", api.ours()),
            key: crate::harness::token_key().verifying_key(),
        };
        assert!(!verified(&pack, Some(&stranger.to_string())).0, "signed by another key");
    }
}

#[tokio::test]
async fn no_register_is_left_out_and_no_check_is_switched_off() {
    for database in each() {
        let api = Api::start(database).await;
        let case = records(&api).await;
        let pack = api.by(Role::ExternalAuditor).await.get("/v1/packs/audit").await.expect(200).bytes;
        let faults = |pack: &[u8]| {
            let (is_clean, told) = verified(pack, Some(&key(&api)));
            assert!(!is_clean, "{told}");
            told
        };
        let (cases, table) = ("registers/nonconformities.ndjson", "registers/nonconformities.csv");
        let unlisted = |manifest: &mut Value| {
            manifest["registers"].as_array_mut().unwrap().retain(|register| register["path"] != cases);
        };
        let is_of_it = |path: &str| path == cases || path == table;

        let told = faults(&told_otherwise(&pack, unlisted));
        assert!(told.contains(&format!("{cases}: belongs to no register")), "{told}");
        let gone = remade(&pack, true, |members| members.retain(|(path, _)| !is_of_it(path)));
        assert!(faults(&gone).contains(&format!("{cases}: is missing")));
        let told = faults(&told_otherwise(&gone, unlisted));
        assert!(told.contains("tells of no register of the kind nonconformity"), "{told}");
        assert!(told.contains(&format!("NOT CLEAN: {case}: is in no register")), "{told}");

        let lacking = remade(&pack, true, |members| {
            for path in [cases, table] {
                let text = String::from_utf8(content(members, path).clone()).unwrap();
                let is_other = |line: &&str| !line.contains(&format!("{case}\"")) && !line.starts_with(&case);
                *content(members, path) = text.split_inclusive('\n').filter(is_other).collect::<String>().into_bytes();
            }
        });
        let today = api.now().date_naive();
        for period in [json!({ "from": null, "to": today }), json!({ "from": today, "to": null })] {
            let told = faults(&told_otherwise(&lacking, |manifest| manifest["period"] = period.clone()));
            assert!(told.contains(&format!("NOT CLEAN: {case}: is in no register")), "{period}: {told}");
        }
        for period in [json!({ "from": null, "to": null }), json!({}), json!(0), json!("never")] {
            faults(&told_otherwise(&pack, |manifest| manifest["period"] = period.clone()));
        }
        let told = faults(&told_otherwise(&pack, |manifest| manifest["concealed"] = json!(["inputs/1.json"])));
        assert!(told.contains("which is no frozen input in here"), "{told}");

        let more = |path: &str| remade(&pack, true, |members| members.insert(0, (path.into(), b"x".to_vec())));
        for path in ["notes/anything.exe", "inputs/1.json", "registers/more.csv", "evidence/x"] {
            let told = faults(&more(path));
            assert!(told.contains(&format!("NOT CLEAN: {path}: ")), "{told}");
        }
        let told = faults(&more("\u{1b}[2Jclean: 83 members"));
        assert!(told.is_ascii() && !told.contains('\u{1b}') && told.contains("\\x1b[2J"), "{told}");
        let told = faults(&remade(&pack, true, |members| {
            content(members, cases).extend([&b"{\"id\": \""[..], &vec![b'x'; (64 << 20) + 1], b"\"}\n"].concat());
        }));
        assert!(told.contains("a line is too long"), "{told}");
    }
}

#[tokio::test]
async fn nothing_is_emptied_and_tables_say_the_same() {
    for database in each() {
        let api = Api::start(database).await;
        let case = records(&api).await;
        let pack = api.by(Role::ExternalAuditor).await.get("/v1/packs/audit").await.expect(200).bytes;
        let faults = |change: &dyn Fn(&mut Members)| {
            let (is_clean, told) = verified(&remade(&pack, true, |members| change(members)), Some(&key(&api)));
            assert!(!is_clean, "{told}");
            told
        };
        let (cases, table) = ("registers/nonconformities.ndjson", "registers/nonconformities.csv");
        let with = |members: &mut Members, member: &str, value: &Value| {
            let text = String::from_utf8(content(members, cases).clone()).unwrap();
            let forged = text.lines().map(|line| {
                let mut record: Value = serde_json::from_str(line).unwrap();
                record[member] = value.clone();
                format!("{record}\n")
            });
            *content(members, cases) = forged.collect::<String>().into_bytes();
        };
        for (member, value) in [
            ("state", json!("closed")),
            ("state", Value::Null),
            ("statement", Value::Null),
            ("objective_evidence", Value::Null),
            ("source", Value::Null),
            ("grade", json!("minor")),
        ] {
            let told = faults(&|members| with(members, member, &value));
            let named = format!("{cases}, {case}: `{member}` is not what the journal says");
            assert!(told.contains(&named), "{member}: {told}");
        }
        let text = String::from_utf8(content(&mut unpacked(&pack), table).clone()).unwrap();
        let (heading, rows) = text.split_once("\r\n").unwrap();
        let row = rows.lines().find(|row| row.starts_with(&case)).unwrap();
        for (column, name) in heading.split(',').enumerate().skip(1) {
            let other = |(at, cell)| if at == column { "FORGED" } else { cell };
            let forged = cells(row).into_iter().enumerate().map(other).collect::<Vec<_>>().join(",");
            let told = faults(&|members| replace(members, table, row, &forged));
            assert!(told.contains(&format!("{table}, {case}: `{name}` is not what {cases} says")), "{name}: {told}");
        }
    }
}

#[tokio::test]
async fn headers_say_what_those_of_packs_say() {
    for database in each() {
        let api = Api::start(database).await;
        let pack = api.by(Role::ExternalAuditor).await.get("/v1/packs/training").await.expect(200).bytes;
        assert!(verified(&pack, None).0);
        let end = pack.len() - 22;
        let directory = usize::try_from(u32::from_le_bytes(pack[end + 16..end + 20].try_into().unwrap())).unwrap();
        // CRC and sizes of the first local header, its extra's length; flags and comment's length of the first of the
        // directory; disks, counts, size and offset at its end.
        let (local, central) = ([6, 14, 18, 22, 28], [8, 30, 32].map(|at| directory + at));
        for at in local.into_iter().chain(central).chain([4, 8, 10, 12, 16].map(|at| end + at)) {
            let mut forged = pack.clone();
            forged[at] ^= 1;
            assert!(!verified(&forged, None).0, "at {at}");
        }
        // A path by another name for programs that know this extra, in an archive that is whole otherwise.
        let name = b"README.txt";
        let other = [&[1][..], &crc32(name).to_le_bytes(), b"../../evil.txt"].concat();
        let extra = [&[0x75, 0x70, other.len() as u8, 0][..], &other].concat();
        let mut forged = pack.clone();
        let place = directory + 46 + name.len();
        assert_eq!(&forged[place - name.len()..place], name);
        forged.splice(place..place, extra.iter().copied());
        forged[directory + 30] = extra.len() as u8;
        let (end, size) = (end + extra.len(), end - directory + extra.len());
        forged[end + 12..end + 16].copy_from_slice(&(size as u32).to_le_bytes());
        let (is_clean, told) = verified(&forged, None);
        assert!(!is_clean && told.contains("README.txt: the directory says more of it than packs do"), "{told}");
    }
}

/// The cells of a line, in their quotes.
fn cells(row: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let parts = row.split(|letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    });
    parts.collect()
}

/// CRC-32, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
