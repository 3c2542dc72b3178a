//! Bytes on the wire: sizes at the limit, lengths that lie, bombs, and paths that mean another one.

use super::evidence::upload;
use super::nonconformities::{raise, report};
use crate::databases::{Database, each};
use crate::harness::{Answer, Api, Caller};
use flate2::Compression;
use flate2::write::GzEncoder;
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use reqwest::Method;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// The largest JSON body and the largest file in these tests.
const LIMIT: usize = 2_000;

async fn start(database: Database) -> Api {
    let settings = Settings {
        body_limit: LIMIT,
        evidence_limit: LIMIT as u64,
        requests_per_minute: 1_000_000,
        ..Settings::default()
    };
    Api::start_with(database, settings).await
}

/// How what was sent ends.
#[derive(Clone, Copy)]
enum End {
    /// The connection stays open: whoever waits for more bytes waits in vain.
    Open,
    /// Nothing more will be sent.
    Closed,
}

/// What comes back for these very bytes; nothing when the connection is closed without a word.
async fn raw(api: &Api, bytes: Vec<u8>, end: End) -> Option<Answer> {
    let address = api.url.trim_start_matches("http://").to_owned();
    let text = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        // A server that has refused already may have stopped reading.
        let _ = stream.write_all(&bytes);
        if let End::Closed = end {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            text.extend_from_slice(&buffer[..read]);
            if is_whole(&text) {
                break;
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    parsed(api, &text.await.unwrap())
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

fn parsed(api: &Api, text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: std::collections::HashMap<String, String> =
        lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
    api.saw_entry(&headers);
    let body = body.to_owned();
    Some(Answer::new(status, headers, body.into_bytes()))
}

fn head(caller: &Caller<'_>, path: &str, headers: &str) -> Vec<u8> {
    let token = caller.token();
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{headers}\r\n")
        .into_bytes()
}

/// The report, with blanks up to this size.
fn padded(size: usize) -> Vec<u8> {
    let mut body = report().to_string().into_bytes();
    body.resize(size, b' ');
    body
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let parts = body.chunks(700).flat_map(|part| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
    parts.chain(*b"0\r\n\r\n").collect()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

const CASES: &str = "/v1/nonconformities";

#[tokio::test]
async fn a_body_has_at_most_what_the_limit_says_however_it_is_sent() {
    for database in each() {
        let api = start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let record = raise(&api).await;
        let file = format!("/v1/evidence?record={record}&name=x");
        for (size, status) in [(LIMIT - 1, 201), (LIMIT, 201), (LIMIT + 1, 413)] {
            for path in [CASES, &file] {
                let body = padded(size);
                let length = format!("Content-Length: {size}\r\n");
                let whole = raw(&api, [head(&manager, path, &length), body.clone()].concat(), End::Open).await.unwrap();
                assert_eq!(whole.status, status, "{path} {size}: {}", whole.text);
                let chunks = [head(&manager, path, "Transfer-Encoding: chunked\r\n"), chunked(&body)].concat();
                let chunks = raw(&api, chunks, End::Open).await.unwrap();
                assert_eq!(chunks.status, status, "{path} {size} in chunks: {}", chunks.text);
            }
            for (encoding, sent) in
                [("gzip", gzip(&padded(size))), ("zstd", zstd::encode_all(&padded(size)[..], 3).unwrap())]
            {
                let request = manager.request(Method::POST, CASES).header("content-encoding", encoding);
                let answer = manager.send(request.header("content-type", "application/json").body(sent)).await;
                assert_eq!(answer.status, status, "{encoding} {size}: {}", answer.text);
            }
        }
        // One for each size and way that fits, and the one that the files are about.
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.body["total"], 2 * 4 + 1);
    }
}

#[tokio::test]
async fn a_length_that_lies_is_answered_at_once_and_writes_nothing() {
    for database in each() {
        let api = start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let record = raise(&api).await;
        let file = format!("/v1/evidence?record={record}&name=x");
        let body = report().to_string().into_bytes();
        for path in [CASES, &file] {
            for (length, sent, end, statuses) in [
                ("18446744073709551615", &body[..0], End::Open, &[413][..]),
                ("18446744073709551616", &body[..0], End::Open, &[400]),
                ("2001", &body[..0], End::Open, &[413]),
                ("-1", &body[..], End::Open, &[400]),
                ("+5", &body[..], End::Open, &[400]),
                ("1e3", &body[..], End::Open, &[400]),
                ("0x10", &body[..], End::Open, &[400]),
                ("1900", &body[..], End::Closed, &[400]),
            ] {
                let began = Instant::now();
                let bytes = [head(&manager, path, &format!("Content-Length: {length}\r\n")), sent.to_vec()].concat();
                let answer = raw(&api, bytes, end).await;
                assert!(began.elapsed() < Duration::from_secs(1), "{path} {length}: {:?}", began.elapsed());
                let status = answer.map(|answer| answer.status);
                // Whoever hangs up early need not be told anything.
                let hung_up = matches!(end, End::Closed) && status.is_none();
                assert!(
                    hung_up || status.is_some_and(|status| statuses.contains(&status)),
                    "{path} {length}: {status:?}"
                );
            }
        }
        // Shorter than the body: what is behind it is no request of its own.
        let short = [head(&manager, CASES, "Content-Length: 5\r\n"), body].concat();
        assert_eq!(raw(&api, short, End::Open).await.unwrap().status, 400);
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.body["total"], 1);
        assert_eq!(manager.get("/v1/evidence?count=true").await.body["total"], 0);
    }
}

#[tokio::test]
async fn a_bomb_is_told_its_limit_before_it_goes_off() {
    for database in each() {
        let api = start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let zeros = vec![b' '; 256 << 20];
        let bombs = [("gzip", gzip(&zeros)), ("zstd", zstd::encode_all(&zeros[..], 1).unwrap())];
        drop(zeros);
        let twice = gzip(&bombs[0].1);
        for (path, media_type) in [(CASES, "application/json"), ("/v1/measurements", "text/csv")] {
            for (encoding, bomb) in &bombs {
                assert!(bomb.len() < 2 << 20);
                let began = Instant::now();
                let request = manager.request(Method::POST, path).header("content-encoding", *encoding);
                let answer = manager.send(request.header("content-type", media_type).body(bomb.clone())).await;
                assert_eq!(answer.status, 413, "{path} {encoding}: {}", answer.text);
                assert!(began.elapsed() < Duration::from_secs(1), "{path} {encoding}: {:?}", began.elapsed());
            }
            for encodings in [
                &["gzip, gzip"][..],
                &["gzip", "gzip"],
                &["gzip", "identity"],
                &["br"],
                &["deflate"],
                &["snappy"],
                &["GZIP;q=1"],
            ] {
                let mut request = manager.request(Method::POST, path).header("content-type", media_type);
                for encoding in encodings {
                    request = request.header("content-encoding", *encoding);
                }
                let answer = manager.send(request.body(twice.clone())).await;
                assert_eq!(answer.status, 415, "{path} {encodings:?}: {}", answer.text);
            }
        }
        let plain = manager.request(Method::POST, CASES).header("content-encoding", "gzip");
        manager.send(plain.json(&report())).await.expect(400);
    }
}

#[tokio::test]
async fn a_path_has_one_spelling() {
    for database in each() {
        let api = start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let reference = raise(&api).await;
        let get = |path: String, token: &str| {
            let bytes = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes();
            raw(&api, bytes, End::Open)
        };
        assert_eq!(get(format!("{CASES}/{reference}"), manager.token()).await.unwrap().status, 200);
        for path in [
            format!("/v1//nonconformities/{reference}"),
            format!("//v1/nonconformities/{reference}"),
            format!("/v1/./nonconformities/{reference}"),
            format!("/v1/me/../nonconformities/{reference}"),
            format!("/v1/nonconformities/{reference}/"),
            format!("/v1/nonconformities/{reference}."),
            format!("/v1/nonconformities/{reference};x=1"),
            format!("/v1/nonconformities/{reference}%00"),
            format!("/v1/nonconformities/{reference}%20"),
            format!("/v1/nonconformities%2f{reference}"),
            format!("/v1/nonconformities%5c{reference}"),
            format!("/V1/nonconformities/{reference}"),
            format!("/v1/Nonconformities/{reference}"),
            format!("/v1/nonconformities/{}", reference.to_lowercase()),
            format!("/v1/nonconformities/{reference}%3fexpand=owner"),
            "/v1/nonconformities/%c0%ae%c0%ae/me".to_owned(),
            "/v1/nonconformities/%2e%2e/me".to_owned(),
        ] {
            for token in [manager.token(), "none"] {
                let answer = get(path.clone(), token).await.unwrap();
                let refused: &[u16] = if token == "none" { &[400, 401, 404] } else { &[400, 404] };
                assert!(refused.contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
            }
        }
    }
}

/// What is sent of a file and then cut off leaves neither a file nor a record.
#[tokio::test]
async fn an_upload_that_is_broken_off_leaves_nothing() {
    for database in each() {
        let api = start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let record = raise(&api).await;
        let path = format!("/v1/evidence?record={record}&name=x");
        for n in 0..200 {
            let (headers, body) = if n % 2 == 0 {
                ("Content-Length: 1000\r\n", vec![b'x'; 500])
            } else {
                ("Transfer-Encoding: chunked\r\n", [&b"1f4\r\n"[..], &[b'x'; 500]].concat())
            };
            let answer = raw(&api, [head(&manager, &path, headers), body].concat(), End::Closed).await;
            assert!(answer.is_none_or(|answer| answer.status == 400), "{n}");
        }
        let began = Instant::now();
        while !super::evidence::files(&api.evidence_directory()).is_empty() {
            assert!(began.elapsed() < Duration::from_secs(2), "a part of an upload is still there");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(manager.get("/v1/evidence?count=true").await.body["total"], 0);
        upload(&manager, &record, "x", "text/plain", "x").await.expect(201);
    }
}
